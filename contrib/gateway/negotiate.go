// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"mime"
	"strconv"
	"strings"
)

// maxRanges bounds what is read of a stranger's list of media types.
const maxRanges = 64

// A mediaRange is one element of Accept (RFC 9110 section 12.5.1).
type mediaRange struct {
	mediaType string // in lower case; */* and type/* as such
	quality   float64
}

// negotiate returns the media type to answer in. native is the type of the mux's
// marshaler, fallback the one for those who do not care.
func negotiate(accept []string, native, fallback string) string {
	if fallback == "" {
		fallback = native
	}
	ranges := parseAccept(accept)
	best, chosen := rank{}, fallback
	// Who names application/json beside another type speaks of successes, which are
	// never a problem: the other one is for errors.
	for _, offer := range []string{MediaTypeProblem, MediaTypeStatus, MediaTypeJSON, native} {
		if r := rankOf(ranges, offer); best.below(r) {
			best, chosen = r, offer
		}
	}
	if best.closeness < named && rankOf(ranges, fallback) == best {
		return fallback
	}
	return chosen
}

// A rank is how much a client likes a type, and how closely it has named it.
type rank struct {
	quality   float64
	closeness int
}

const (
	anything = iota + 1 // */*
	anyOf               // type/*
	named               // type/subtype
)

func (r rank) below(other rank) bool {
	if r.quality != other.quality {
		return r.quality < other.quality
	}
	return other.quality > 0 && r.closeness < other.closeness
}

// rankOf is that of a type: the closest range counts, so that "*/*, text/html;q=0" takes
// anything but HTML.
func rankOf(ranges []mediaRange, mediaType string) rank {
	var r rank
	kind, _, _ := strings.Cut(mediaType, "/")
	for _, a := range ranges {
		closeness := 0
		switch a.mediaType {
		case mediaType:
			closeness = named
		case kind + "/*":
			closeness = anyOf
		case "*/*":
			closeness = anything
		}
		if closeness > r.closeness || closeness == r.closeness && closeness > 0 && a.quality > r.quality {
			r = rank{a.quality, closeness}
		}
	}
	return r
}

// parseAccept leaves out what it cannot read. Parameters but q do not matter: whatever
// they are, the type is there in one form only.
func parseAccept(accept []string) []mediaRange {
	var ranges []mediaRange
	for element := range elements(strings.Join(accept, ",")) {
		mediaType, params, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, ok := params["q"]; ok {
			if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		if ranges = append(ranges, mediaRange{mediaType, quality}); len(ranges) == maxRanges {
			break
		}
	}
	return ranges
}

// elements yields those of a list (RFC 9110 section 5.6.1). A comma in a quoted string
// ends none.
func elements(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		begin, quoted := 0, false
		for i := 0; i < len(list); i++ {
			switch c := list[i]; {
			case quoted && c == '\\':
				i++ // what follows is meant as it stands
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				if !yield(list[begin:i]) {
					return
				}
				begin = i + 1
			}
		}
		yield(list[begin:])
	}
}
