#!/usr/bin/env bash
# Checks the page. `source`: its types, its unit tests, and that web/dist is what its source builds to. `browser`: the page
# in Chromium, before the program that cargo has built, and before a host with one node more.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export PATH="$root/tests/interop/.bin:$PATH" NO_COLOR=1
target=${CARGO_TARGET_DIR:-$root/target}
export CANVAS_MEMORY_BIN="$target/debug/canvas-memory" CANVAS_MEMORY_CUSTOM_BIN="$target/debug/examples/custom_node_host"
cd web

source() {
    npm run --silent types
    git diff --exit-code -- src/api/schema.d.ts
    npm run --silent check
    npm run --silent test
    built=$(mktemp -d)
    trap 'rm -rf "$built"' EXIT
    npm exec -- vite build --outDir "$built" --emptyOutDir --logLevel warn
    diff -r dist "$built" || {
        echo 'web/dist is not what web/src builds to: run `npm run build` in web/' >&2
        exit 1
    }
}

browser() {
    (cd .. && cargo build --locked --workspace --example custom_node_host)
    npm exec -- playwright test --reporter=list
}

"$1"
