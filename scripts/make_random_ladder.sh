#!/usr/bin/env bash
# Writes three random checkpoints of rising size: scripts/make_random_ladder.sh ALLOMETER DIRECTORY
set -euo pipefail
echo TODO
