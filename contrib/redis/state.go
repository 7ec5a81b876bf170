// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A state is what Redis keeps of a key, without the time that it is of: whoever gets it
// counts from when it arrived, which is never too early. gate.lua has the same fields in
// the same order. Times are in microseconds, rates in requests a second.
type state struct {
	seq     float64 // counts the calls of the script
	closing float64 // when it closed last, by the clock of Redis: its number
	rest    float64 // until it opens
	pos     float64 // numbers below it may leave
	tail    float64 // the next number
	rate    float64
	growth  float64
	step    float64
	last    float64
	backoff float64 // of the last 429 that named no wait
	passing float64 // 1 if something was let through since it closed
	most    float64 // the told rate, or 0
	crowd   float64 // how many replicas there are
	born    float64 // when Redis began to keep it, by its clock
}

func (s *state) fields() [14]*float64 {
	return [...]*float64{
		&s.seq, &s.closing, &s.rest, &s.pos, &s.tail, &s.rate,
		&s.growth, &s.step, &s.last, &s.backoff, &s.passing, &s.most, &s.crowd, &s.born,
	}
}

// fresh is the state of a key before its first 429: that of a new pace, which retry
// explains.
func fresh(most float64) state {
	if most > 0 {
		return state{rate: most, most: most, step: 1.0 / 4, last: most}
	}
	return state{rate: 10, growth: 1.5, step: 1, last: 10}
}

// told is the rate of each group that has a limit, 3 % below it: retry says why.
func told(limits []retry.Limit) map[string]float64 {
	const margin = 0.97
	rates := make(map[string]float64, len(limits))
	for _, l := range limits {
		rate := margin * float64(l.Requests) / l.Per.Seconds()
		if slowest, ok := rates[l.Group]; ok {
			rate = min(rate, slowest)
		}
		rates[l.Group] = rate
	}
	return rates
}

// parse reads what the script has written.
func parse(text string) (s state, err error) {
	words, fields := strings.Fields(text), s.fields()
	if len(words) != len(fields) {
		return state{}, fmt.Errorf("redisgate: a state of %d fields, want %d: another version writes under the same prefix", len(words), len(fields))
	}
	for i, w := range words {
		f, err := strconv.ParseFloat(w, 64)
		if err != nil || !(f >= 0 && f <= math.MaxFloat64) {
			return state{}, fmt.Errorf("redisgate: field %d of a state is %.20q, want a number from 0 on", i, w)
		}
		*fields[i] = f
	}
	if s.rate == 0 {
		return state{}, errors.New("redisgate: a state whose rate is 0")
	}
	return s, nil
}

func (s *state) String() string {
	var b strings.Builder
	for i, f := range s.fields() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(*f, 'g', -1, 64))
	}
	return b.String()
}

// advance lets time pass.
func (s *state) advance(d time.Duration) {
	elapsed := micros(d)
	s.pos += s.rate * max(elapsed-s.rest, 0) / 1e6
	s.rest = max(s.rest-elapsed, 0)
}

// turn is when a number may leave, as the pace is now. Redis, which hands them out,
// reckons with its growth.
func (s *state) turn(number float64) time.Duration {
	return duration(s.rest + max(number-s.pos, 0)/s.rate*1e6)
}

// due tells whether a number may leave. Seconds times rate is not exact.
func (s *state) due(number float64) bool { return s.rest == 0 && number <= s.pos+1e-6 }

// stale tells whether a number is from a time that nobody makes up for any more.
func (s *state) stale(number float64) bool { return number < s.pos-s.rate*spare.Seconds() }

// spare is the unused time that is made up for, as in retry.
const spare = 100 * time.Millisecond

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// duration rounds up, and saturates.
func duration(us float64) time.Duration {
	if ns := math.Ceil(us) * float64(time.Microsecond); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}

// later is t+d, where that fits.
func later(t, d time.Duration) time.Duration {
	if d > 0 && t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}
