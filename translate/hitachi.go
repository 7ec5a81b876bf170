// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// Codes of the catalogue that no storage sends: what an answer says by its form.
const (
	hitachiJobStopped   = "job:stopped"
	hitachiJobUnknown   = "job:unknown"
	hitachiJobForgotten = "job:forgotten"
	hitachiPartialWrite = "partial write"
)

// hitachiRules is needed here only to see which codes invite a repeat.
var hitachiRules = codeRules(boxgrpcv1.HitachiCode(0).Descriptor())

// decodeHitachi reads the JSON of Hitachi storage: error objects, jobs, the status
// of commands, and arrays of these. Of anything else the status decides.
func decodeHitachi(a Answer) Document {
	r, ok := readHitachi(a.Body)
	if r.failed = r.failed || r.partlyDone(&a); !ok || !r.failed && a.Status/100 == 2 {
		return Document{}
	}
	source := firstOf(text(r.err.ErrorSource), text(r.err.ErrorResource))
	return Document{
		Code:     text(r.err.MessageID),
		LookUp:   append(r.formCodes(&a, source), r.ownCodes(&a)...),
		Message:  firstOf(text(r.err.Message), text(r.err.ErrorMessage), r.words()),
		Reason:   r.id.reason(a.Status),
		Failed:   r.failed,
		Retry:    r.retry(&a, text(r.err.SolutionType)),
		Outcome:  r.outcome(&a, source),
		Metadata: map[string]string{keyMessageID: r.id.message, keySSB: r.id.ssb, keyDetailCode: r.id.detail},
		Resource: hitachiResource(source),
		Detail:   r.detail(),
	}
}

// formCodes is what the answer says by its form, where that comes before any code.
func (r *hitachiReading) formCodes(a *Answer, source string) []string {
	switch end := r.object.jobEnd(); {
	case end == hitachiJobStopped, end == hitachiJobUnknown:
		return []string{end}
	case forgotten(a.Status, source):
		return []string{hitachiJobForgotten}
	case !r.object.work() && r.partlyDone(a):
		return []string{hitachiPartialWrite}
	}
	return nil
}

// ownCodes are the storage system's codes. Where a part was done, or may have been,
// a code that invites everybody to repeat cannot speak for the whole.
func (r *hitachiReading) ownCodes(a *Answer) []string {
	doubtful := r.partlyDone(a) || r.mixed && (r.object.work() || !safe(a.Method)) || r.cutOff(a)
	var list []string
	for _, code := range r.id.codes() {
		if doubtful && repeatable(hitachiRules[code]) {
			return append(list, hitachiPartialWrite)
		}
		list = append(list, code)
	}
	return list
}

// repeatable tells whether a rule lets any request be sent again.
func repeatable(r *boxgrpcv1.Rule) bool {
	const always = boxgrpcv1.Retry_RETRY_ALWAYS
	return r.GetRetry() == always || r.GetWithRetryAfter().GetRetry() == always
}

// partlyDone tells whether the answer proves that a part of a change was made. A
// read that got a part has changed nothing.
func (r *hitachiReading) partlyDone(a *Answer) bool {
	return r.failed && r.others || notEmpty(r.object.AffectedResources) && r.object.work() ||
		notEmpty(r.object.PartialSuccess) && !safe(a.Method)
}

// cutOff tells whether the part of a change that was made may stand in the part of
// the answer that is missing.
func (r *hitachiReading) cutOff(a *Answer) bool {
	return r.cut && (r.failed || !safe(a.Method))
}

func (r *hitachiReading) outcome(a *Answer, source string) boxgrpcv1.Outcome {
	end := r.object.jobEnd()
	switch {
	case r.partlyDone(a):
		return boxgrpcv1.Outcome_OUTCOME_PARTIAL
	case end == hitachiJobStopped, end == hitachiJobUnknown, forgotten(a.Status, source):
		return boxgrpcv1.Outcome_OUTCOME_UNKNOWN
	}
	return boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED
}

// retry is what the storage system itself says of repeating, where no code decides.
// It neither takes away what a status allows nor allows what risks a lock-out.
func (r *hitachiReading) retry(a *Answer, solutionType string) boxgrpcv1.Retry {
	switch {
	case r.partlyDone(a):
		return boxgrpcv1.Retry_RETRY_NEVER
	case r.cutOff(a) && a.Status == http.StatusServiceUnavailable:
		return boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT
	case solutionType != "RETRY":
		return boxgrpcv1.Retry_RETRY_UNSPECIFIED
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return boxgrpcv1.Retry_RETRY_UNSPECIFIED
	}
	return boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT
}

// forgotten tells whether a 404 is about the record of asynchronous work. The
// storage system keeps a limited number of them; their loss says nothing of the
// resource.
func forgotten(status int, source string) bool {
	return status == http.StatusNotFound &&
		(strings.Contains(source, "/jobs/") || strings.Contains(source, "/command-status/"))
}

// hitachiResource reads an errorSource, which is the path of a URL: objects, then
// kinds and ids in turn, then perhaps an action. The query is left out.
func hitachiResource(source string) *errdetails.ResourceInfo {
	source = withoutQuery(source)
	if source == "" {
		return nil
	}
	info := &errdetails.ResourceInfo{ResourceName: source}
	if _, path, ok := strings.Cut(source, "/objects/"); ok {
		path, _, _ = strings.Cut(path, "/actions/")
		segments := strings.Split(strings.TrimRight(path, "/"), "/")
		info.ResourceType = segments[(len(segments)-1)&^1]
	}
	return info
}

func withoutQuery(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	return path
}

// hitachiIDs are the codes of one error object; "" where it has none.
type hitachiIDs struct{ message, ssb, raid, detail string }

// codes are what to look up, the most specific first.
func (id hitachiIDs) codes() []string {
	var list []string
	for _, code := range []string{id.ssb, id.raid, id.message} {
		if code != "" {
			list = append(list, code)
		}
	}
	return list
}

var hitachiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]+$`)

// reason is the code that says most to a person, if it can be a name.
func (id hitachiIDs) reason(status int) string {
	pair := ""
	if id.ssb != "" {
		pair = "SSB_" + id.ssb
	}
	for _, name := range []string{id.message, strings.Replace(pair, ",", "_", 1), id.raid} {
		if hitachiName.MatchString(name) && toReason(name) != "" {
			return name
		}
	}
	return statusReason(status)
}
