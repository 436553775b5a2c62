#!/bin/bash
# Stops what cluster_up.sh DIR started, by process id, and removes its namespaces. Logs stay in DIR/log.
set -u
dir=$(realpath "$1")
read -r tag nodes < "$dir/cluster"
export PATH=$PATH:/usr/sbin:/sbin

# A zombie whose parent does not reap it counts as gone.
is_alive() { grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2> /dev/null; }
any_alive() { for pid in "$@"; do is_alive "$pid" && return 0; done; return 1; }

mapfile -t pids < "$dir/pids"
for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null; done
for _ in $(seq 40); do any_alive "${pids[@]}" || break; sleep 0.25; done
for pid in "${pids[@]}"; do is_alive "$pid" && kill -KILL "$pid"; done
# What is left in a namespace of this cluster is a job step.
for name in "${tag}c" $(seq -f "$tag%g" "$nodes"); do
  [ -e "/run/netns/$name" ] || continue
  for pid in $(ip netns pids "$name"); do kill -KILL "$pid" 2> /dev/null; done
  ip netns del "$name"
done
exit 0
