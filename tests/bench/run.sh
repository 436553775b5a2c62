#!/usr/bin/env bash
# All figures of speed in one go: tests/bench/run.sh BUILD_DIRECTORY, on a quiet machine.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
if [[ $(id -u) -eq 0 ]]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
status=0

# figures TITLE COMMAND...: a benchmark that fails does not keep the others from their figures.
figures() {
  local title=$1
  shift
  printf '\n-- %s\n' "$title"
  "$@" < /dev/null || { echo "bench: FAILED: $title" >&2; status=1; }
}

figures 'matrix products and attention, one thread' env OMP_NUM_THREADS=1 "$build/tests/bench/ops_bench"
figures 'scoring, against the matrix products of this machine' "$build/tests/bench/scoring_bench"
figures 'what the token trie saves' "$build/tests/bench/trie_bench"
figures 'what the token trie saves when predictions are explained' "$build/tests/bench/explain_bench"
figures 'what coordination costs' /usr/bin/python3 "$here/coordination_bench.py" "$build/allometer"
figures 'statistics of 10^5 cells x 10^3 questions' "$build/tests/bench/analysis_bench"
figures 'how often intervals hold and verdicts err' "$build/tests/bench/coverage_bench" --quick
figures 'fits over many questions' "$build/tests/bench/questions_bench"
figures 'encoding English text' "$here/tokenizer_bench.sh" "$build"
exit $status
