// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/translate"
)

const explainExamples = `  curl -si -H "Authorization: Bearer $T" https://api.box.com/2.0/folders/1 | boxgrpc explain
  boxgrpc explain -method POST -o json answer.txt
  boxgrpc explain -upstream http -lang ja answer.txt
  boxgrpc explain -jsonl < answers.jsonl
  boxgrpc explain -status-details-bin CAgSBW5vcGUu
`

func explain(args []string, in io.Reader, out io.Writer) error {
	fs := flagSet("explain [flags] [FILE]", explainExamples, out)
	var d defaults
	fs.StringVar(&d.upstream, "upstream", "box", "`upstream` whose answer it is: "+strings.Join(upstreamNames(), ", "))
	fs.StringVar(&d.method, "method", "GET", "`method` of the request that was answered")
	fs.StringVar(&d.lang, "lang", "", "`language` that the caller asks for: en or ja (default none)")
	format := fs.String("o", "text", "output `format`: text or json")
	lines := fs.Bool("jsonl", false, "read one JSON object a line, write one a line; -upstream and -method\nare for lines that name none")
	trailer := fs.String(trailerFlag, "", "explain what a caller found in this trailer, in `base64`")
	files, err := parse(fs, args, 1)
	if err != nil {
		return err
	}
	if err := oneOf("o", *format, "text", "json"); err != nil {
		return err
	}
	if err := d.check(fs); err != nil {
		return err
	}
	if err := compatible(fs, *lines, *format, files); err != nil {
		return err
	}
	if given(fs)[trailerFlag] {
		return explainTrailer(*trailer, *format, out)
	}
	f, err := open(files, in)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	if *lines {
		return explainLines(f, out, d)
	}
	return explainAnswer(f, out, d, *format)
}

// defaults are what the flags say of an answer.
type defaults struct {
	upstream, method, lang string
}

func (d *defaults) check(fs *flag.FlagSet) error {
	d.method = strings.ToUpper(d.method) // methods are case-sensitive, people are not
	if given(fs)["lang"] {
		if err := oneOf("lang", d.lang, "en", "ja"); err != nil {
			return err
		}
	}
	return oneOf("upstream", d.upstream, upstreamNames()...)
}

const trailerFlag = "status-details-bin"

// compatible refuses what would otherwise be ignored without a word.
func compatible(fs *flag.FlagSet, lines bool, format string, files []string) error {
	set := given(fs)
	if set[trailerFlag] {
		for _, name := range []string{"jsonl", "upstream", "method", "lang"} {
			if set[name] {
				return usagef("-%s does not go with -%s, which is all that a caller has", name, trailerFlag)
			}
		}
		if len(files) > 0 {
			return usagef("-%s does not go with the file %q", trailerFlag, files[0])
		}
	}
	if lines && set["o"] && format != "json" {
		return usagef("-o %s does not go with -jsonl, which writes JSON", format)
	}
	return nil
}

// open opens the file that is named, or takes standard input without a name or
// for "-".
func open(files []string, in io.Reader) (io.ReadCloser, error) {
	if len(files) == 0 || files[0] == "-" {
		return io.NopCloser(in), nil
	}
	f, err := os.Open(files[0]) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, usagef("%v", err)
	}
	return f, nil
}

func explainAnswer(in io.Reader, out io.Writer, d defaults, format string) error {
	a, err := readAnswer(in)
	if err != nil {
		return err
	}
	a.Method = d.method
	return show(out, format, answerRecord(upstreams[d.upstream], a, d.lang))
}

// answerRecord is what a caller who asks for a language gets to see of an answer.
func answerRecord(t *translate.Translator, a translate.Answer, lang string) record {
	e, failed := translate.FromError(t.Translate(a))
	if !failed {
		r := newRecord(status.New(codes.OK, ""), nil)
		r.RequestID = t.RequestID(a.Header) // of use for a success too
		return r
	}
	e = e.WithLanguage(lang)
	return newRecord(e.GRPCStatus(), e)
}

// show writes a record in the chosen format.
func show(out io.Writer, format string, r record) error {
	if format == "json" {
		return writeJSON(out, r)
	}
	_, err := io.WriteString(out, r.text())
	return err
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
