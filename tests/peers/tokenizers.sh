#!/usr/bin/env bash
# Token ids against the package @huggingface/tokenizers: tests/peers/tokenizers.sh BUILD_DIRECTORY
# Needs node and npm, and the npm registry once; says so and succeeds without node.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
  echo "tokenizers: skipped, as node and npm are not installed"
  exit 0
fi
peer=$build/peers
mkdir -p "$peer"
[[ -d $peer/node_modules/@huggingface/tokenizers ]] ||
  npm install --silent --no-audit --no-fund --prefix "$peer" @huggingface/tokenizers@0.2.0
cp "$here/tokenizers.mjs" "$peer/"

# Texts: the stories of our own, and lines that are hard on a tokenizer.
texts=$peer/texts.jsonl
cat > "$texts" << 'TEXTS'
{"text": ""}
{"text": " "}
{"text": "  two  blanks \n\n\tand a tab\r\n"}
{"text": "I'm sure they've don't it'll HE'S we'd"}
{"text": "naïve café, Ⅷ ½ ﬁne, 1234567 3.14 100%"}
{"text": "日本語のテキスト と emoji 👩‍👩‍👧 🏳️‍🌈 e\u0301"}
{"text": "Привет, мир! שלום עולם مرحبا"}
{"text": "def f(x):\n    return x**2  # square\n"}
{"text": "<s>not special</s> <|endoftext|> <unk>"}
{"text": "\u0000\u0001\u007f\u0085\u00a0\u200b\ufeff"}
TEXTS
cat "$here/../../jobs/random/story_text.jsonl" >> "$texts"

# compare NAME DIRECTORY_OF_TOKENIZER
compare() {
  node "$peer/tokenizers.mjs" "$2/tokenizer.json" "$2/tokenizer_config.json" "$texts" > "$peer/theirs.jsonl"
  "$build/allometer" tokenize "$2" --jsonl "$texts" --no-special > "$peer/ours.jsonl"
  /usr/bin/python3 - "$1" "$peer/ours.jsonl" "$peer/theirs.jsonl" << 'PYTHON'
import json, sys
name, *files = sys.argv[1:]
ours, theirs = ([json.loads(line)["ids"] for line in open(file)] for file in files)
differ = [i + 1 for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
print(f"{name}: {len(ours)} texts, {len(differ)} differ" + (f", in lines {differ[:10]}" if differ else ""))
sys.exit(bool(differ) or len(ours) != len(theirs) or not ours)
PYTHON
}

status=0
compare random "$here/../../jobs/random/tokenizer" || status=1
if [[ -n ${ALLOMETER_SHARED_DATA:-} ]]; then
  compare stories "$ALLOMETER_SHARED_DATA/stories/stories-14k" || status=1
  mkdir -p "$peer/pythia"
  cp "$ALLOMETER_SHARED_DATA/tokenizers/pythia_tokenizer.json" "$peer/pythia/tokenizer.json"
  echo '{"tokenizer_class": "GPTNeoXTokenizer"}' > "$peer/pythia/tokenizer_config.json"
  compare pythia "$peer/pythia" || status=1
fi
exit $status
