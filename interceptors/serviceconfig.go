// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// ServiceConfig returns the service config (gRFC A6) with which callers in any
// language retry as this package means it, by what their gRPC library can do by itself:
// JSON for grpc.WithDefaultServiceConfig and its kin.
//
// Only methods that declare idempotency_level are in it: for these, UNAVAILABLE,
// RESOURCE_EXHAUSTED and ABORTED are sent again, 3 attempts in all, after 0.5 s to 8 s
// or what the server's pushback says. There is no retryThrottling in it: each
// pushback counts as a failure against that, and with both nearly half of the calls
// fail in a storm that pushback alone gets through.
//
// It panics if a service is nil.
func ServiceConfig(services ...protoreflect.ServiceDescriptor) string {
	config := serviceConfig{MethodConfig: []methodConfig{}}
	names := []methodName{}
	for i, s := range services {
		if s == nil {
			panic(fmt.Sprintf("interceptors: ServiceConfig: service %d is nil", i))
		}
		for _, name := range repeatable(s) {
			if !slices.Contains(names, name) { // gRPC libraries refuse a name that is there twice
				names = append(names, name)
			}
		}
	}
	if len(names) > 0 {
		config.MethodConfig = append(config.MethodConfig, methodConfig{names, defaultPolicy})
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // there is nothing in it that JSON does not have
	}
	return string(text)
}

// repeatable lists the methods that are declared safe to repeat.
func repeatable(s protoreflect.ServiceDescriptor) []methodName {
	var names []methodName
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		opts, _ := m.Options().(*descriptorpb.MethodOptions)
		if levelSafety(opts.GetIdempotencyLevel()).Repeatable() {
			names = append(names, methodName{string(s.FullName()), string(m.Name())})
		}
	}
	return names
}

type serviceConfig struct {
	MethodConfig []methodConfig `json:"methodConfig"`
}

type methodConfig struct {
	Name        []methodName `json:"name"`
	RetryPolicy retryPolicy  `json:"retryPolicy"`
}

type methodName struct {
	Service string `json:"service"`
	Method  string `json:"method"`
}

type retryPolicy struct {
	MaxAttempts          int      `json:"maxAttempts"`
	InitialBackoff       string   `json:"initialBackoff"`
	MaxBackoff           string   `json:"maxBackoff"`
	BackoffMultiplier    int      `json:"backoffMultiplier"`
	RetryableStatusCodes []string `json:"retryableStatusCodes"`
}

// defaultPolicy has the defaults of retry.New.
var defaultPolicy = retryPolicy{3, "0.5s", "8s", 2, []string{"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"}}
