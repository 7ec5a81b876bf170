// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// field is a field of a request, and what is wrong with it: "" for nothing.
type field struct{ name, problem string }

// text has to be there.
func text(name, value string) field {
	if value == "" {
		return field{name, "is empty"}
	}
	return field{name, ""}
}

// id becomes a part of a path. Escaping leaves "." and ".." as they are, and those
// lead to other paths of Box.
func id(name, value string) field {
	if value == "." || value == ".." {
		return field{name, "is no id"}
	}
	return text(name, value)
}

// check refuses a request before Box is asked, in the form in which boxgrpc reports
// Box's own complaints about fields.
func check(fields ...field) error {
	var problems []string
	detail := &errdetails.BadRequest{}
	for _, f := range fields {
		if f.problem != "" {
			problems = append(problems, f.name+" "+f.problem)
			detail.FieldViolations = append(detail.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: f.name, Description: f.problem})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	st := status.New(codes.InvalidArgument, strings.Join(problems, "; "))
	if detailed, err := st.WithDetails(detail); err == nil {
		st = detailed // the code counts, with or without
	}
	return st.Err()
}
