#!/usr/bin/env bash
# Runs clang-tidy over src/ with the checks of .clang-tidy: scripts/clang_tidy.sh [REGEX of files]
# Clang needs command lines of its own (GCC's name warnings and OpenMP headers that it does not have), so they come
# from a build directory that is configured with Clang and never built.
set -euo pipefail
cd "$(dirname "$0")/.."
files=${1:-"$PWD/src/.*\.cpp$"}
cmake --preset release -B build/tidy -D CMAKE_CXX_COMPILER=clang++ -D CMAKE_C_COMPILER=clang \
  -D ALLOMETER_CONTRACTS=ON -D ALLOMETER_TESTS=OFF -D ALLOMETER_BENCH=OFF > build/tidy-configure.log
cmake --build build/tidy --target allometer_git_revision > /dev/null
run-clang-tidy -quiet -p build/tidy -j "$(nproc)" "$files"
