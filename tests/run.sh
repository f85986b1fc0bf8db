#!/usr/bin/env bash
# Installs what the tests need, then runs every check. Ends with the number of tests that ran; none is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() {
  printf '\n== %s\n' "$*"
  "$@"
}

step tests/install.sh

step cargo fmt --all --check
for features in '' dynamodb upstash models; do
  step cargo clippy --locked -p canvas-memory --no-default-features --features "$features" -- -D warnings
done
step cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
RUSTDOCFLAGS='-D warnings' step cargo doc --locked --workspace --lib --no-deps
step cargo deny --locked --all-features check licenses bans sources

# Tests go through a pipe that also keeps their output, to count them.
failures=0
counted() {
  step "$@" 2>&1 | tee -a "$log" || failures=$((failures + 1))
}
counted tests/page.sh source
counted cargo test --locked --workspace --all-features --no-fail-fast
counted tests/page.sh browser

# cargo test, vitest, and Playwright each say it in their own way.
passed=$(awk '/^test result:/ { n += $4 } / Tests .* passed/ { n += $(NF - 2) } /^ +[0-9]+ passed/ { n += $1 } END { print n + 0 }' "$log")
failed=$(awk '/^test result:/ { n += $6 } /^ +[0-9]+ failed/ { n += $1 } END { print n + 0 }' "$log")
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failures" -eq 0 ] && [ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
