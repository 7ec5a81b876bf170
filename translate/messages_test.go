// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A message says to a person what happened and what helps, in two languages.
type message struct {
	En string `json:"en"`
	Ja string `json:"ja"`
}

// Most bytes of one message. Both languages and all details must fit into the
// headers of one answer.
const (
	maxMessageEn = 240
	maxMessageJa = 480
)

var (
	messageFiles = []string{"box.json", "boxgrpc.json", "hitachi.json", "http.json"}
	placeholder  = regexp.MustCompile(`\{\w*\}`)

	// sameMessage are the keys that mean the very same and may share a text.
	sameMessage = map[string]string{"too_many_requests": "rate_limit_exceeded"}

	// documentedBoxCodes are the codes in Box's guide to common errors.
	documentedBoxCodes = []string{
		"access_denied_insufficient_permissions",
		"access_denied_item_locked",
		"access_from_location_blocked",
		"bad_digest",
		"bad_gateway",
		"bad_request",
		"cannot_make_collaborated_subfolder_private",
		"collaborations_not_available_on_root_folder",
		"conflict",
		"cors_origin_not_whitelisted",
		"cyclical_folder_structure",
		"file_size_limit_exceeded",
		"folder_not_empty",
		"forbidden",
		"forbidden_by_policy",
		"incorrect_shared_item_password",
		"insufficient_scope",
		"internal_server_error",
		"invalid_collaboration_item",
		"invalid_grant",
		"invalid_limit",
		"invalid_offset",
		"invalid_request_parameters",
		"invalid_status",
		"invalid_upload_session_id",
		"item_name_in_use",
		"item_name_invalid",
		"item_name_too_long",
		"length_required",
		"metadata_after_file_contents",
		"method_not_allowed",
		"name_temporarily_reserved",
		"not_found",
		"not_trashed",
		"operation_blocked_temporary",
		"password_reset_required",
		"precondition_failed",
		"preview_cannot_be_generated",
		"rate_limit_exceeded",
		"recent_similar_comment",
		"request_entity_too_large",
		"requested_page_out_of_range",
		"requested_preview_unavailable",
		"session_expired",
		"storage_limit_exceeded",
		"sync_item_move_failure",
		"sync_state_precondition_failed",
		"task_assignee_not_allowed",
		"terms_of_service_required",
		"trashed",
		"unauthorized",
		"unavailable",
		"unsupported_media_type",
		"upload_failed",
		"user_already_collaborator",
		"user_email_confirmation_required",
		"user_login_already_used",
	}

	// hitachiStatuses are the statuses that Hitachi's REST API documents.
	hitachiStatuses = []string{
		"200", "202", "400", "401", "403", "404", "406", "415", "500", "503", "504",
	}
)

// A status without a message leaves the person at the screen with nothing, and
// a message for a status that the catalogue lacks is never shown.
func TestMessagesForEveryHTTPStatus(t *testing.T) {
	t.Parallel()
	var want []string
	eachRuled(boxgrpcv1.HttpStatus(0).Descriptor(), func(v protoreflect.EnumValueDescriptor, _ *boxgrpcv1.Rule) {
		want = append(want, strconv.Itoa(int(v.Number())))
	})
	checkKeys(t, readMessages(t, "http.json"), want)
}

// As above, for somebody who manages storage.
func TestMessagesForEveryHitachiStatus(t *testing.T) {
	t.Parallel()
	checkKeys(t, readMessages(t, "hitachi.json"), hitachiStatuses)
}

// A code that Box documents and that has no message is shown as the words of
// its HTTP status, which say far less. A misspelt key is never found.
func TestMessagesForEveryDocumentedBoxCode(t *testing.T) {
	t.Parallel()
	messages := readMessages(t, "box.json")
	if got := len(documentedBoxCodes); got != 57 {
		t.Errorf("%d documented codes, want 57", got)
	}
	for _, code := range documentedBoxCodes {
		if _, ok := messages[code]; !ok {
			t.Errorf("%s: no message", code)
		}
	}
	known := make(map[string]bool)
	eachRuled(boxgrpcv1.BoxCode(0).Descriptor(), func(v protoreflect.EnumValueDescriptor, r *boxgrpcv1.Rule) {
		code := r.GetCode()
		if code == "" {
			code = strings.ToLower(strings.TrimPrefix(string(v.Name()), "BOX_CODE_"))
		}
		known[code] = true
	})
	for code := range messages {
		if !known[code] {
			t.Errorf("%s: the catalogue has no such code", code)
		}
	}
}

// An empty, overlong or garbled text, or one in the wrong language, would be
// read by the people who can do least about it.
func TestMessagesAreReadable(t *testing.T) {
	t.Parallel()
	for _, file := range messageFiles {
		for key, m := range readMessages(t, file) {
			checkText(t, file+" "+key+" en", m.En, maxMessageEn)
			checkText(t, file+" "+key+" ja", m.Ja, maxMessageJa)
			if strings.IndexFunc(m.En, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
				t.Errorf("%s %s en: not plain ASCII: %q", file, key, m.En)
			}
			if !strings.ContainsFunc(m.Ja, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) }) {
				t.Errorf("%s %s ja: no kana: %q", file, key, m.Ja)
			}
			if m.En == m.Ja {
				t.Errorf("%s %s: the same text in both languages: %q", file, key, m.En)
			}
		}
	}
}

// A placeholder that only one language has would lose a name or a number for
// the readers of the other, or show them the bare braces.
func TestMessagesHaveTheSamePlaceholders(t *testing.T) {
	t.Parallel()
	for _, file := range messageFiles {
		for key, m := range readMessages(t, file) {
			if en, ja := placeholders(m.En), placeholders(m.Ja); !slices.Equal(en, ja) {
				t.Errorf("%s %s: placeholders %q in English, %q in Japanese", file, key, en, ja)
			}
		}
	}
}

// Two failures with the same words could not be told apart, and most often one
// of them was copied and forgotten.
func TestMessagesDiffer(t *testing.T) {
	t.Parallel()
	for _, file := range messageFiles {
		messages := readMessages(t, file)
		seen := make(map[string]string) // text to key
		for _, key := range slices.Sorted(maps.Keys(messages)) {
			for _, text := range []string{messages[key].En, messages[key].Ja} {
				first, ok := seen[text]
				if ok && sameMessage[key] != first {
					t.Errorf("%s: %s and %s have the same text: %q", file, first, key, text)
				}
				if !ok {
					seen[text] = key
				}
			}
		}
	}
}

// Of a key that stands there twice one message is silently lost, and a
// misspelt language is never shown. Both, and any disorder that hides them in
// a review, change the file when it is written anew.
func TestMessageFilesAreInOrder(t *testing.T) {
	t.Parallel()
	for _, file := range messageFiles {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(readMessages(t, file)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(readMessageFile(t, file), want.Bytes()) {
			t.Errorf("%s: not sorted, not indented by two blanks, or a key twice", file)
		}
	}
}

func readMessageFile(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("messages", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readMessages(t *testing.T, file string) map[string]message {
	t.Helper()
	data := readMessageFile(t, file)
	if !utf8.Valid(data) { // the decoder would replace what is not
		t.Fatalf("%s: not valid UTF-8", file)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var messages map[string]message
	if err := dec.Decode(&messages); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(messages) == 0 {
		t.Fatalf("%s: no messages", file)
	}
	return messages
}

func checkKeys(t *testing.T, messages map[string]message, want []string) {
	t.Helper()
	for _, key := range want {
		if _, ok := messages[key]; !ok {
			t.Errorf("%s: no message", key)
		}
	}
	for key := range messages {
		if !slices.Contains(want, key) {
			t.Errorf("%s: a message that nobody asks for", key)
		}
	}
}

func checkText(t *testing.T, where, text string, most int) {
	t.Helper()
	if text == "" {
		t.Errorf("%s: empty", where)
	}
	if text != strings.TrimSpace(text) {
		t.Errorf("%s: blanks around the text: %q", where, text)
	}
	if len(text) > most {
		t.Errorf("%s: %d bytes, at most %d are allowed", where, len(text), most)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		t.Errorf("%s: control or replacement characters: %q", where, text)
	}
}

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// eachRuled calls f for every value of a catalogue but the zero value.
func eachRuled(enum protoreflect.EnumDescriptor, f func(protoreflect.EnumValueDescriptor, *boxgrpcv1.Rule)) {
	for i := range enum.Values().Len() {
		v := enum.Values().Get(i)
		if r, _ := proto.GetExtension(v.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule); r != nil {
			f(v, r)
		}
	}
}
