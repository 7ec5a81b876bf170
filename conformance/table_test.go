// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A table has a column for each caller, and one before them for what it should be.
// It is safe for concurrent use.
type table struct {
	title, want string
	columns     []string

	mu    sync.Mutex
	rows  []string
	wants map[string]string
	cells map[[2]string]string
}

func newTable(title, want string, callers []caller) *table {
	t := &table{title: title, want: want, wants: make(map[string]string), cells: make(map[[2]string]string)}
	for _, c := range callers {
		t.columns = append(t.columns, c.name)
	}
	return t
}

// row adds a row, if it is new.
func (t *table) row(name, want string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.rows, name) {
		t.rows = append(t.rows, name)
	}
	t.wants[name] = want
}

func (t *table) set(row, column, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cells[[2]string{row, column}] = value
}

// full tells that no cell was left out, as -run may do.
func (t *table) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rows) > 0 && len(t.cells) == len(t.rows)*len(t.columns)
}

// String is the table in Markdown.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s | %s |\n", t.title, t.want, strings.Join(t.columns, " | "))
	fmt.Fprintf(&b, "| --- | --: |%s\n", strings.Repeat(" --: |", len(t.columns)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s | %s |", row, t.wants[row])
		for _, column := range t.columns {
			fmt.Fprintf(&b, " %s |", t.cells[[2]string{row, column}])
		}
		b.WriteString("\n")
	}
	return b.String()
}
