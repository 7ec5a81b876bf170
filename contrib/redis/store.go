// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

//go:embed gate.lua
var script string

// A store is Redis. All names have the same hash tag, for the script touches two keys.
type store struct {
	client  redis.UniversalClient
	addrs   string
	keys    string // what the name of a key begins with
	index   string // the sorted set of keys
	channel string
	sha     string // of the script
}

func newStore(opts *redis.UniversalOptions, prefix string, hooks []redis.Hook) *store {
	o := *opts
	o.ContextTimeoutEnabled = true // the budget is a deadline
	o.MaxRetries = -1              // a number that is drawn twice is lost, and late
	o.DialerRetries = 1
	o.PipelinePoolSize = -1  // one connection does it all, and it is open by the first call
	o.DisableIdentity = true // a trip that Redis before 7.2 answers with an error
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	tag := "{" + prefix + ":gate:1}:" // 1 is the version of what is kept
	addrs := strings.Join(o.Addrs, ", ")
	if addrs == "" {
		addrs = "127.0.0.1:6379" // where go-redis looks then
	}
	s := &store{
		client: redis.NewUniversalClient(&o), addrs: addrs,
		keys: tag + "key:", index: tag + "keys", channel: tag + "news",
	}
	for _, h := range hooks {
		s.client.AddHook(h)
	}
	return s
}

func (s *store) close() error { return s.client.Close() }

// subscribe returns when Redis has confirmed it.
func (s *store) subscribe(ctx context.Context) (*redis.PubSub, error) {
	sub := s.client.Subscribe(ctx, s.channel)
	if _, err := sub.ReceiveTimeout(ctx, time.Second); err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return sub, nil
}

// load makes the script known. After a restart Redis knows it no longer, which is how the
// gate learns of that.
func (s *store) load(ctx context.Context) (err error) {
	s.sha, err = s.client.ScriptLoad(ctx, script).Result()
	return err
}

// call makes all calls of the script in one trip.
func (s *store) call(ctx context.Context, asks []*ask) ([][]string, error) {
	cmds, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, a := range asks {
			id, _ := a.args[0].(string)
			p.EvalSha(ctx, s.sha, []string{s.keys + id, s.index}, append([]any{s.channel}, a.args...)...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([][]string, len(cmds))
	for i, cmd := range cmds {
		c, ok := cmd.(*redis.Cmd)
		if !ok {
			return nil, fmt.Errorf("redisgate: the answer of a script is a %T", cmd)
		}
		if all[i], err = c.StringSlice(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// page returns ids of keys that are held back, from the n-th on.
func (s *store) page(ctx context.Context, n, size int) ([]string, error) {
	return s.client.ZRange(ctx, s.index, int64(n), int64(n+size-1)).Result()
}

// ping tells whether Redis answers within the budget.
func (s *store) ping(ctx context.Context, budget time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	return s.client.Ping(ctx).Err()
}

// checkAddrs finds an URL where an address belongs. It may hold a password, which would be
// in every error.
func checkAddrs(addrs []string) error {
	for i, a := range addrs {
		if strings.Contains(a, "://") || strings.Contains(a, "@") {
			return fmt.Errorf("redisgate: Addrs[%d] is a URL; give host:port, and user and password in their own fields", i)
		}
	}
	return nil
}
