#!/usr/bin/env bash
# Runs every fuzzer for a while, two at a time: tests/fuzz/run.sh BUILD_DIRECTORY SECONDS
# Seeds are tests/fuzz/corpus/NAME; what a run finds is kept in BUILD_DIRECTORY/corpus/NAME for the next one. An input
# that crashes a fuzzer is kept in BUILD_DIRECTORY/crashes and named at the end.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) seconds=$2
mkdir -p "$build/crashes"

run_one() {
  local program=$1 name status
  name=$(basename "$program" _fuzz)
  mkdir -p "$build/corpus/$name" "$here/corpus/$name"
  local started=$SECONDS
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$build/crashes/$name-" "$build/corpus/$name" "$here/corpus/$name" \
    > "$build/$name.log" 2>&1 < /dev/null
  status=$?
  local runs
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
  if [[ $status -ne 0 ]]; then
    echo "fuzz $name: FAILED (code $status); the log ends with"
    tail -n 40 "$build/$name.log"
    return 1
  fi
  echo "fuzz $name: ${runs:-0} inputs in $((SECONDS - started)) s, no crash"
  # A fuzzer that ran nothing proves nothing.
  [[ ${runs:-0} -gt 0 ]]
}

programs=("$build"/tests/fuzz/*_fuzz)
if [[ ! -x ${programs[0]} ]]; then
  echo "fuzz: no fuzzers in $build/tests/fuzz" >&2
  exit 1
fi
failures=0
for ((i = 0; i < ${#programs[@]}; i += 2)); do
  pids=()
  for program in "${programs[@]:i:2}"; do
    run_one "$program" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || failures=$((failures + 1))
  done
done
if [[ $failures -gt 0 ]]; then
  echo "fuzz: $failures of ${#programs[@]} fuzzers failed; inputs are in $build/crashes" >&2
  exit 1
fi
