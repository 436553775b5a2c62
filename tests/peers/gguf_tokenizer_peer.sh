#!/usr/bin/env bash
# Token ids of 2000 random texts against llama.cpp (the npm package node-llama-cpp): tests/peers/gguf_tokenizer_peer.sh BUILD_DIRECTORY
# The vocabularies are small ones that it writes, those in ALLOMETER_SHARED_DATA, and GPT-2's under the names of other pre-tokenizers.
# Exit code 0: all equal but for differences that are known and wanted; 1: others; 77: no npm, or no way to its registry (skipped).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
allometer=$(cd "$1" && pwd)/allometer
if ! command -v npm > /dev/null; then
  echo "gguf_tokenizer_peer: skipped, npm is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Of the prebuilt libraries the one for CPUs is enough.
if ! npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$work" node-llama-cpp@3.22.1 \
    @node-llama-cpp/linux-x64@3.22.1 > "$work/npm.log" 2>&1; then
  echo "gguf_tokenizer_peer: skipped, npm could not install node-llama-cpp"
  exit 77
fi
# Modules are looked for beside the script.
cp "$here/gguf_tokenizer_peer.mjs" "$work/"
peer="$work/gguf_tokenizer_peer.mjs"
mkdir "$work/vocabularies"
shared=()
if [[ -n ${ALLOMETER_SHARED_DATA:-} ]]; then
  shared=("$ALLOMETER_SHARED_DATA"/tokenizers/*.gguf)
fi
node "$peer" write "$work/vocabularies" ${shared[0]:+"$ALLOMETER_SHARED_DATA/tokenizers/gpt-2.gguf"}
node "$here/tokenizer_peer.mjs" texts 2000 > "$work/texts.jsonl"
cat "$here/../../jobs/random/story_text.jsonl" >> "$work/texts.jsonl"
node "$peer" compose "$work/texts.jsonl" > "$work/composed.jsonl"
compared=()
for gguf in "${shared[@]}" "$work"/vocabularies/*.gguf; do
  texts="$work/texts.jsonl"
  name=$(basename "$gguf" .gguf)
  case $name in
    # Their tokenizer.json composes texts first, which llama.cpp leaves out.
    pre-qwen2 | pre-qwen35 | pre-olmo | pre-mpt | pre-command-r) texts="$work/composed.jsonl" ;;
  esac
  "$allometer" tokenize "$gguf" --no-special --jsonl "$texts" > "$work/$name.jsonl"
  compared+=("$gguf" "$texts" "$work/$name.jsonl")
done
# What node-llama-cpp says about files without weights is of no interest.
node "$peer" compare "${compared[@]}" 2> "$work/log"
