// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

const explainExamples = `  curl -si -H "Authorization: Bearer $T" https://api.box.com/2.0/folders/1 | boxgrpc explain
  boxgrpc explain -method POST -o json answer.txt
  boxgrpc explain -jsonl < answers.jsonl
  boxgrpc explain -status-details-bin CAgSBW5vcGUu
`

func explain(args []string, in io.Reader, out io.Writer) error {
	fs := flagSet("explain [flags] [FILE]", explainExamples, out)
	upstream := fs.String("upstream", "box", "whose answer it is: box or http")
	method := fs.String("method", "GET", "method of the `request` that was answered")
	format := fs.String("o", "text", "output `format`: text or json")
	lines := fs.Bool("jsonl", false, "read one JSON object a line, write one a line")
	details := fs.String("status-details-bin", "", "explain what a caller found in this trailer, in `base64`")
	if err := parse(fs, args, 1); err != nil {
		return err
	}
	if err := errors.Join(oneOf("o", *format, "text", "json"), oneOf("upstream", *upstream, upstreamNames()...)); err != nil {
		return errUsage{err}
	}
	if *details != "" {
		return explainTrailer(*details, *format, out)
	}
	if fs.NArg() == 1 {
		f, err := os.Open(fs.Arg(0))
		if err != nil {
			return errUsage{err}
		}
		defer f.Close() //nolint:errcheck // read only
		in = f
	}
	if *lines {
		return explainLines(in, out, *upstream)
	}
	a, err := readAnswer(in)
	if err != nil {
		return errUsage{err}
	}
	a.Method = *method
	t := upstreams[*upstream]
	return print(out, *format, answered(t, a), t.Translate(a))
}

// explainTrailer shows what a caller has, without the answer that led to it.
func explainTrailer(text, format string, out io.Writer) error {
	raw, err := decodeBase64(text)
	if err != nil {
		return errUsage{fmt.Errorf("-status-details-bin: %w", err)}
	}
	st := &spb.Status{}
	if err := proto.Unmarshal(raw, st); err != nil {
		return errUsage{errors.New("-status-details-bin: the bytes are no google.rpc.Status")}
	}
	err = status.FromProto(st).Err()
	return print(out, format, record{}, err)
}

// decodeBase64 takes either alphabet, with or without padding: gRPC libraries
// differ.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "", " ", "").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errors.New("not base64")
	}
	return raw, nil
}

// print shows one error in the chosen format.
func print(out io.Writer, format string, r record, err error) error {
	r = r.with(err)
	if format == "json" {
		return writeJSON(out, r)
	}
	e, _ := translate.FromError(err)
	_, werr := io.WriteString(out, r.text(e))
	return werr
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
