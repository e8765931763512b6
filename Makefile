# Every target is a script of the same purpose in scripts/; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help load demo test test-unit test-simulation test-api test-cluster record mutations bench up down chaos build image install generate format lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Kubernetes, operator and a cluster of three here; then leaders are lost (root)
	@scripts/demo
test: ## every tier of tests, on a real Kubernetes at the end (root)
	@scripts/test
test-unit: ## what needs no Kubernetes
	@scripts/test unit
test-simulation: ## 100 000 simulated clusters, from seeds (no Kubernetes)
	@scripts/test simulation
record: ## keeps what the last make test has met as docs/internals/tested.json, and writes its page
	@scripts/tested record "$${MATRIARCH_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/matriarch}/tested.jsonl"
mutations: ## takes each safety rule out in turn; simulation or a test must notice
	@scripts/mutations
test-api: ## what needs etcd and an API server (root)
	@scripts/test api
test-cluster: ## what needs a whole Kubernetes (root)
	@scripts/test cluster
load: ## a minute of clients that read all a primary shows; no renewal and no probe fails (root)
	@scripts/load
bench: ## the figures of the README: n, median, maximum (root)
	@scripts/bench
chaos: ## random faults against agents and PostgreSQL here, from a seed (root)
	@scripts/chaos
up: ## a local single-node Kubernetes from Debian packages (root)
	@scripts/packages && scripts/kubernetes-up
down: ## removes it and everything it left (root)
	@scripts/kubernetes-down
build: ## release binaries in .build/bin
	@scripts/packages build && scripts/build
image: ## the image, in the local Kubernetes (root)
	@scripts/image-build
install: ## CRD, RBAC and operator in the cluster of KUBECONFIG or the local one
	@scripts/install
generate: ## manifests/crd and the chart's CRD from the Swift types
	@scripts/generate
format: ## formats Swift sources in place
	@swift format --in-place --recursive --parallel --configuration .swift-format Package.swift Sources Tests
lint: ## what CI says about formatting
	@swift format lint --strict --recursive --parallel --configuration .swift-format Package.swift Sources Tests
clean: ## build products of this folder; the cache in ~/.cache/matriarch stays
	@rm -rf .build
