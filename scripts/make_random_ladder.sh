#!/usr/bin/env bash
# Makes five random checkpoints of rising size for jobs/random.yaml: scripts/make_random_ladder.sh ALLOMETER DIRECTORY
# Those that are there already are kept.
set -euo pipefail
allometer=$1 directory=$2
tokenizer=$(dirname "$0")/../jobs/random/tokenizer

# name, hidden_size, intermediate_size, layers, heads, key/value heads
while read -r name hidden intermediate layers heads kv_heads; do
  [[ -e $directory/$name/config.json ]] && continue
  "$allometer" make-model "$directory/$name" --hidden-size "$hidden" --intermediate-size "$intermediate" \
    --num-hidden-layers "$layers" --num-attention-heads "$heads" --num-key-value-heads "$kv_heads" \
    --max-position-embeddings 2048 --dtype F32 --seed "$hidden" --tokenizer "$tokenizer"
done << 'LADDER'
random-1 16 44 2 2 1
random-2 32 84 3 4 2
random-3 48 128 4 6 3
random-4 64 172 5 8 4
random-5 96 256 6 8 4
LADDER
