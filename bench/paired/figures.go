// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package paired

import (
	"fmt"
	"math"
	"slices"
)

// Figures are what the rounds of a Plan gave. Its methods name cases, and panic where
// there is no such case.
type Figures struct {
	names []string
	ns    [][]float64 // of one operation, by case and round
}

// An Estimate is a median and the bounds between which it lies in 95 of 100 runs.
type Estimate struct {
	Median, Low, High float64
}

// Ratio is the time of one case in terms of another.
func (f *Figures) Ratio(of, to string) Estimate {
	a, b := f.of(of), f.of(to)
	return f.estimate(func(r int) float64 { return a[r] / b[r] })
}

// Excess is what one case takes on top of a floor, in terms of what another one takes on
// top of its own.
func (f *Figures) Excess(of, floor, to, itsFloor string) Estimate {
	a, b, c, d := f.of(of), f.of(floor), f.of(to), f.of(itsFloor)
	return f.estimate(func(r int) float64 { return (a[r] - b[r]) / (c[r] - d[r]) })
}

// Difference is by how many nanoseconds an operation of one case takes longer.
func (f *Figures) Difference(of, to string) Estimate {
	a, b := f.of(of), f.of(to)
	return f.estimate(func(r int) float64 { return a[r] - b[r] })
}

// Speed is how many operations one case does while another does one.
func (f *Figures) Speed(of, to string) Estimate { return f.Ratio(to, of) }

// Time is the nanoseconds of one operation, which another run need not repeat.
func (f *Figures) Time(of string) Estimate {
	a := f.of(of)
	return f.estimate(func(r int) float64 { return a[r] })
}

// Noise is the ratio of the base to itself: 1 on a quiet machine.
func (f *Figures) Noise() Estimate { return f.Ratio(aa, f.names[0]) }

func (f *Figures) of(name string) []float64 {
	i := slices.Index(f.names, name)
	if i < 0 {
		panic(fmt.Sprintf("paired: no case %q: there are %q", name, f.names))
	}
	return f.ns[i]
}

// estimate takes the bounds from the order of the rounds, so nothing is assumed of how
// they are distributed: the number of rounds below the true median is binomial.
func (f *Figures) estimate(in func(round int) float64) Estimate {
	all := make([]float64, len(f.ns[0]))
	for r := range all {
		all[r] = in(r)
	}
	slices.Sort(all)
	middle, last := len(all)/2, len(all)-1
	off := int(math.Ceil(0.98 * math.Sqrt(float64(len(all)))))
	return Estimate{all[middle], all[max(0, middle-off)], all[min(last, middle+off)]}
}
