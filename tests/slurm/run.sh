#!/bin/bash
# Tries slurm/*.sbatch on a real Slurm of three nodes: run.sh PROGRAM (or its build directory)
#
# A sweep is submitted, requeued in its middle, finished, and its records are compared with those of an undisturbed run.
# Another one is stopped by its time limit and carries on by itself; a third is cancelled and stays so.
# Needs root (network namespaces) and Debian's Slurm, which it installs where apt-get can. Exit codes: 0 passed, 1 failed,
# 77 skipped.
set -euo pipefail

program=$(realpath "$1")
[ -d "$program" ] && program=$program/allometer
here=$(dirname "$(realpath "$0")")
source=$(realpath "$here/../..")
export PATH=$PATH:/usr/sbin:/sbin

[ "$(id -u)" = 0 ] || { echo "skipped: needs root, to make network namespaces"; exit 77; }
if ! { command -v slurmctld && command -v slurmd && command -v munged && command -v ip; } > /dev/null; then
  apt-get install -y --no-install-recommends slurm-wlm slurmd slurmctld slurm-client slurm-wlm-basic-plugins munge \
    libpmix-dev iproute2 > /dev/null || { echo "skipped: Slurm is not installed and could not be"; exit 77; }
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/allometer-slurm.XXXXXX")
finish() {
  local status=$?
  [ -d "$work/cluster" ] && "$here/cluster_down.sh" "$work/cluster"
  if [ $status = 0 ]; then rm -rf "$work"; else echo "FAILED; everything is kept in $work"; fi
}
trap finish EXIT
if ! "$here/cluster_up.sh" "$work/cluster" 3; then
  [ -d "$work/cluster" ] || { echo "skipped: no cluster could be raised here"; exit 77; }
  exit 1
fi
. "$work/cluster/env.sh"
# Ranks talk over the nodes' own network; three nodes share the cores of one machine.
export OMPI_MCA_btl=tcp,vader,self OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_oob_tcp_if_include=eth0 OMPI_MCA_btl_base_warn_component_unused=0
export ALLOMETER="$program" ALLOMETER_TASKS="$source/jobs/tasks" XDG_CACHE_HOME="$work/cache"
cd "$work"

say() { echo "== $*"; }
fail() {
  echo "FAILED: $*" >&2
  for log in "$work"/*.log; do
    echo "--- $log"
    tail -n 40 "$log"
  done >&2
  exit 1
}

# --- a sweep of some tens of seconds: random checkpoints on a text of our own

make_job() {
  for layers in 4 6; do
    "$program" make-model "$work/models/random-$layers" --num-hidden-layers $layers --hidden-size 192 \
      --intermediate-size 512 --tokenizer "$source/jobs/random/tokenizer" --seed $layers 2> /dev/null
  done
  cat > "$work/job.yaml" <<JOB
name: slurm
models:
  - path: models/random-*
    family: random
    random: true
task_directories: [$source/jobs/random/tasks]
tasks:
  - story_lm
  - task: story_cloze
    shots: [0, 2]
  - story_continue
engine:
  shard_seconds: 1
JOB
}

key() { /usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1.state" "$2" 2> /dev/null || echo 0; }
submit() { on_cluster sbatch --parsable --nodes=3 --ntasks-per-node=1 --cpus-per-task=1 --time=30 "$@"; }
job_state() { on_cluster scontrol -o show job "$1" | tr ' ' '\n' | sed -n 's/^JobState=//p'; }
restarts() { on_cluster scontrol -o show job "$1" | tr ' ' '\n' | sed -n 's/^Restarts=//p'; }

# Slurm keeps a requeued job back for two minutes. A few seconds must do: until then its nodes refuse it.
hurry() { on_cluster scontrol update JobId="$1" StartTime=now 2> /dev/null || true; }

wait_for_end() {  # JOB SECONDS
  local state pending=0
  for _ in $(seq $(($2 * 2))); do
    state=$(job_state "$1")
    case $state in
      COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) echo "$state"; return ;;
      PENDING) pending=$((pending + 1)) && [ $pending != 16 ] || hurry "$1" ;;
      *) pending=0 ;;
    esac
    sleep 0.5
  done
  fail "job $1 is $state after $2 s"
}

wait_for_questions() {  # OUTPUT MINIMUM SECONDS
  for _ in $(seq $(($3 * 5))); do
    [ "$(key "$1" questions_done)" -ge "$2" ] && return
    [ "$(key "$1" outcome)" = done ] && fail "$1 was done before it could be disturbed: make the job longer"
    sleep 0.2
  done
  fail "$1 has not answered $2 questions after $3 s"
}

compare() { /usr/bin/python3 "$source/tests/integration/compare_results.py" "$@" || fail "records differ: $*"; }

undisturbed() {
  say "an undisturbed run, one rank, no Slurm"
  OMPI_MCA_btl=self "$program" run job.yaml -o undisturbed.h5 > undisturbed.log 2>&1 || fail "the undisturbed run"
}

requeued() {
  say "requeued in the middle"
  local id
  id=$(submit --job-name=requeued "$source/slurm/sweep.sbatch" job.yaml requeued.h5)
  wait_for_questions requeued.h5 20 120
  on_cluster scontrol requeue "$id"
  [ "$(wait_for_end "$id" 420)" = COMPLETED ] || fail "the requeued job ended as $(job_state "$id")"
  [ "$(restarts "$id")" = 1 ] || fail "expected one restart, there were $(restarts "$id")"
  compare undisturbed.h5 requeued.h5
}

stopped_by_signal() {
  say "stopped near its time limit, carries on by itself ($1)"
  local id name=${1//\//-}
  id=$(submit --job-name="$name" "$source/slurm/$1" job.yaml "$name.h5")
  wait_for_questions "$name.h5" 20 120
  # What --signal=B:USR1@120 sends two minutes before the limit: to the batch script alone.
  on_cluster scancel --batch --signal=USR1 "$id"
  [ "$(wait_for_end "$id" 420)" = COMPLETED ] || fail "$1 ended as $(job_state "$id")"
  [ "$(restarts "$id")" = 1 ] || fail "expected one restart, there were $(restarts "$id")"
  grep -q "stopped early" "$name"-*.log || fail "$1 did not stop in good order"
  compare undisturbed.h5 "$name.h5"
}

cancelled() {
  say "cancelled, stays cancelled, and a later submission carries on"
  local id first
  id=$(submit --job-name=cancelled "$source/slurm/sweep.sbatch" job.yaml cancelled.h5)
  wait_for_questions cancelled.h5 20 120
  on_cluster scancel "$id"
  [ "$(wait_for_end "$id" 60)" = CANCELLED ] || fail "the cancelled job ended as $(job_state "$id")"
  sleep 5
  [ "$(job_state "$id")" = CANCELLED ] || fail "the cancelled job came back as $(job_state "$id")"
  first=$(key cancelled.h5 questions_done)
  [ "$first" -ge 20 ] || fail "the cancelled sweep forgot its answers"
  id=$(submit --job-name=cancelled "$source/slurm/sweep.sbatch" job.yaml cancelled.h5)
  [ "$(wait_for_end "$id" 300)" = COMPLETED ] || fail "the job after the cancelled one ended as $(job_state "$id")"
  compare undisturbed.h5 cancelled.h5
}

make_job
undisturbed
requeued
stopped_by_signal sweep.sbatch
stopped_by_signal mpirun/sweep.sbatch
cancelled
say "passed"
