// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

var shells = []string{"bash", "zsh", "fish"}

const completionExamples = `  source <(boxgrpc completion bash)                                   # in ~/.bashrc
  source <(boxgrpc completion zsh)                                    # in ~/.zshrc, after compinit
  boxgrpc completion fish > ~/.config/fish/completions/boxgrpc.fish
`

func completionFlags(*flag.FlagSet) func(invocation) error {
	return func(i invocation) error {
		if len(i.args) == 0 {
			return usagef("completion of which shell? give one of %s", strings.Join(shells, ", "))
		}
		if err := oneOf("shell", i.args[0], shells...); err != nil {
			return err
		}
		script := map[string]func([]words) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[i.args[0]]
		_, err := io.WriteString(i.out, script(vocabulary()))
		return err
	}
}

// words are what a shell has to know of a command. They are read from the commands
// themselves, so that a new flag is completed without a line here.
type words struct {
	command
	flags []flagWords
}

// flagWords are what a shell has to know of a flag.
type flagWords struct {
	name, about, value string // no value: the flag takes none
	choices            []string
	file               bool
}

func vocabulary() []words {
	var list []words
	for _, c := range commands() {
		w := words{command: c}
		fs, _ := c.flags()
		fs.VisitAll(func(f *flag.Flag) { w.flags = append(w.flags, wordsOf(f)) })
		list = append(list, w)
	}
	return list
}

func wordsOf(f *flag.Flag) flagWords {
	value, about := flag.UnquoteUsage(f)
	about, _, _ = strings.Cut(about, "; ")
	w := flagWords{name: "-" + f.Name, about: strings.ReplaceAll(about, "\n", " "), value: value}
	switch v := f.Value.(type) {
	case choice:
		w.choices = v.allowed
	case *file:
		w.file = true
	}
	return w
}

// names are those of the flags that ok picks.
func (w words) names(ok func(flagWords) bool) []string {
	var names []string
	for _, f := range w.flags {
		if ok(f) {
			names = append(names, f.name)
		}
	}
	return names
}

func bashScript(list []words) string {
	var cases strings.Builder
	var names []string
	for _, w := range list {
		names = append(names, w.name)
		cases.WriteString(w.bash())
	}
	return fmt.Sprintf(`# bash completion of boxgrpc
_boxgrpc() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
	if [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W '%s' -- "$cur"))
		return
	fi
	case ${COMP_WORDS[1]}:$prev in
%s	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _boxgrpc boxgrpc
`, strings.Join(names, " "), cases.String())
}

// bash are the cases of a command: after a flag that takes a value, then everywhere
// else. Where there are no words bash offers files.
func (w words) bash() string {
	var b strings.Builder
	for _, f := range w.flags {
		if len(f.choices) > 0 {
			fmt.Fprintf(&b, "\t%s:%s) words='%s' ;;\n", w.name, f.name, strings.Join(f.choices, " "))
		}
	}
	if free := w.names(func(f flagWords) bool { return f.value != "" && f.choices == nil }); len(free) > 0 {
		fmt.Fprintf(&b, "\t%s:%s) ;;\n", w.name, strings.Join(free, "|"+w.name+":"))
	}
	all := append(w.names(func(flagWords) bool { return true }), "-h")
	fmt.Fprintf(&b, "\t%s:*) words='%s' ;;\n", w.name, strings.Join(append(all, w.words...), " "))
	return b.String()
}

func zshScript(list []words) string {
	var names, cases strings.Builder
	for _, w := range list {
		fmt.Fprintf(&names, "\t\t%s\n", quoted(w.name+":"+w.about))
		fmt.Fprintf(&cases, "\t%s)\n\t\t_arguments '-h[show the flags, and examples]'", w.name)
		for _, f := range w.flags {
			fmt.Fprintf(&cases, " \\\n\t\t\t%s", quoted(f.zsh()))
		}
		if w.most > 0 {
			fmt.Fprintf(&cases, " \\\n\t\t\t%s", quoted("1:"+strings.ToLower(strings.Trim(w.args, "[]"))+":"+zshValues(w.words, true)))
		}
		cases.WriteString(" ;;\n")
	}
	return fmt.Sprintf(`#compdef boxgrpc
_boxgrpc() {
	local -a commands=(
%s	)
	if ((CURRENT == 2)); then
		_describe command commands
		return
	fi
	local command=${words[2]}
	shift words
	((CURRENT--))
	case $command in
%s	esac
}
compdef _boxgrpc boxgrpc
`, names.String(), cases.String())
}

// zsh is a flag as _arguments wants it.
func (f flagWords) zsh() string {
	about := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace(f.about)
	text := "*" + f.name + "[" + about + "]"
	if f.value == "" {
		return text
	}
	return text + ":" + strings.ReplaceAll(f.value, ":", `\:`) + ":" + zshValues(f.choices, f.file)
}

func zshValues(choices []string, files bool) string {
	switch {
	case choices != nil:
		return "(" + strings.Join(choices, " ") + ")"
	case files:
		return "_files"
	}
	return " "
}

func fishScript(list []words) string {
	var b strings.Builder
	b.WriteString("# fish completion of boxgrpc\ncomplete -c boxgrpc -f\n")
	for _, w := range list {
		fmt.Fprintf(&b, "complete -c boxgrpc -n __fish_use_subcommand -a %s -d %s\n", w.name, quoted(w.about))
	}
	for _, w := range list {
		within := fmt.Sprintf("complete -c boxgrpc -n '__fish_seen_subcommand_from %s'", w.name)
		for _, f := range w.flags {
			fmt.Fprintf(&b, "%s -o %s -d %s%s\n", within, f.name[1:], quoted(f.about), f.fish())
		}
		switch {
		case w.words != nil:
			fmt.Fprintf(&b, "%s -a %s\n", within, quoted(strings.Join(w.words, " ")))
		case w.most > 0:
			fmt.Fprintf(&b, "%s -F\n", within)
		}
	}
	return b.String()
}

// fish says what a flag's value is: -x one that is not a file, -r -F a file.
func (f flagWords) fish() string {
	switch {
	case f.choices != nil:
		return " -x -a " + quoted(strings.Join(f.choices, " "))
	case f.file:
		return " -r -F"
	case f.value != "":
		return " -x"
	}
	return ""
}

// quoted is a word for any of the shells. A quotation mark in it would end it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "’") + "'" }
