#!/bin/bash
# Raises a real Slurm cluster on this one machine: cluster_up.sh DIR [NODES]
#
# Every node is a network, host-name and mount namespace with an address and a /dev/shm of its own; all see the same
# files, as on a cluster with a shared file system. A controller sits in a namespace of its own. Everything is kept below
# DIR (which must not exist); nothing of the system's own Slurm or munge is touched. Afterwards:
#   . DIR/env.sh; on_cluster sbatch job.sh
# Needs root, for the namespaces. Stop it with cluster_down.sh DIR.
set -euo pipefail

dir=$(realpath -m "$1")
nodes=${2:-3}
here=$(dirname "$(realpath "$0")")
# Names of namespaces and interfaces are the machine's: the process id keeps two clusters apart (15 letters at most).
tag=al$$
network=10.$((64 + $$ % 64)).$(($$ / 64 % 256))
control=$network.254

[ "$(id -u)" = 0 ] || { echo "cluster_up.sh: needs root, to make network namespaces" >&2; exit 77; }
for tool in munged slurmctld slurmd srun ip nsenter unshare; do
  PATH=$PATH:/usr/sbin:/sbin command -v $tool > /dev/null || { echo "cluster_up.sh: $tool is not installed" >&2; exit 77; }
done
export PATH=$PATH:/usr/sbin:/sbin
mkdir "$dir"
mkdir "$dir"/{munge,socket,state,spool,tmp,log}
chmod 755 "$dir" "$dir/socket"
chmod 700 "$dir/munge"
echo "$tag $nodes" > "$dir/cluster"
: > "$dir/pids"
trap 'status=$?; [ $status = 0 ] || { echo "cluster_up.sh: failed; logs are in $dir/log" >&2; "$here/cluster_down.sh" "$dir"; }' EXIT

# A daemon in the foreground keeps its process id through nsenter and unshare, which only exec.
start() {  # NAME COMMAND...
  local name=$1
  shift
  setsid "$@" > "$dir/log/$name.out" 2>&1 < /dev/null &
  echo $! >> "$dir/pids"
}

make_network() {
  ip netns add "${tag}c"
  ip -n "${tag}c" link set lo up
  ip -n "${tag}c" link add bridge type bridge
  ip -n "${tag}c" addr add "$control/24" dev bridge
  ip -n "${tag}c" link set bridge up
  for i in $(seq "$nodes"); do
    ip netns add "$tag$i"
    ip -n "$tag$i" link set lo up
    ip -n "${tag}c" link add "node$i" type veth peer name eth0 netns "$tag$i"
    ip -n "${tag}c" link set "node$i" master bridge up
    ip -n "$tag$i" addr add "$network.$i/24" dev eth0
    ip -n "$tag$i" link set eth0 up
  done
}

write_configuration() {
  dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 status=none
  chmod 600 "$dir/munge/key"
  cat > "$dir/slurm.conf" <<CONF
ClusterName=allometer
SlurmctldHost=control($control)
SlurmctldPort=6817
SlurmdPort=6818
AuthType=auth/munge
AuthInfo=socket=$dir/socket/munge
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
MpiDefault=pmix
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,bf_interval=2,sched_interval=2
SlurmdParameters=config_overrides
# PMIx keeps its rendezvous files there: one place per node, though the nodes share their files.
TmpFS=$dir/tmp/%n
JobRequeue=1
ReturnToService=1
SlurmdTimeout=20
KillWait=10
MinJobAge=3600
PropagateResourceLimits=NONE
CONF
  for i in $(seq "$nodes"); do
    mkdir "$dir/spool/n$i" "$dir/tmp/n$i"
    echo "NodeName=n$i NodeAddr=$network.$i NodeHostname=n$i CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1" \
      "RealMemory=4000 State=UNKNOWN" >> "$dir/slurm.conf"
  done
  echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=1:00:00 DefaultTime=10:00 State=UP" >> "$dir/slurm.conf"
  cat > "$dir/env.sh" <<ENV
export SLURM_CONF=$dir/slurm.conf PATH=$PATH
# Everything here runs as root, which Open MPI only does when told to.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Runs a client command (sbatch, squeue, scontrol...) where it reaches the controller. Not 'ip netns exec': it remounts /sys.
on_cluster() { nsenter --net=/run/netns/${tag}c "\$@"; }
ENV
}

start_daemons() {
  start munged munged --foreground --force --key-file="$dir/munge/key" --socket="$dir/socket/munge" \
    --pid-file="$dir/munge/pid" --log-file="$dir/log/munged.log" --seed-file="$dir/munge/seed" --num-threads=2
  for _ in $(seq 50); do [ -S "$dir/socket/munge" ] && break; sleep 0.1; done
  export SLURM_CONF=$dir/slurm.conf
  start slurmctld nsenter --net=/run/netns/"${tag}c" unshare --uts sh -c 'hostname control; exec slurmctld -D -c'
  for i in $(seq "$nodes"); do
    start "n$i" nsenter --net=/run/netns/"$tag$i" unshare --uts --mount sh -c \
      "hostname n$i; mount -t tmpfs -o size=256m tmpfs /dev/shm; exec slurmd -D -N n$i"
  done
}

wait_until_idle() {
  for _ in $(seq 100); do
    [ "$(on_cluster sinfo -h -o '%D %t' 2> /dev/null)" = "$nodes idle" ] && return
    sleep 0.2
  done
  on_cluster sinfo -N >&2 || true
  return 1
}

make_network
write_configuration
start_daemons
. "$dir/env.sh"
wait_until_idle
