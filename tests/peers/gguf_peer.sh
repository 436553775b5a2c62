#!/usr/bin/env bash
# Block formats and quantised models against llama.cpp's own libraries, which the npm package @node-llama-cpp/linux-x64
# brings: tests/peers/gguf_peer.sh BUILD_DIRECTORY [OUTPUT], where OUTPUT gets the few blocks that the default tests compare
# with (tests/io/ggml_blocks.gguf).
# Exit code 0: all equal; 1: some differ; 77: no npm, or no way to its registry (skipped).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
if [[ $(uname -sm) != "Linux x86_64" ]] || ! command -v npm > /dev/null; then
  echo "gguf_peer: skipped, npm is not installed or this is no x86-64 Linux"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=@node-llama-cpp/linux-x64
if ! npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" $package@3.22.1 > "$work/npm.log" 2>&1; then
  echo "gguf_peer: skipped, npm could not install $package"
  exit 77
fi
libraries=$work/node_modules/$package/bins/linux-x64
peer() { PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/gguf_peer.py" "$@"; }
if [[ -n ${2:-} ]]; then
  peer blocks "$libraries" "$2" 1 6
  exit 0
fi
status=0
for seed in 1 2 3; do
  peer blocks "$libraries" "$work/blocks.gguf" $seed 20000
  ALLOMETER_GGML_BLOCKS=$work/blocks.gguf "$build/tests/io_tests" --gtest_brief=1 \
    --gtest_filter=QuantizedBlocks.EqualThoseOfGgmlToTheLastBit || status=1
done
mkdir "$work/models"
peer models "$libraries" "$build/allometer" "$work/models" || status=1
exit $status
