// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// An ask is one call of the script: what an entry has to report, and the numbers that it
// wants.
type ask struct {
	entry   *entry
	waiters []*waiter // who want a number
	oldest  time.Duration
	report  report
	args    []any
}

// ask takes down what Redis is to be told and asked.
func (e *entry) ask() *ask {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queued = false
	e.advance()
	a := e.reported()
	if len(e.queue) > len(e.numbers) {
		a.waiters = slices.Clone(e.queue[len(e.numbers):])
		a.oldest = a.waiters[0].came
	}
	for _, w := range a.waiters {
		longest := max(w.limit-1-e.at, 0) // who may not wait at all may wait for the answer
		a.args = append(a.args, strconv.FormatInt(longest.Microseconds(), 10))
	}
	return a
}

// recall is what a Redis that is back is told: what it may have forgotten, and that the
// key is closed for as long as the replica knows.
func (e *entry) recall() *ask {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	e.remind()
	return e.reported()
}

// reported is an ask with the report, which is empty then. It needs the lock.
func (e *entry) reported() *ask {
	r, wait := e.report, ""
	if r.throttled {
		us := int64(-1)
		if r.wait >= 0 {
			us = max(0, (r.wait - (e.at - r.at)).Microseconds())
		}
		wait = strconv.FormatInt(us, 10)
	}
	news := "0"
	if r.news {
		news = "1"
	}
	e.report, e.telling = report{}, r.throttled
	args := []any{e.id, strconv.FormatFloat(r.seen, 'f', -1, 64), r.passed, wait, news, r.owed, e.state.String()}
	return &ask{entry: e, oldest: e.at, report: r, args: args}
}

// unanswered has the report sent again, and those who have waited long enough take
// numbers without asking. Redis may have heard it: then it is no news the second time.
func (e *entry) unanswered(a *ask) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	next := e.report
	e.report, e.telling = a.report, false
	e.report.add(next)
	e.draw()
	e.gate.call(e)
}

// answer takes in what Redis says; with force also if it knows less than the replica.
func (e *entry) answer(a *ask, words []string, force bool) error {
	if len(words) != len(a.waiters)+1 {
		return fmt.Errorf("redisgate: the script answers with %d words, want %d", len(words), len(a.waiters)+1)
	}
	s, err := parse(words[0])
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	if force || s.born != e.state.born {
		e.moveTo(s) // before there are numbers that Redis has just given
	}
	for i, w := range a.waiters {
		number, err := strconv.ParseFloat(words[i+1], 64)
		if err != nil {
			return fmt.Errorf("redisgate: number: %w", err)
		}
		if number >= 0 {
			e.numbers = append(e.numbers, number)
			continue
		}
		e.dismiss(w, duration(-number))
	}
	e.telling = false
	e.take(s)
	e.want()
	return nil
}
