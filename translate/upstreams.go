// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// The translators that boxgrpc brings along. Derive others with
// [Translator.With]; build one for another upstream with [New].
var (
	// Box reads answers of the Box Content API.
	Box = New(Upstream{
		Codes:           boxgrpcv1.BoxCode(0).Descriptor(),
		Statuses:        boxgrpcv1.BoxStatus(0).Descriptor(),
		RequestIDHeader: "Box-Request-Id",
		Decode:          decodeBox,
	})

	// HTTP reads answers of any HTTP API by their status. It does not look into
	// the body.
	HTTP = New(Upstream{
		Domain:          "http",
		RequestIDHeader: "X-Request-Id",
	})
)
