// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// Asynchronous work that failed is told by an answer that succeeds: a GET of the
// job, or a 202 that was held until the end.

const hitachiJobFailed = "job:failed" // its own codes decide

// failed tells whether an object is a failure whatever the status.
func (o *hitachiObject) failed() bool {
	return o.jobEnd() != "" || o.commandFailed() ||
		notEmpty(o.ErrorSource) || len(elements(o.ErrorResponses)) > 0
}

// work tells whether the object is about asynchronous work that failed.
func (o *hitachiObject) work() bool { return o.jobEnd() != "" || o.commandFailed() }

// jobEnd is how a job ended, or "" where it did not, ended well, or is no job. Only
// (Completed, Succeeded) is a success.
func (o *hitachiObject) jobEnd() string {
	status, state := text(o.Status), text(o.State)
	completed := strings.EqualFold(status, "Completed")
	if !completed && text(o.JobID) == "" {
		return ""
	}
	either := func(word string) bool { return strings.EqualFold(state, word) || strings.EqualFold(status, word) }
	switch {
	case either("Failed"):
		return hitachiJobFailed
	case either("Stopped"):
		return hitachiJobStopped
	case completed && strings.EqualFold(state, "Unknown"), either("SUCCESS_WITH_ERROR"):
		return hitachiJobUnknown
	case completed && !strings.EqualFold(state, "Succeeded") && text(o.JobID) != "":
		return hitachiJobUnknown
	}
	return ""
}

// commandFailed reads the status of a command of the simple API.
func (o *hitachiObject) commandFailed() bool {
	return strings.EqualFold(text(o.Progress), "completed") && strings.EqualFold(text(o.Status), "error")
}

// words are our own text for a failure that has none and that no status tells.
func (r *hitachiReading) words() string {
	switch r.object.jobEnd() {
	case hitachiJobFailed:
		return "the storage system's job failed"
	case hitachiJobStopped:
		return "the storage system's job was stopped"
	case hitachiJobUnknown:
		return "the storage system's job ended, and its result is unknown"
	}
	if r.object.commandFailed() {
		return "the storage system's command failed"
	}
	return ""
}

// detail is the document that callers get: what the rest of the status does not
// say.
func (r *hitachiReading) detail() *boxgrpcv1.HitachiError {
	o, e := &r.object, &r.err
	d := &boxgrpcv1.HitachiError{
		Cause:                   text(e.Cause),
		Solution:                text(e.Solution),
		SolutionType:            text(e.SolutionType),
		RaidManagerCode:         r.id.raid,
		ErrorResponses:          wholeArray(o.ErrorResponses),
		PartialSuccessResponses: wholeArray(o.PartialSuccess),
	}
	switch {
	case o.jobEnd() != "":
		d.Job = &boxgrpcv1.HitachiError_Job{Id: text(o.JobID), Status: text(o.Status), State: text(o.State)}
		for _, raw := range elements(o.AffectedResources) {
			if name := withoutQuery(text(raw)); name != "" {
				d.Job.AffectedResources = append(d.Job.AffectedResources, name)
			}
		}
	case o.commandFailed():
		d.CommandStatus = &boxgrpcv1.HitachiError_CommandStatus{Id: text(o.ID), Progress: text(o.Progress), Status: text(o.Status)}
	}
	if r.id.message == "" || len(r.id.message) > maxMetadata {
		d.MessageId = text(r.err.MessageID)
	}
	return d
}

// wholeArray is a JSON array that says anything, as it was sent. Where a second
// member of the same name could hide a secret, only the last is kept.
func wholeArray(raw json.RawMessage) []byte {
	switch {
	case len(elements(raw)) == 0:
		return nil
	case secretText(raw):
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		_ = d.Decode(&v) // elements read it already
		return marshalJSON(v)
	}
	return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
}
