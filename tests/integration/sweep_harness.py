"""What the integration tests of a sweep share: starting the program under mpirun, job files, comparing results."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
PROGRAM = os.environ["ALLOMETER"]  # the program under test; ctest sets it
SHARED = os.environ.get("ALLOMETER_SHARED_DATA", "")

needs_shared_data = unittest.skipUnless(
    SHARED, "ALLOMETER_SHARED_DATA is not set: the trained checkpoints of the stories ladder are needed")

TASK_TEXT = """\
task: {name}
dataset_path: {data}
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{gold}}}}"
num_fewshot: 0
metric_list:
  - metric: acc
"""


class SweepTest(unittest.TestCase):
    """A folder of its own for every test; helpers that start the program in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allometer-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def environment(self, **changes):
        environment = dict(os.environ)
        environment.update(
            OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            OMPI_MCA_mpi_yield_when_idle="1", OMPI_MCA_btl_base_warn_component_unused="0",
            OMP_WAIT_POLICY="passive", XDG_CACHE_HOME=str(self.folder / "cache"))
        environment.pop("OMP_NUM_THREADS", None)
        environment.update({key: str(value) for key, value in changes.items()})
        return environment

    def command(self, arguments, ranks):
        return ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), PROGRAM, *map(str, arguments)]

    def start(self, arguments, ranks=1, **environment):
        return subprocess.Popen(self.command(arguments, ranks), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace",
                                env=self.environment(**environment))

    def run_sweep(self, job, output, ranks=1, options=(), code=0, timeout=240, **environment):
        """Runs a job to its end and returns (stdout, stderr); fails unless it leaves with `code` (None: any)."""
        process = self.start(["run", job, "-o", output, *options], ranks, **environment)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"the sweep hangs; it said\n{err[-3000:]}")
        if code is not None:
            self.assertEqual(process.returncode, code, f"\nstdout:\n{out[-3000:]}\nstderr:\n{err[-3000:]}")
        return out, err

    def run_program(self, *arguments, code=0, **environment):
        """Runs a subcommand without mpirun."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=240, env=self.environment(**environment))
        self.assertEqual(done.returncode, code, f"\nstdout:\n{done.stdout[-3000:]}\nstderr:\n{done.stderr[-3000:]}")
        return done.stdout, done.stderr

    def assert_same_records(self, expected, actual):
        done = self.compare(expected, actual)
        self.assertEqual(done.returncode, 0, f"{actual} differs from {expected}:\n{done.stdout[-3000:]}{done.stderr}")

    def assert_different_records(self, expected, actual):
        done = self.compare(expected, actual)
        self.assertEqual(done.returncode, 1, f"{actual} should differ from {expected}:\n{done.stdout}{done.stderr}")

    def compare(self, expected, actual):
        return subprocess.run(["/usr/bin/python3", HERE / "compare_results.py", expected, actual], capture_output=True,
                              text=True)

    def state(self, output):
        return json.loads(pathlib.Path(f"{output}.state").read_text())

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def stories_job(self, name="job.yaml", models=("stories-14k", "stories-50k"), tasks="[story_cloze, story_coin]",
                    limit=40, more=""):
        lines = "".join(f"  - path: {SHARED}/stories/{model}\n    family: stories\n" for model in models)
        return self.write(name, f"name: stories\nmodels:\n{lines}tasks: {tasks}\nlimit: {limit}\n{more}")

    def copy_model(self, model, name):
        """A checkpoint that a test may damage."""
        target = self.folder / name
        shutil.copytree(f"{SHARED}/stories/{model}", target)
        for path in [target, *target.iterdir()]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        return target

    def wait_until(self, condition, seconds=60, what="the condition"):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited {seconds} s for {what}")
            time.sleep(0.02)


def signal_ranks(mpirun, number):
    """Sends a signal to every rank that this mpirun started."""
    for rank in ranks_of(mpirun):
        os.kill(rank, number)


def ranks_of(mpirun):
    children = pathlib.Path(f"/proc/{mpirun.pid}/task/{mpirun.pid}/children").read_text().split()
    return [int(child) for child in children
            if pathlib.Path(f"/proc/{child}/exe").exists()
            and os.path.realpath(f"/proc/{child}/exe") == os.path.realpath(PROGRAM)]


__all__ = ["SweepTest", "needs_shared_data", "signal_ranks", "ranks_of", "signal", "SHARED", "SOURCE", "PROGRAM",
           "TASK_TEXT", "pathlib", "json", "os", "shutil", "subprocess", "time", "unittest"]
