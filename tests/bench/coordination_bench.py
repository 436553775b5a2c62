#!/usr/bin/env python3
"""What coordination costs rank 0 in CPU time, beside the computing: coordination_bench.py ALLOMETER [RANKS]

Runs a sweep of some seconds with very short shards (the worst case for the coordinator) and with ordinary ones, and
prints the CPU time of rank 0's coordinating thread as a share of the sweep's wall time. Aim: 3 % or less.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import h5py

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run(program, ranks, folder, shard_seconds):
    job = folder / f"job{shard_seconds}.yaml"
    job.write_text(f"name: coordination\nmodels:\n  - path: {folder}/model\n    random: true\n"
                   f"task_directories: [{SOURCE}/jobs/random/tasks]\ntasks: [story_lm, story_cloze, story_coin]\n"
                   f"engine: {{shard_seconds: {shard_seconds}}}\n")
    output = folder / f"out{shard_seconds}.h5"
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       OMP_NUM_THREADS="1")
    subprocess.run(["mpirun", "--oversubscribe", "-n", str(ranks), program, "run", job, "-o", output, "--threads", "1"],
                   check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL)
    with h5py.File(output) as file:
        group = file["coordination"]
        return float(group["coordination_cpu_seconds"][0]), float(group["start_wall_seconds"][0])


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    program, ranks = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 2
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([program, "make-model", folder / "model", "--hidden-size", "512", "--num-hidden-layers", "8",
                        "--num-attention-heads", "8", "--intermediate-size", "1536", "--max-position-embeddings", "1024",
                        "--tokenizer", SOURCE / "jobs/random/tokenizer"], check=True, stdout=subprocess.DEVNULL)
        for shard_seconds in (0.1, 20):
            cpu, wall = run(program, ranks, folder, shard_seconds)
            print(f"coordination, {ranks} ranks, shards of at most {shard_seconds} s: {cpu:.2f} s CPU in {wall:.1f} s, "
                  f"{100 * cpu / wall:.2f} % (aim: 3 % or less)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
