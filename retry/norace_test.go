// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package retry_test

// raceDetector allocates on its own, so nothing can be counted.
const raceDetector = false
