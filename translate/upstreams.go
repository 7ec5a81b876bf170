// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// The translators that boxgrpc brings along. Derive others with
// [Translator.With]; build one for another upstream with [New].
var (
	// Box reads answers of the Box Content API.
	Box = newBox(Upstream{
		Codes:           boxgrpcv1.BoxCode(0).Descriptor(),
		Statuses:        boxgrpcv1.BoxStatus(0).Descriptor(),
		RequestIDHeader: "Box-Request-Id",
	})

	// Informatica reads answers of Informatica Cloud Application Integration: faults
	// of processes and errors of the platform. Calling a process is not idempotent,
	// whatever the method: only GET and HEAD may be repeated where it may have run.
	Informatica = New(Upstream{
		Codes:             boxgrpcv1.InformaticaCode(0).Descriptor(),
		IdempotentMethods: []string{http.MethodGet, http.MethodHead},
		Decode:            decodeInformatica,
	})

	// Hitachi reads answers of the REST APIs of Hitachi storage, Configuration
	// Manager and the simple one. Work that the storage system does later fails in an
	// answer that succeeds, so bodies of successes are read too.
	Hitachi = New(Upstream{
		Codes:       boxgrpcv1.HitachiCode(0).Descriptor(),
		Statuses:    boxgrpcv1.HitachiStatus(0).Descriptor(),
		ReadSuccess: true,
		Decode:      decodeHitachi,
	})

	// HTTP reads answers of any HTTP API by their status. It does not look into
	// the body.
	HTTP = New(Upstream{
		Domain:          "http",
		RequestIDHeader: "X-Request-Id",
	})
)
