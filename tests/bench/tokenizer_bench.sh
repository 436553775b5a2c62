#!/usr/bin/env bash
# Encoding speed of Allometer and of Hugging Face's tokenizers from npm, on the same text: tests/bench/tokenizer_bench.sh BUILD_DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/tests/bench/tokenizer_bench" "$work/run.json"
[[ -n ${ALLOMETER_SHARED_DATA:-} ]] || exit 0
packages=(@huggingface/tokenizers@0.2.0 tokenizers@0.23.2)
if ! command -v npm > /dev/null; then
  echo "  npm is not installed: nothing to compare with"
  exit 0
fi
if ! npm install --silent --no-audit --no-fund --prefix "$work" "${packages[@]}" > "$work/npm.log" 2>&1; then
  echo "  npm could not install ${packages[*]}: nothing to compare with"
  exit 0
fi
cp "$here/tokenizer_bench.mjs" "$work/"
node "$work/tokenizer_bench.mjs" "$ALLOMETER_SHARED_DATA/tokenizers/pythia_tokenizer.json" "$work/run.json"
