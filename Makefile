# Frontdesk's commands. `make help` lists them.
#
# They need Rust and make. What else is missing they install themselves, and say so: on Debian by apt-get, with sudo
# where the user is not root.

.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench sqlx sqlx-check db-dev audit docs picture conformance look bench-intake bench-report bench-desk fakes-honest fuzz

help: ## Say what there is.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: ## Show Frontdesk at work on sample mails: no account, no server.
	@.ci/install-build-tools build
	@[ -n "$$DATABASE_URL" ] || .ci/install-postgresql
	cargo build
	@cargo run --quiet -- demo --folder target/demo

test: ## Run everything: formatting, lints, licences, and every test on real servers.
	@.ci/install-build-tools
	@.ci/install-postgresql
	@.ci/install-test-servers
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo deny --log-level error check bans licenses sources
	cargo nextest run

check: ## Run the quick half: formatting, lints, unit tests. Needs no server.
	@.ci/install-build-tools build
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --quiet --lib --bins

bench: bench-intake bench-report bench-desk ## Measure everything on real servers. Takes half an hour and 12 GB; the next three are its parts.

bench-intake: ## Measure mail: from the server to tickets, to answers, to chat, and how fast it is understood.
	@.ci/install-build-tools build
	@.ci/install-postgresql
	@.ci/install-test-servers
	cargo bench --bench intake
	cargo bench --bench notice
	cargo bench --bench understand

bench-report: ## Measure the clock, and reports on a desk with a million tickets. REPORT_TICKETS=20000 is quick.
	@.ci/install-build-tools build
	@.ci/install-postgresql
	cargo bench --bench report
	cargo bench --bench clock
	cargo bench --bench slots

bench-desk: ## Measure commands on a desk with a million tickets. DESK_TICKETS=20000 is quick.
	@.ci/install-build-tools build
	@.ci/install-postgresql
	cargo bench --bench desk

fuzz: ## Feed hostile input to the readers of mail: MINUTES=10 for each, SEEDS=a folder of mails to start from.
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
	@for reader in mail headers delivery_report reply html; do \
	    mkdir -p target/fuzz/$$reader && \
	    RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$reader target/fuzz/$$reader $(SEEDS) -- \
	        -max_total_time=$$(($(or $(MINUTES),10) * 60)) -timeout=10 -max_len=65536 || exit 1; \
	done

look: ## Look at the digests in a browser, on a phone and at a desk: no overflow, no broken image. Pictures in target/look.
	@.ci/install-build-tools build
	cargo build
	@.ci/look

sqlx: ## Check every query against a private database and write .sqlx anew.
	@.ci/install-build-tools build
	.ci/dev-database sqlx

sqlx-check: sqlx ## Fail if .sqlx is not what the queries and the migrations give.
	@changes=$$(git status --porcelain .sqlx); [ -z "$$changes" ] || \
	    { echo "$$changes"; echo ".sqlx is out of date: run 'make sqlx' and commit it." >&2; exit 1; }

db-dev: ## Start a private PostgreSQL for this working copy, lay the database anew, print its URL.
	@.ci/dev-database

conformance: ## Hold the requests to Discord against its published schema: SCHEMA=path/to/openapi.json.
	@[ -n "$(SCHEMA)" ] || { echo "Name the schema: make conformance SCHEMA=path/to/openapi.json" >&2; exit 1; }
	@rm -rf target/recorded && mkdir -p target/recorded
	FRONTDESK_RECORD=$(CURDIR)/target/recorded cargo nextest run --test it -E 'test(/^chat::discord/)'
	FRONTDESK_RECORD=$(CURDIR)/target/recorded SCHEMA=$(abspath $(SCHEMA)) \
	    cargo run --quiet --manifest-path conformance/Cargo.toml --target-dir target/conformance

fakes-honest: ## Run chat clients that are not ours against the stand-ins that the tests use.
	PYTHON=$$(.ci/install-other-clients) cargo test --quiet --test honest

audit: ## Ask the advisory database about the dependencies. Needs the network.
	@.ci/install-build-tools
	cargo deny check advisories

picture: ## Draw docs/pictures/demo.svg anew from the beginning of the demo.
	cargo build --quiet
	CLICOLOR_FORCE=1 target/debug/frontdesk demo --folder /tmp/frontdesk-demo </dev/null >target/demo.txt
	sed '/^.\[1m4\. /,$$d' target/demo.txt | target/debug/frontdesk docs picture >docs/pictures/demo.svg

docs: ## Print docs/configuration.md and docs/commands.md anew, and build the documentation of the source.
	cargo run --quiet -- docs configuration > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md
	cargo run --quiet -- docs commands > docs/commands.md.new
	mv docs/commands.md.new docs/commands.md
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
