#!/usr/bin/env bash
# Token ids and texts against Hugging Face's tokenizers on 10,000 random texts: tests/peers/tokenizer_peer.sh BUILD_DIRECTORY
# Real tokenizers against the Rust library (npm: tokenizers) and its JavaScript port (npm: @huggingface/tokenizers); small ones of
# every kind against the Rust library. Exit code 0: all equal; 1: some differ; 77: no npm, or no way to its registry (skipped).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
if ! command -v npm > /dev/null; then
  echo "tokenizer_peer: skipped, npm is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=(@huggingface/tokenizers@0.2.0 tokenizers@0.23.2)
if ! npm install --silent --no-audit --no-fund --prefix "$work" "${packages[@]}" > "$work/npm.log" 2>&1; then
  echo "tokenizer_peer: skipped, npm could not install ${packages[*]}"
  exit 77
fi
# Modules are looked for beside the script.
cp "$here"/tokenizer_*.mjs "$work/"
models=("$here/../../jobs/random/tokenizer")
if [[ -n ${ALLOMETER_SHARED_DATA:-} ]]; then
  mkdir "$work/pythia"
  cp "$ALLOMETER_SHARED_DATA/tokenizers/pythia_tokenizer.json" "$work/pythia/tokenizer.json"
  echo '{"tokenizer_class": "GPTNeoXTokenizer"}' > "$work/pythia/tokenizer_config.json"
  models+=("$ALLOMETER_SHARED_DATA/stories/stories-14k" "$work/pythia")
fi
node "$work/tokenizer_peer.mjs" texts 10000 > "$work/texts.jsonl"
cat "$here/../../jobs/random/story_text.jsonl" >> "$work/texts.jsonl"
status=0
for model in "${models[@]}"; do
  "$build/allometer" tokenize "$model" --jsonl "$work/texts.jsonl" > "$work/ours.jsonl"
  node "$work/tokenizer_peer.mjs" compare "$model" "$work/texts.jsonl" "$work/ours.jsonl" || status=1
done
node "$work/tokenizer_peer.mjs" reference 10000 8 > "$work/reference.json"
node "$work/tokenizer_peer.mjs" port "$work/reference.json"
ALLOMETER_TOKENIZER_REFERENCE=$work/reference.json "$build/tests/tokenizer_tests" --gtest_filter='Reference.*' || status=1
exit $status
