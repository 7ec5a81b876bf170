// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	grpcretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

var (
	_ = dialBefore
	_ = dialAfter
	_ = oneCall
)

func dialBefore(target string, creds grpc.DialOption) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(target, creds,
		grpc.WithChainUnaryInterceptor(grpcretry.UnaryClientInterceptor(
			grpcretry.WithMax(4), grpcretry.WithBackoff(grpcretry.BackoffExponential(100*time.Millisecond)))))
	return conn, err
}

func dialAfter(target string, creds grpc.DialOption) (*grpc.ClientConn, error) {
	settings := interceptors.WithRetry(retry.WithMaxAttempts(4), retry.WithBackoff(100*time.Millisecond, 5*time.Second))
	conn, err := grpc.NewClient(target, append(interceptors.DialOptions(settings), creds)...)
	return conn, err
}

func oneCall(ctx context.Context, client filesv1.FileServiceClient, req *filesv1.AddCommentRequest) error {
	_, err := client.AddComment(ctx, req, interceptors.WithRetry(retry.WithMaxAttempts(1)))
	return err
}

// An sdkClient stands for a Box SDK.
type sdkClient struct {
	settings sdkSettings
	url      string
}

type sdkSettings struct {
	HTTPClient *http.Client
	MaxRetries int
}

type sdkFile struct{ ID, Name string }

type sdkError struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

func (e *sdkError) Error() string { return fmt.Sprintf("sdk: HTTP %d", e.StatusCode) }

func newSDK(s sdkSettings) *sdkClient { return &sdkClient{settings: s} }

func (c *sdkClient) File(ctx context.Context, id string) (*sdkFile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/files/"+id, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer test")
	resp, err := c.settings.HTTPClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		return nil, errors.Join(err, &sdkError{resp.StatusCode, resp.Header, body})
	}
	file := new(sdkFile)
	return file, json.Unmarshal(body, file)
}

func sdkWithTransport(ctl *retry.Controller) *sdkClient {
	client := newSDK(sdkSettings{
		HTTPClient: &http.Client{Transport: boxhttp.NewTransport(ctl, nil)},
		MaxRetries: 0, // boxhttp repeats, and knows what may be
	})
	return client
}

// boxError is the SDK's error as callers shall get it.
func boxError(method string, err error) error {
	var failed *sdkError
	if !errors.As(err, &failed) {
		return translate.Box.TransportError(nil, err) // there was no answer
	}
	return translate.Box.Translate(translate.Answer{
		Method: method, Status: failed.StatusCode, Header: failed.Header, Body: failed.Body,
	})
}

func closedSDK(ctx context.Context, ctl *retry.Controller, client *sdkClient, id string) (*sdkFile, error) {
	file, err := retry.Do(ctx, ctl, retry.Operation{Name: "get file", Safety: retry.ReadOnly},
		func(ctx context.Context) (*sdkFile, error) {
			file, err := client.File(ctx, id)
			return file, boxError(http.MethodGet, err)
		}, nil)
	return file, err
}

// What an SDK repeats is repeated by boxhttp below it, or by Do around it.
func Example_sdk() {
	for name, attempt := range map[string]func(*retry.Controller, string) error{
		"below":  viaTransport,
		"around": viaDo,
	} {
		box := boxtest.NewServer()
		box.Script("GET /files/{id}", boxtest.Error(503, "unavailable", "try again"), boxtest.Error(404, "trashed", "gone"))
		e, _ := translate.FromError(attempt(retry.New(retry.WithBackoff(1, 1)), box.URL))
		fmt.Println(name, box.Count("/"), e.Code(), e.Reason())
		box.Close()
	}
	// Unordered output:
	// below 2 FailedPrecondition TRASHED
	// around 2 FailedPrecondition TRASHED
}

func viaTransport(ctl *retry.Controller, url string) error {
	client := sdkWithTransport(ctl)
	client.url = url
	_, err := client.File(context.Background(), "1")
	return boxError(http.MethodGet, err)
}

func viaDo(ctl *retry.Controller, url string) error {
	client := newSDK(sdkSettings{HTTPClient: http.DefaultClient})
	client.url = url
	_, err := closedSDK(context.Background(), ctl, client, "1")
	return err
}
