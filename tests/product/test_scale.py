"""A sweep at scale: killed and taken up again, in shards, on a real cluster that loses a worker, in constant memory."""

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from sim.scenario import ScenarioError
from sim.study import conduct
from sim.study.cluster import Cluster, compute_as
from sim.study.durable import StoreError
from sim.study.executors import Processes
from sim.study.sweep import merge, opened, rounds, sweep
from sim.study.sweepfile import Sweep
from tests.commands import command, environment, firmlab, parts, tiny
from tests.conftest import require

FILE = """
scenario = "tiny.toml"
replications = {replications}
series = true
factor = [{{ key = "world.load", levels = [0.5, 1.0, 1.5, 2.0] }}]
[plan]
kind = "grid"
"""
KILLS = 10


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.toml").write_text(tiny(weeks=2))
    (tmp_path / "file.toml").write_text(FILE.format(replications=6))
    return tmp_path


def workers_of(pid):
    """The processes of a pool, spawned by a process."""
    children = require("psutil").Process(pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def written(folder):
    """The names of what a store holds so far."""
    return {path.name for path in folder.glob("**/part-*.parquet")}


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9, and /proc")
def test_killed_at_ten_random_moments_it_ends_with_the_same_bytes(folder):
    psutil = require("psutil")
    (folder / "tiny.toml").write_text(tiny(weeks=20))
    (folder / "file.toml").write_text(FILE.format(replications=30))
    options = ("sweep", "file.toml", "--workers", 2, "--out")
    whole = firmlab(*options, "whole", folder=folder)
    assert whole.returncode == 0, whole.stderr
    moments = random.Random(7)
    seen = []
    for kill in range(KILLS):
        running = subprocess.Popen(
            command(*options, "killed"), cwd=folder, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # Once while it starts, then at any moment after it has added something to what was there: told by its work,
        # not by a clock, so that a slow machine is killed at as many different moments as a fast one.
        before = written(folder / "killed")
        while kill and written(folder / "killed") == before and running.poll() is None:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.1))
        workers = workers_of(running.pid)
        running.kill()
        assert running.wait() == -signal.SIGKILL, "it ended before it could be killed"
        _, left = psutil.wait_procs(workers, timeout=30)
        assert not left, "its workers go on for ever"
        seen.append(written(folder / "killed"))
    assert len(set(map(frozenset, seen))) == KILLS, "every kill hit another moment"
    last = firmlab(*options, "killed", folder=folder)
    assert last.returncode == 0, last.stderr
    assert len(parts(folder / "whole")) > 4
    assert parts(folder / "killed") == parts(folder / "whole")
    assert not (folder / "killed" / "pending").exists()
    assert all(path.name.startswith("part-") for path in (folder / "killed" / "runs").iterdir())


def test_shards_make_the_same_tables_as_one_command(folder, monkeypatch):
    monkeypatch.setattr(conduct, "RUNS_A_PART", 8)
    setup = Sweep(folder / "file.toml")
    whole = sweep(setup, workers=1, out=folder / "whole")
    for i in (1, 3):
        sweep(setup, workers=1, out=folder / f"shard-{i}", shard=(i, 3))
    with pytest.raises(StoreError, match=r"16 runs are missing, of shard 2/3; run firmlab sweep FILE --shard 2/3"):
        merge(setup, [folder / "shard-1", folder / "shard-3"], out=folder / "merged")
    sweep(setup, workers=1, out=folder / "merged", shard=(2, 3))  # a shard may as well write where all is merged
    merged = merge(setup, [folder / "shard-1", folder / "shard-3", folder / "whole"], out=folder / "merged")
    assert merged.computed == 0
    assert pd.read_parquet(merged.path / "runs")["key"].is_unique
    pd.testing.assert_frame_equal(merged.runs, whole.runs)
    assert parts(merged.path) == parts(whole.path)


def test_a_merge_of_nothing_says_so(folder):
    with pytest.raises(StoreError, match="no shard has been here"):
        merge(Sweep(folder / "file.toml"), [], out=folder / "r")


def test_shards_as_typed(folder):
    for i in (1, 2):
        done = firmlab("sweep", "file.toml", "--shard", f"{i}/2", "--workers", 1, folder=folder)
        assert done.returncode == 0, done.stderr
    merged = firmlab("sweep", "file.toml", "--merge", folder=folder)
    assert merged.returncode == 0, merged.stderr
    assert "(0 runs computed now, 48 there already)" in merged.stdout


# --- processes --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_a_process_that_dies_costs_nothing(folder):
    setup = Sweep(folder / "file.toml")
    killed = []

    def kill_one(done, total):
        if done >= 6 and not killed:
            killed.append(workers_of(os.getpid())[0])
            killed[0].kill()

    study = sweep(setup, workers=2, out=folder / "r", progress=kill_one)
    assert killed
    assert not len(study.failed)
    assert parts(study.path) == parts(sweep(setup, workers=1, out=folder / "one").path)


# --- a cluster --------------------------------------------------------------------------------------------------------


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)], env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers as own processes on loopback: (address, workers)."""
    require("distributed")
    contact = tmp_path / "scheduler.json"
    scheduler = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard",
                      "--scheduler-file", contact)  # fmt: skip
    workers = [
        start("distributed.cli.dask_worker", "--scheduler-file", contact, "--host", "127.0.0.1", "--no-dashboard",
              "--no-nanny", "--nthreads", 1, "--local-directory", tmp_path / f"worker-{number}")
        for number in range(2)
    ]  # fmt: skip
    try:
        import json

        end = time.monotonic() + 60
        while not contact.exists() and time.monotonic() < end:
            time.sleep(0.1)
        yield json.loads(contact.read_text())["address"], workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_makes_the_same_tables(folder, cluster):
    address, workers = cluster
    setup = Sweep(folder / "file.toml")
    killed = []

    def kill_one(done, total):
        if done >= 8 and not killed:
            workers[0].kill()
            killed.append(done)

    with Cluster(address) as executor:
        executor.client.wait_for_workers(2, timeout=60)
        study = sweep(setup, execute=executor, out=folder / "cluster", progress=kill_one)
        assert killed
        assert workers[0].wait() == -signal.SIGKILL
        assert len(executor.client.scheduler_info()["workers"]) == 1
    assert not len(study.failed)
    alone = sweep(setup, workers=1, out=folder / "one")
    pd.testing.assert_frame_equal(study.runs, alone.runs)
    assert parts(study.path) == parts(alone.path)


def test_a_cluster_as_typed(folder, cluster):
    done = firmlab("sweep", "file.toml", "--cluster", cluster[0], folder=folder)
    assert done.returncode == 0, done.stderr
    assert "48 runs computed now" in done.stdout


def test_a_worker_with_another_version_is_refused(folder):
    setup = Sweep(folder / "file.toml")
    experiment, store = opened(setup, folder / "r")
    (pairs,) = rounds(setup, experiment, store)
    twins = experiment.twins(0, experiment.runs(*pairs[0]))
    with pytest.raises(ScenarioError, match=r"worker .* has another version of firmlab .*install the same one"):
        compute_as("another", twins)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_number_of_runs(folder):
    """After run 2 000 at most 5 % above that after run 200, in the parent and in its worker."""
    psutil = require("psutil")
    setup = Sweep(folder / "file.toml")
    at = {}

    def look(done, total):
        for count in (200, 2000):
            if done >= count and count not in at:
                at[count] = [one.memory_info().rss for one in (psutil.Process(), *workers_of(os.getpid()))]

    study = sweep(setup, replications=260, execute=Processes(1), out=folder / "r", progress=look)
    assert study.computed == 2080
    assert len(at[2000]) == 2
    for early, late in zip(at[200], at[2000], strict=True):
        assert late <= 1.05 * early, at
