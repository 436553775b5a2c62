#!/usr/bin/env bash
# The set-up step of ./quickstart and ./check: installs missing Debian packages, configures a preset and builds it.
#   scripts/setup.sh PRESET SECTIONS [cmake options]
# SECTIONS are those of scripts/debian-packages.txt, separated by commas. Nothing else is taken from the network.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 sections=$2
shift 2

wanted=$(awk -v sections=",$sections," '
  /^\[/ { on = index(sections, "," substr($0, 2, length($0) - 2) ","); next }
  on && !/^#/ && NF' scripts/debian-packages.txt)
# Node.js from elsewhere brings an npm of its own, with which Debian's cannot be installed.
if command -v node > /dev/null && command -v npm > /dev/null; then
  wanted=$(grep -vx -e nodejs -e npm <<< "$wanted" || true)
fi

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
  echo "setup: not a Debian system, so nothing is installed; docs/dependencies.md says what must be there"
else
  # shellcheck disable=SC2086  # one word per package
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2> /dev/null |
              sed -n 's/^installed //p' || true)
  missing=$(comm -23 <(sort -u <<< "$wanted") <(sort -u <<< "$installed") | xargs)
  if [[ -n $missing ]]; then
    as_root=()
    if [[ $(id -u) -ne 0 ]]; then
      if ! command -v sudo > /dev/null; then
        echo "setup: these packages are missing, and there is neither root nor sudo to install them: $missing" >&2
        echo "setup: ask for them, or use the modules of your site as README.md says" >&2
        exit 1
      fi
      as_root=(sudo)
    fi
    echo "setup: installing $missing"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -q < /dev/null
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends $missing < /dev/null
  fi
fi

cmake --preset "$preset" "$@"
cmake --build --preset "$preset" --parallel "$(nproc)"
