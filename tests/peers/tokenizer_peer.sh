#!/usr/bin/env bash
# Token ids of 2000 random texts against the npm package @huggingface/tokenizers: tests/peers/tokenizer_peer.sh BUILD_DIRECTORY
# Exit code 0: all equal; 1: some differ; 77: no npm, or no way to its registry (skipped).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
allometer=$(cd "$1" && pwd)/allometer
if ! command -v npm > /dev/null; then
  echo "tokenizer_peer: skipped, npm is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! npm install --silent --no-audit --no-fund --prefix "$work" @huggingface/tokenizers@0.2.0 > "$work/npm.log" 2>&1; then
  echo "tokenizer_peer: skipped, npm could not install @huggingface/tokenizers"
  exit 77
fi
# Modules are looked for beside the script.
cp "$here/tokenizer_peer.mjs" "$work/"
models=("$here/../../jobs/random/tokenizer")
if [[ -n ${ALLOMETER_SHARED_DATA:-} ]]; then
  mkdir "$work/pythia"
  cp "$ALLOMETER_SHARED_DATA/tokenizers/pythia_tokenizer.json" "$work/pythia/tokenizer.json"
  echo '{"tokenizer_class": "GPTNeoXTokenizer"}' > "$work/pythia/tokenizer_config.json"
  models+=("$ALLOMETER_SHARED_DATA/stories/stories-14k" "$work/pythia")
fi
node "$work/tokenizer_peer.mjs" texts 2000 > "$work/texts.jsonl"
cat "$here/../../jobs/random/story_text.jsonl" >> "$work/texts.jsonl"
status=0
for model in "${models[@]}"; do
  "$allometer" tokenize "$model" --jsonl "$work/texts.jsonl" > "$work/ours.jsonl"
  node "$work/tokenizer_peer.mjs" compare "$model" "$work/texts.jsonl" "$work/ours.jsonl" || status=1
done
exit $status
