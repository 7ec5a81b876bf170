// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"testing"
	"text/template"
)

const pictureFile = "../../docs/storm.svg"

// Sizes of the picture, in its own units.
const (
	pictureWidth = 880
	firstRow     = 112
	rowHeight    = 27
	barHeight    = 15
	firstPanel   = 222
	panelPitch   = 224
	panelWidth   = 164
)

// A panel shows one figure of all rows.
type panel struct {
	Title, Note string
	Ticks       []tick
	Bars        []bar
	X           float64
}

type tick struct {
	X     float64
	Label string
}

type bar struct {
	Y, Width float64
	Label    string
	Ours     bool
}

type line struct {
	Y     float64
	Label string
	Ours  bool
}

type drawing struct {
	Width, Height, Top, Bottom, BarHeight, Divide, Right float64
	Lines                                                []line
	Panels                                               []panel
}

//go:embed testdata/storm.svg.tmpl
var drawingTemplate string

// picture draws the storm of the penalty model.
func picture(t *testing.T, rows []*row) []byte {
	t.Helper()
	lines := slices.DeleteFunc(slices.Clone(shown), func(s showing) bool { return !s.pictured })
	d := blank(len(lines))
	for i, s := range lines {
		y := float64(firstRow + i*rowHeight)
		r := find(t, rows, s.policy)
		if r.Ours && d.Divide == 0 {
			d.Divide = y - (rowHeight-barHeight)/2
		}
		o := r.Models[bucket]
		d.Lines = append(d.Lines, line{y + 12, s.label, r.Ours})
		d.Panels[0].bar(y, max(panelWidth*math.Log10(o.Sent)/2, 2), sentLabel(o.Sent), r.Ours)
		d.Panels[1].bar(y, panelWidth*o.Failed, failedLabel(o.Failed), r.Ours)
		d.Panels[2].bar(y, panelWidth*min(o.Late, 1), fmt.Sprintf("%.0f %%", 100*o.Late), r.Ours)
	}
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(drawingTemplate)).Execute(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// blank has no bars yet.
func blank(lines int) drawing {
	bottom := float64(firstRow + rowHeight*lines)
	d := drawing{
		Width: pictureWidth, Height: bottom + 40, Right: pictureWidth - 16,
		Top: firstRow - 6, Bottom: bottom, BarHeight: barHeight,
		Panels: []panel{
			sentPanel(),
			sharePanel("calls failed", "after up to 10 s"),
			sharePanel("goodput", "second minute, 100 % is the limit"),
		},
	}
	for i := range d.Panels {
		d.Panels[i].X = float64(firstPanel + i*panelPitch)
	}
	return d
}

func find(t *testing.T, rows []*row, policy string) *row {
	t.Helper()
	i := slices.IndexFunc(rows, func(r *row) bool { return r.Policy == policy })
	if i < 0 {
		t.Fatalf("no row %q", policy)
	}
	return rows[i]
}

// sentPanel has a logarithmic scale from 1 to 100: 1 is what cannot be bettered.
func sentPanel() panel {
	p := panel{Title: "requests for each success", Note: "1 is the least; logarithmic"}
	for _, n := range []float64{1, 3, 10, 30, 100} {
		p.Ticks = append(p.Ticks, tick{panelWidth * math.Log10(n) / 2, fmt.Sprint(n)})
	}
	return p
}

func sharePanel(title, note string) panel {
	p := panel{Title: title, Note: note}
	for _, n := range []float64{0, 50, 100} {
		p.Ticks = append(p.Ticks, tick{panelWidth * n / 100, fmt.Sprintf("%.0f %%", n)})
	}
	return p
}

func (p *panel) bar(y, width float64, label string, ours bool) {
	p.Bars = append(p.Bars, bar{y, math.Round(10*max(width, 0)) / 10, label, ours})
}

func sentLabel(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func failedLabel(x float64) string {
	if x == 0 {
		return "none"
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}
