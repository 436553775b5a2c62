#!/usr/bin/env bash
# Logits against a double-precision forward pass in NumPy: tests/peers/numpy_llama.sh BUILD_DIRECTORY
set -euo pipefail
allometer=$1/allometer
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$allometer" make-model "$folder/grouped" --dtype F32 --seed 1 --initializer-range 0.2
"$allometer" make-model "$folder/untied-wide-heads" --dtype BF16 --seed 2 --initializer-range 0.1 --hidden-size 96 \
  --num-attention-heads 4 --num-key-value-heads 1 --head-dim 32 --tie-word-embeddings no --rope-theta 500000
checkpoints=("$folder"/*)
if [[ -n ${ALLOMETER_SHARED_DATA:-} ]]; then
  checkpoints+=("$ALLOMETER_SHARED_DATA"/stories/stories-*)
fi
/usr/bin/python3 "$(dirname "$0")/numpy_llama.py" "$allometer" "${checkpoints[@]}"
