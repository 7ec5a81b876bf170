# make            everything but what takes a fresh checkout: .ci/run has the rest
# make generate   Go code from the schema, and conformance/catalog.json
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
TAG := $(shell git describe --tags --abbrev=0 2>/dev/null)

.PHONY: all generate test race model soak big storm storm-replicas bench contrib lint proto snippets fuzz conformance check-generate help

all: generate test race model soak bench contrib lint proto snippets fuzz conformance ## Everything

generate: $(BUF) ## Generate code and catalog.json from the schema
	$(BUF) format -w
	$(BUF) generate
	$(BUF) generate --template buf.gen.examples.yaml
	go test ./conformance -run TestCatalogIsFresh -update

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

bench: $(LINT) ## The quick form: our storm goals, and that README, picture and figures agree
	cd bench && go vet ./... && go test -count=1 ./... && $(LINT) run

storm-replicas: ## 8 replicas in 8 processes, with one gate in Redis and without (1 minute)
	cd contrib/redis/storm && go test -count=1 -parallel 8 -run '^TestTable$$' -args -length 50s -update

contrib: $(LINT) ## Tests and linters of each module under contrib/
	@for mod in contrib/*/go.mod; do \
		(echo "== $$mod" && cd "$$(dirname "$$mod")" && go vet ./... && go test -count=1 ./... && $(LINT) run) || exit 1; \
	done

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
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			run() { go test $$pkg -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s; }; \
			run && continue; \
			[ -z "$$(git status --porcelain -- '*testdata/fuzz*')" ] || exit 1; \
			run || exit 1; \
		done; \
	done

snippets: $(BUF) ## The README's buf.gen.yaml
	@mkdir -p .tools && sed -n '/^```yaml$$/,/^```$$/p' README.md | sed '/^```/d' > .tools/buf.gen.yaml
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" buf generate --template .tools/buf.gen.yaml -o .tools/snippets
	@ls .tools/snippets/gen/ts/boxgrpc/v1/*.ts

conformance: ## The catalogue against the schema, and the vectors
	go test ./conformance

check-generate: generate ## Fails if generated files are not fresh
	git diff --exit-code -- gen examples/gen conformance proto examples/proto
	@test -z "$$(git status --porcelain -- gen examples/gen conformance)" || \
		{ git status --porcelain -- gen examples/gen conformance; exit 1; }

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BUF): package-lock.json
	npm ci --ignore-scripts --silent
	@touch $@

$(LINT):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@
