// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"slices"
	"strings"
)

// parse parses flags, which may stand before and after the arguments, and returns
// the arguments: at most so many.
func parse(fs *flag.FlagSet, args []string, most int, help func() error) ([]string, error) {
	var rest []string
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			if werr := help(); werr != nil {
				return nil, werr
			}
			return nil, err
		case err != nil:
			return nil, mistake(err)
		case fs.NArg() == 0:
			return rest, chosen(fs)
		case fs.Lookup("H") != nil && metadataLike(fs.Arg(0)):
			return nil, usagef(`an argument that reads "name: value": put -H in front of it, or ./ if it is a file`)
		case len(rest) == most:
			return nil, usagef("unexpected argument %.40q", fs.Arg(0))
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

// metadataLike tells whether an argument is what -H takes, and so may be a secret, which is
// not repeated in messages.
func metadataLike(arg string) bool {
	name, _, found := strings.Cut(arg, ": ")
	return found && !strings.Contains(name, "/")
}

// mistake is what package flag says of one. It repeats a flag that it does not know, and
// what is glued to -H, as curl allows, may be a secret.
func mistake(err error) error {
	if strings.HasPrefix(err.Error(), "flag provided but not defined: -H") {
		return usagef(`-H: put a space behind it: -H "name: value"`)
	}
	return usagef("%v", err)
}

// given are the flags that stand on the command line.
func given(fs *flag.FlagSet) map[string]bool {
	set := make(map[string]bool)
	fs.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return set
}

// A choice is a flag that takes one of a few words. Which, is checked after all flags
// are read: package flag would wrap the mistake in words of its own.
type choice struct {
	value   *string
	allowed []string
}

// choose adds a flag with such a value.
func choose(fs *flag.FlagSet, to *string, name, value, help string, allowed ...string) {
	*to = value
	fs.Var(choice{to, allowed}, name, help+": "+orList(allowed))
}

func (c choice) Set(value string) error {
	*c.value = value
	return nil
}

func (c choice) String() string {
	if c.value == nil { // flag makes one to learn what the zero value looks like
		return ""
	}
	return *c.value
}

// chosen checks the flags that are given.
func chosen(fs *flag.FlagSet) error {
	var err error
	fs.Visit(func(f *flag.Flag) {
		if c, ok := f.Value.(choice); ok && err == nil {
			err = oneOf("-"+f.Name, *c.value, c.allowed...)
		}
	})
	return err
}

// oneOf checks the value of a flag.
func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usagef("%s %.40q: give one of %s", name, value, strings.Join(allowed, ", "))
}

func orList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// A list is a flag that may be given several times. It takes any text: package flag
// repeats what it refuses, and this may be a secret.
type list []string

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func (l *list) String() string { return "" }

// A file is a flag that names one. Completion offers names of files for it.
type file string

func (f *file) Set(name string) error {
	*f = file(name)
	return nil
}

func (f *file) String() string { return string(*f) }
