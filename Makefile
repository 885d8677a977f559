# The only entry: make build, test, race, lint, bench, parity, fuzz.

export CGO_ENABLED = 0
# Test data that is not part of the repository; what needs it is skipped where it is missing (GESTALT_REQUIRE_SHARED=1
# turns that skip into a failure).
GESTALT_SHARED ?= ../shared
export GESTALT_SHARED := $(abspath $(GESTALT_SHARED))

FUZZTIME ?= 60s

.PHONY: build test race lint portable bench parity fuzz generate

build: ## one static binary, bin/gestalt
	go build -trimpath -o bin/gestalt ./cmd/gestalt

test: ## every test
	go test ./...

race: ## the concurrent packages under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short ./cpu ./dataset ./engine ./measure ./observe ./train ./weights/published

lint: ## gofmt and go vet
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not gofmt'ed"; exit 1; }
	go vet ./...

portable: ## the build without assembly and for another processor
	go build -tags noasm ./...
	GOARCH=arm64 go vet ./...
	GOOS=darwin GOARCH=arm64 go build ./...
	GOOS=windows go build ./...

bench: ## benchmarks in Go; bench/ holds the comparisons with other programs
	go test -run '^$$' -bench . -benchtime 1s ./...

parity: ## the table of every network's largest difference from PyTorch's logits, both engines; some minutes and 3 GB
	cd nets && go test -run '^TestParity$$' -count 1 -timeout 2h -args -full

fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x -parallel 2 $$pkg || exit 1; \
		done; \
	done

generate: ## the assembly, from its generators
	go generate ./...
