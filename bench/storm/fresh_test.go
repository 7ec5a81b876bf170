// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"testing"
)

// A picture that somebody has touched by hand, or that is older than the figures, would
// say what nobody has measured.
func TestPictureIsFresh(t *testing.T) {
	got, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, picture(t, load(t))) {
		t.Errorf("%s is not what %s says: run make storm", pictureFile, dataFile)
	}
	if len(got) > 20_000 {
		t.Errorf("%d bytes, want at most 20,000", len(got))
	}
	d := xml.NewDecoder(bytes.NewReader(got))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// The README shows the same figures.
func TestReadmeIsFresh(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	summary(&b, load(t))
	head, _, _ := bytes.Cut(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	if !bytes.Contains(readme, head) {
		t.Skip("the README shows no storm table")
	}
	if !bytes.Contains(readme, b.Bytes()) {
		t.Errorf("the README's storm table is not of %s: copy it from make storm", dataFile)
	}
}
