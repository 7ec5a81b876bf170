# make            everything but what takes a fresh checkout: .ci/run has the rest
# make generate   Go code from the schema, conformance/catalog.json, and docs/codes.md
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

GOLANGCI_LINT_VERSION := v2.15.0
FUZZTIME ?= 10s
SOAKTIME ?= 60s
TOOLS := $(CURDIR)/.tools/bin
BUF := node_modules/.bin/buf
LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
PROMTOOL := $(or $(shell command -v promtool),$(TOOLS)/promtool)
TAG := $(shell git describe --tags --abbrev=0 2>/dev/null)

.PHONY: all generate test race model soak big storm storm-replicas bench bench-look bench-check lint proto fuzz conformance completion contrib alerts check-generate help

all: generate test race model soak bench-check contrib lint proto fuzz conformance ## Everything

generate: $(BUF) ## Generate code, catalog.json and docs/codes.md from the schema
	$(BUF) format -w
	$(BUF) generate
	$(BUF) generate --template buf.gen.examples.yaml
	$(BUF) generate --template contrib/gateway/buf.gen.yaml
	go test ./conformance -run TestCatalogIsFresh -update
	go test ./cmd/boxgrpc -run TestCodesPageIsFresh -update

test: ## The tests
	go test ./...

race: ## The tests under the race detector
	go test -race ./...

model: ## 100,000 random cases against a plain reference of the retry rules
	BOXGRPC_MODEL=100000 go test ./interceptors -count=1 -run '^TestModel$$' -v

soak: ## A storm of SOAKTIME (default 60s) after which nothing may be left over
	go test ./examples/files -count=1 -run '^TestSoak$$' -v -soak $(SOAKTIME)

big: ## 1 GiB up and down through the example, and how much memory that took
	go test ./examples/files -count=1 -run '^TestBig$$' -v -big 1024

storm: ## The storm table beside other retry libraries, and docs/storm.svg (6 minutes)
	cd bench/storm && go test -count=1 -timeout 30m -run TestTable -args -table -update

bench: ## What boxgrpc costs, beside other libraries, as ratios (6 minutes, wants a quiet machine)
	cd bench && go run ./perf

bench-look: ## Where the time and the bytes of an error RPC go
	cd bench && go run ./perf -look

bench-check: $(LINT) ## The quick form: storm goals, allocations, bytes; README, picture and figures agree
	cd bench && go vet ./... && go test -count=1 ./... && $(LINT) run

storm-replicas: ## 8 replicas in 8 processes, with one gate in Redis and without (1 minute)
	cd contrib/redis/storm && go test -count=1 -parallel 8 -run '^TestTable$$' -args -length 50s -update

lint: $(LINT) ## Go linters
	go vet ./...
	$(LINT) run

proto: $(BUF) ## Schema: lint, format, and no breaking change since the last tag
	$(BUF) lint
	$(BUF) format --diff --exit-code
	$(if $(TAG),$(BUF) breaking --against '.git#tag=$(TAG)',@echo "buf breaking: skipped, there is no tag yet")

# A finding leaves a file under testdata/fuzz. Without one it was the fuzzer's own
# deadline that failed, as happens on busy machines: then the target runs once more.
fuzz: ## Each fuzz target for FUZZTIME (default 10s)
	@for dir in . contrib/gateway; do cd $(CURDIR)/$$dir; for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			run() { go test $$pkg -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s; }; \
			run && continue; \
			[ -z "$$(git status --porcelain -- '*testdata/fuzz*')" ] || exit 1; \
			run || exit 1; \
		done; \
	done; done

conformance: $(BUF) ## The vectors, here and in TypeScript, Python and Java
	conformance/build.sh
	cd conformance && go test -count=1 -parallel 8 -languages

completion: ## What bash, zsh and fish complete; all three have to be there
	BOXGRPC_SHELLS=all go test ./cmd/boxgrpc -count=1 -run '^TestShells'

GENERATED := gen examples/gen conformance contrib/gateway/internal

check-generate: generate ## Fails if generated files are not fresh
	git diff --exit-code -- $(GENERATED) docs/codes.md proto examples/proto
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --porcelain -- $(GENERATED); exit 1; }

contrib: $(LINT) ## Each module under contrib/: vet, test, lint, tidy
	@for mod in contrib/*/go.mod; do \
		echo "$$(dirname $$mod)"; \
		(cd $$(dirname $$mod) && go vet ./... && go test -count=1 ./... && $(LINT) run && go mod tidy -diff) || exit 1; \
	done

alerts: $(PROMTOOL) ## The alert rules of contrib/otel
	$(PROMTOOL) check rules contrib/otel/alerts.yaml
	$(PROMTOOL) test rules contrib/otel/alerts_test.yaml

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BUF): package-lock.json
	npm ci --ignore-scripts --silent
	@touch $@

$(LINT):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

DOWNLOAD := apt-get download -qq -o APT::Sandbox::User=root

# Out of Debian's package, for to install that would start a server.
$(TOOLS)/promtool:
	mkdir -p $(TOOLS)
	cd $(TOOLS) && { $(DOWNLOAD) prometheus || { apt-get update -qq && $(DOWNLOAD) prometheus; }; }
	cd $(TOOLS) && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool
	rm $(TOOLS)/prometheus_*.deb
