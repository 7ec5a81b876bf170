// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import "time"

// origin is when something was made, and by whom.
type origin struct {
	CreatedAt string `json:"created_at"`
	CreatedBy user   `json:"created_by"`
}

type user struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// somebody has made what AddFile and its kin make. No token is theirs.
const somebody = "1"

// newOrigin is now. Box tells the time in seconds.
func newOrigin(userID string) *origin {
	return &origin{time.Now().UTC().Format(time.RFC3339), user{"user", userID}}
}

// userOf is on whose behalf a request is made. All tokens are the same user's.
func userOf(r *request) string {
	if id := r.Header.Get("As-User"); id != "" {
		return id
	}
	return "100"
}
