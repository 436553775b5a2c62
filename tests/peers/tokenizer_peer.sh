#!/bin/sh
# tokenizer_peer.sh ALLOMETER MODEL...: the ids of 2000 random texts by `ALLOMETER tokenize` and by the npm package
# @huggingface/tokenizers. A MODEL is a checkpoint directory or a tokenizer.json.
# Exit code 0: all equal; 1: some differ; 77: no npm, or no way to its registry (skipped).
set -eu
if [ $# -lt 2 ]; then
  echo "usage: tokenizer_peer.sh ALLOMETER MODEL..." >&2
  exit 2
fi
allometer=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v npm >/dev/null 2>&1; then
  echo "tokenizer_peer: skipped, npm is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! npm install --silent --no-audit --no-fund --prefix "$work" @huggingface/tokenizers@0.2.0 >"$work/npm.log" 2>&1; then
  echo "tokenizer_peer: skipped, npm could not install @huggingface/tokenizers"
  exit 77
fi
# Modules are looked for beside the script.
cp "$here/tokenizer_peer.mjs" "$work/"
node "$work/tokenizer_peer.mjs" texts 2000 >"$work/texts.jsonl"
status=0
for model in "$@"; do
  "$allometer" tokenize "$model" --jsonl "$work/texts.jsonl" >"$work/ours.jsonl"
  node "$work/tokenizer_peer.mjs" compare "$model" "$work/texts.jsonl" "$work/ours.jsonl" || status=1
done
exit $status
