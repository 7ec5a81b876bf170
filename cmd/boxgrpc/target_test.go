// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// descriptors is a file as buf build -o writes it.
func descriptors(t *testing.T) string {
	t.Helper()
	return written(t, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(filesv1.File_files_v1_file_service_proto),
	}})
}

func written(t *testing.T, set *descriptorpb.FileDescriptorSet) string {
	t.Helper()
	raw, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return inFile(t, string(raw))
}

// certificate is one for 127.0.0.1 that only its own file vouches for.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := inFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// Without it the reason why a service cannot be asked has to be guessed from gRPC's
// internals, and it is mostly a flag.
func TestServersThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	cert, authority := certificate(t)
	plain := serve(t, &service{}, reflected)
	secure := serve(t, &service{}, reflected, grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	web := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	page := listen(t, web.Serve, func() { _ = web.Close() })
	mute := serve(t, &service{}, nil)
	shy := serve(t, &service{}, func(srv *grpc.Server) { reflectionv1.RegisterServerReflectionServer(srv, refusing{}) })
	explainAt := func(address string, more ...string) []string {
		return append([]string{"explain", "-method", getFile, "-target", address}, more...)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"nobody there":                  {explainAt("127.0.0.1:1", "-plaintext"), "127.0.0.1:1 cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused"},
		"nobody there, nothing to ask":  {explainAt("127.0.0.1:1", "-plaintext", "-descriptors", descriptors(t)), "cannot be reached: dial tcp"},
		"service-config of nobody":      {[]string{"service-config", "-target", "127.0.0.1:1", "-plaintext"}, "cannot be reached"},
		"no TLS there":                  {explainAt(plain), "speaks no TLS: give -plaintext"},
		"TLS there":                     {explainAt(secure, "-plaintext"), "leave -plaintext out?"},
		"certificate of one's own":      {explainAt(secure), "give -cacert FILE"},
		"a web server":                  {explainAt(page, "-plaintext"), "no gRPC server"},
		"no reflection":                 {explainAt(mute, "-plaintext"), "offers no reflection: give -descriptors FILE"},
		"reflection for others":         {explainAt(shy, "-plaintext"), "PERMISSION_DENIED (ask the owner): give -descriptors FILE"},
		"service-config, no reflection": {[]string{"service-config", "-target", mute, "-plaintext"}, "offers no reflection"},
		"certificate for another name":  {explainAt(strings.Replace(secure, "127.0.0.1", "localhost", 1), "-cacert", authority), "has a certificate that does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFailure(t, tt.want, tt.args...)
		})
	}
	if exit, out, errOut := boxgrpc(t, "", explainAt(secure, "-cacert", authority)...); exit != 0 {
		t.Errorf("with -cacert: exit status %d, %s%s", exit, out, errOut)
	}
	asked(t, mute, "-method", getFile, "-descriptors", descriptors(t))
}

type refusing struct {
	reflectionv1.UnimplementedServerReflectionServer
}

func (refusing) ServerReflectionInfo(reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	return status.Error(codes.PermissionDenied, "ask the owner")
}

// Without it a mistake in the flags costs a round through the manual.
func TestMistakesAboutATarget(t *testing.T) {
	t.Parallel()
	address := serve(t, &service{}, reflected)
	target := []string{"explain", "-target", address, "-plaintext"}
	text := inFile(t, "hello")
	missing := filepath.Join(t.TempDir(), "none")
	broken := written(t, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{Name: new("a.proto"), Syntax: new("proto9")}}})
	if err := os.WriteFile(missing+".empty", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no method":                 {target, `give pkg.Service/Method; there are files.v1.FileService, grpc.reflection`},
		"method of HTTP":            {append(target, "-method", "GET"), "no such service; there are files.v1.FileService"},
		"unknown service":           {append(target, "-method", "a.B/C"), "no such service; there are files.v1.FileService"},
		"a message":                 {append(target, "-method", "files.v1.File/C"), "no such service"},
		"unknown method":            {append(target, "-method", "files.v1.FileService/C"), "files.v1.FileService has GetFile, Search"},
		"not JSON":                  {append(target, "-method", getFile, "-d", "{"), "-d: message 1 is no files.v1.GetFileRequest in JSON"},
		"unknown field":             {append(target, "-method", getFile, "-d", `{"nope":1}`), `unknown field "nope"`},
		"two messages for one":      {append(target, "-method", getFile, "-d", "{} {}"), "2 messages, but files.v1.FileService.GetFile takes one"},
		"no such request":           {append(target, "-method", getFile, "-d", "@"+missing), "-d: open"},
		"no such metadata":          {append(target, "-method", getFile, "-H", "@"+missing), "-H: open"},
		"metadata without a name":   {append(target, "-method", getFile, "-H", "a: 1", "-H", "b"), "-H, number 2"},
		"metadata of no name":       {append(target, "-method", getFile, "-H", "ä: 1"), "-H, number 1"},
		"metadata not to be sent":   {append(target, "-method", getFile, "-H", "a: ä"), "-H, number 1"},
		"address of a browser":      {[]string{"explain", "-target", "http://" + address, "-plaintext"}, "give host:port"},
		"bytes that are not base64": {append(target, "-method", getFile, "-H", "x-bin: %"), "-H, number 1"},
		"no time":                   {append(target, "-timeout", "0s"), "-timeout 0s: give more than 0"},
		"no such authority":         {[]string{"explain", "-target", address, "-cacert", missing}, "-cacert: open"},
		"authority that is none":    {[]string{"explain", "-target", address, "-cacert", text}, "no certificate in PEM"},
		"authority without TLS":     {append(target, "-cacert", text), "-cacert does not go with -plaintext"},
		"no such descriptors":       {append(target, "-descriptors", missing), "-descriptors: open"},
		"descriptors that are none": {append(target, "-descriptors", text), "no google.protobuf.FileDescriptorSet"},
		"empty descriptors":         {append(target, "-descriptors", missing+".empty"), "no google.protobuf.FileDescriptorSet"},
		"broken descriptors":        {append(target, "-descriptors", broken), "proto9"},
		"file beside a target":      {append(target, text), "does not go with the file"},
		"lines beside a target":     {append(target, "-jsonl"), "-jsonl does not go with -target"},
		"upstream beside a target":  {append(target, "-upstream", "box"), "-upstream does not go with -target"},
		"trailer beside a target":   {append(target, "-status-details-bin", "CAgSBW5vcGUu"), "does not go with -target"},
		"address that is none":      {[]string{"explain", "-target", "\x00", "-plaintext"}, "-target"},
		"request without a target":  {[]string{"explain", "-d", "{}"}, "give -target too"},
		"metadata without a target": {[]string{"explain", "-H", "a: b"}, "-H says how to talk to a server: give -target too"},
		"plaintext of a trailer":    {[]string{"explain", "-plaintext", "-status-details-bin", "CAgSBW5vcGUu"}, "-plaintext does not go with -status-details-bin"},
		"config of nothing":         {[]string{"service-config"}, "give -target ADDRESS"},
		"config of two":             {[]string{"service-config", "-target", address, "-descriptors", text}, "not both"},
		"config, no TLS for a file": {[]string{"service-config", "-descriptors", text, "-plaintext"}, "-plaintext says how to talk"},
		"config of an odd service":  {[]string{"service-config", "-target", address, "-plaintext", "-service", "x"}, `-service "x": there are files.v1.FileService`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, "", tt.want, tt.args...)
		})
	}
}
