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

  boxgrpc explain -target localhost:50051 -plaintext -method files.v1.FileService/GetFile -d '{"file_id": "1"}'
  boxgrpc explain -target files.example.com:443 -method files.v1.FileService/GetFile -d @request.json -timeout 5s
  boxgrpc explain -target localhost:50051 -cacert ca.pem -H "authorization: Bearer $T" -method files.v1.FileService/GetFile
  boxgrpc explain -target localhost:50051 -plaintext -descriptors files.binpb -H @secrets.txt -method files.v1.FileService/GetFile
`

func explainFlags(fs *flag.FlagSet) func(invocation) error {
	var d defaults
	var t target
	var format, data, trailer string
	choose(fs, &d.upstream, "upstream", "box", "`upstream` whose answer it is", upstreamNames()...)
	fs.StringVar(&d.method, "method", "GET", "`method` of the request that was answered; with -target the RPC to make, pkg.Service/Method")
	choose(fs, &d.lang, "lang", "", "`language` that the caller asks for", "en", "ja")
	choose(fs, &format, "o", "text", "output `format`", "text", "json")
	lines := fs.Bool("jsonl", false, "read one JSON object a line, write one a line; -upstream and -method\nare for lines that name none")
	fs.StringVar(&trailer, trailerFlag, "", "explain what a caller found in this trailer, in `base64`")
	t.define(fs)
	fs.StringVar(&data, "d", "{}", "the request as `JSON`, for client streams several after each other; @FILE reads a file,\n@- standard input")
	return func(i invocation) error {
		if err := compatible(i, *lines, format); err != nil {
			return err
		}
		switch {
		case i.given["target"]:
			return explainTarget(&t, d, data, format, i)
		case i.given[trailerFlag]:
			return explainTrailer(trailer, format, i.out)
		}
		d.method = strings.ToUpper(d.method) // methods are case-sensitive, people are not
		return explainInput(d, format, *lines, i)
	}
}

// explainTarget is explain with -target.
func explainTarget(t *target, d defaults, data, format string, i invocation) error {
	if err := t.check(i.given); err != nil {
		return err
	}
	if !i.given["method"] {
		d.method = "" // the default is a method of HTTP
	}
	return explainRPC(t, d.method, data, d.lang, format, i.in, i.out)
}

// explainInput reads answers of HTTP.
func explainInput(d defaults, format string, lines bool, i invocation) error {
	f, err := open(i.args, i.in)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	if lines {
		return explainLines(f, i.out, d)
	}
	return explainAnswer(f, i.out, d, format)
}

// defaults are what the flags say of an answer.
type defaults struct {
	upstream, method, lang string
}

const trailerFlag = "status-details-bin"

// compatible refuses what would otherwise be ignored without a word.
func compatible(i invocation, lines bool, format string) error {
	switch {
	case i.given["target"]:
		return alone(i, "target", ", which is asked itself", "jsonl", "upstream", trailerFlag)
	case i.given["d"], i.given["descriptors"]:
		return usagef("-d and -descriptors are for the RPC to make: give -target too")
	case i.given[trailerFlag]:
		return alone(i, trailerFlag, ", which is all that a caller has", append(targetFlags, "jsonl", "upstream", "method", "lang")...)
	case lines && i.given["o"] && format != "json":
		return usagef("-o %s does not go with -jsonl, which writes JSON", format)
	}
	return (&target{timeout: defaultTimeout}).check(i.given)
}

// alone refuses other flags, and a file, beside one flag.
func alone(i invocation, name, why string, others ...string) error {
	for _, other := range others {
		if i.given[other] {
			return usagef("-%s does not go with -%s%s", other, name, why)
		}
	}
	if len(i.args) > 0 {
		return usagef("-%s does not go with the file %q", name, i.args[0])
	}
	return nil
}

// open opens the file that is named, or takes standard input without a name or
// for "-".
func open(files []string, in io.Reader) (io.ReadCloser, error) {
	if len(files) == 0 || files[0] == "-" {
		return io.NopCloser(in), nil
	}
	f, err := os.Open(files[0])
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
