#!/usr/bin/env bash
# Runs a target for some seconds on a stable toolchain: run.sh TARGET SECONDS
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=$2
case $target in
  typescript) pattern='*.ts' ;;
  python) pattern='*.py' ;;
  go) pattern='*.go' ;;
  hcl) pattern='*.tf' ;;
  hcl_json) pattern='*.tf.json' ;;
  yaml) pattern='*.y*ml' ;;
  json) pattern='*.json' ;;
  *) echo "no target $target" >&2; exit 2 ;;
esac
seeds=$(mktemp -d) found=$(mktemp -d)
trap 'rm -rf "$seeds" "$found"' EXIT
while IFS= read -r file; do cp "$file" "$seeds/$(sha1sum "$file" | cut -c1-16)"; done \
  < <(find ../fixtures/iac -name "$pattern" -type f -size -64k)
# Coverage as cargo-fuzz asks for it, of our own crate and the parsers.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing"
cargo build --quiet --target "$(rustc -vV | sed -n 's/^host: //p')" --bin "$target"
"target/$(rustc -vV | sed -n 's/^host: //p')/debug/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
  -max_len=65536 -artifact_prefix=artifacts- "$found" "$seeds"
