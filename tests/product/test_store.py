"""The store: keys, whole parts, a manifest that explains every column, any reader, damage, two writers at once."""

import json
import subprocess
import sys
import threading

import pandas as pd
import pytest

from sim.compiled import sources_hash
from sim.measures import MEASURES, Measure
from sim.own import Own
from sim.scenario import Design
from sim.study import conduct, durable
from sim.study.compare import compare
from sim.study.conduct import failures
from sim.study.durable import StoreError
from sim.study.executors import LOST, Outcome
from sim.study.experiment import Experiment
from sim.study.runs import fingerprint, run_key
from sim.study.store import Store
from tests.commands import environment, parts
from tests.conftest import require
from tests.firms import firm

SMALL = firm(weeks=2, burn_in=1)
BOTH = {"traditional": Design(), "social": Design.social()}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return compare(SMALL, replications=3, workers=1, series=True, out=tmp_path_factory.mktemp("store") / "results")


def key(scenario, design=None, seed=1, replication=0):
    return run_key(fingerprint(scenario), design or Design(), seed, replication)


def test_the_key_is_what_can_change_a_number():
    renamed = SMALL.model_copy(update={"name": "other", "question": "Why?"})
    assert key(renamed) == key(SMALL)
    assert key(SMALL.override(["run.replications=99", "run.seed=7"])) == key(SMALL)
    others = [
        key(SMALL.override(["world.load=1.1"])),
        key(SMALL.override(["run.weeks=3"])),
        key(SMALL, Design(contact=1e-9)),
        key(SMALL, seed=2),
        key(SMALL, replication=1),
    ]
    assert len({key(SMALL), *others}) == 6


def test_the_key_knows_the_version_of_the_model(monkeypatch):
    before = key(SMALL)
    monkeypatch.setattr("sim.study.runs.sources_hash", lambda: "another")
    assert key(SMALL) != before


def test_designs_with_equal_numbers_are_one_run(tmp_path):
    twice = compare(SMALL, designs=["traditional", Design()], replications=2, workers=1, out=tmp_path / "r")
    assert twice.computed == 2
    differences = twice.table.loc[twice.table["design"] == "design-2", "difference"].dropna()
    assert len(differences)
    assert (differences == 0).all()


def test_the_manifest_explains_every_column(stored):
    manifest = json.loads((stored.path / "manifest.json").read_text())
    files = [*(stored.path / "runs").iterdir(), *(stored.path / "series").iterdir(), stored.path / "plan.parquet"]
    columns = {name for path in files for name in pd.read_parquet(path).columns}
    assert columns <= set(manifest["columns"])
    assert {measure.name for measure in MEASURES} < columns
    assert all(manifest["columns"][name]["meaning"] for name in columns)
    assert manifest["model"] == sources_hash()
    named = {f"{table}/{name}" for table, names in manifest["parts"].items() for name in names}
    assert named == set(parts(stored.path))
    assert {"numba", "numpy"} <= set(manifest["packages"])
    assert manifest["seeds"] == [1]


def test_the_log_says_what_a_command_did(stored):
    (line,) = (stored.path / "log.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["runs"], entry["computed"], entry["reused"]) == (6, 6, 0)
    assert 0 < entry["engine_seconds"] < entry["wall_seconds"]
    assert entry["host"]


def test_any_reader_of_parquet_reads_it(stored):
    polars, duckdb = require("polars"), require("duckdb")
    files = str(stored.path / "runs" / "*.parquet")
    expected = stored.runs.groupby("design")["decision_hours_mean"].mean().to_dict()
    frame = polars.read_parquet(files).group_by("design").agg(polars.col("decision_hours_mean").mean())
    rows = duckdb.sql(f"select design, avg(decision_hours_mean) from '{files}' group by design").fetchall()
    alone = pd.read_parquet(stored.path / "runs").groupby("design")["decision_hours_mean"].mean()
    for found in (dict(frame.iter_rows()), dict(rows), alone.to_dict()):
        assert found == pytest.approx(expected)


def test_the_daily_series_has_every_day_of_every_run(stored):
    series = pd.read_parquet(stored.path / "series")
    assert series.groupby("key")["day"].apply(list).tolist() == [list(range(1, 11))] * 6
    runs = stored.runs.set_index("key")
    daily = series.set_index("key")
    assert daily["decisions"].groupby("key").sum().max() > 0
    assert daily["customers"].between(1, 1000).all()
    assert daily["retained"].between(0, 1).all()
    assert daily["satisfaction"].between(0, 100).all()
    # A mean over days of those who are customers now against one over weeks: alike, not equal.
    means = daily["satisfaction"].groupby("key").mean()
    assert (means - runs["satisfaction_active"]).abs().max() < 5


def test_looking_every_day_changes_no_number(stored, tmp_path):
    without = compare(SMALL, replications=3, workers=1, out=tmp_path / "r")
    pd.testing.assert_frame_equal(without.runs, stored.runs)
    assert not (without.path / "series").exists()
    later = compare(SMALL, replications=3, workers=1, series=True, out=without.path)
    assert later.computed == 6
    assert parts(later.path) == parts(stored.path), "runs that were there are not written again"


def outcomes(replications=2):
    experiment = Experiment(SMALL, BOTH)
    runs = [run for replication in range(replications) for run in experiment.runs(0, replication)]
    numbers = dict.fromkeys((measure.name for measure in MEASURES), 1.0)
    return experiment, [Outcome(run, {}, numbers, None, "") for run in runs]


def test_a_part_is_whole_or_absent(tmp_path, monkeypatch):
    experiment, done = outcomes()
    store = Store(tmp_path / "r", experiment)

    def breaks(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "replace", breaks)
    with pytest.raises(StoreError, match="No space left"):
        store.keep(done)
    assert [path for path in (tmp_path / "r").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    store.keep(done)
    assert Store(tmp_path / "r", experiment).finished() == {one.run.key for one in done}


def test_finished_runs_wait_until_their_slice_is_complete(tmp_path):
    experiment, done = outcomes()
    store = Store(tmp_path / "r", experiment)
    store.keep(done[:1])
    store.keep(done[1:])
    assert parts(store.folder) == {}
    again = Store(tmp_path / "r", experiment)
    again.seal({one.run.key for one in done})
    again.tidy()
    assert len(parts(store.folder)) == 1
    assert not (store.folder / "pending").exists()
    assert len(again.read({one.run.key for one in done})) == 4


def test_a_folder_without_a_readable_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("not json")
    with pytest.raises(StoreError, match=r"manifest\.json.*--out"):
        Store(tmp_path, Experiment(SMALL, BOTH))


def test_an_interrupt_keeps_what_is_finished(tmp_path):
    def interrupt(done, total):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(SMALL, replications=5, workers=1, out=tmp_path / "r", progress=interrupt)
    again = compare(SMALL, replications=5, workers=1, out=tmp_path / "r")
    assert (again.reused, again.computed) == (4, 6)
    whole = compare(SMALL, replications=5, workers=1, out=tmp_path / "whole")
    assert parts(again.path) == parts(whole.path)


@pytest.mark.parametrize("damage", [lambda old: old[:-7], lambda old: b"", lambda old: old[:99] + b"?" + old[100:]])
def test_a_damaged_part_is_named_and_computed_again(damage, tmp_path, monkeypatch):
    monkeypatch.setattr(conduct, "RUNS_A_PART", 2)
    first = compare(SMALL, replications=3, workers=1, out=tmp_path / "r")
    whole = parts(first.path)
    assert len(whole) == 3
    path = first.path / sorted(whole)[1]
    path.write_bytes(damage(path.read_bytes()))
    again = compare(SMALL, replications=3, workers=1, out=tmp_path / "r")
    assert (again.reused, again.computed) == (4, 2)
    assert [path.name in sentence for sentence in again.damaged] == [True]
    assert parts(again.path) == whole
    pd.testing.assert_frame_equal(again.runs, first.runs)


def test_two_writers_at_once_leave_what_one_leaves(tmp_path, monkeypatch):
    monkeypatch.setattr(conduct, "RUNS_A_PART", 4)
    whole = compare(SMALL, replications=12, workers=1, out=tmp_path / "whole")
    found = {}

    def write(name, replications):
        found[name] = compare(SMALL, replications=replications, workers=1, out=tmp_path / "r")

    threads = [threading.Thread(target=write, args=one) for one in (("a", 12), ("b", 12), ("c", 7))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: len(one.runs) for name, one in found.items()} == {"a": 24, "b": 24, "c": 14}
    pd.testing.assert_frame_equal(found["a"].runs, whole.runs)
    raw = pd.read_parquet(tmp_path / "r" / "runs")
    assert raw["key"].is_unique, "for readers that do not know of us"
    after = compare(SMALL, replications=12, workers=1, out=tmp_path / "r")
    assert after.computed == 0
    assert after.damaged == ()
    pd.testing.assert_frame_equal(after.runs, whole.runs)
    json.loads((after.path / "manifest.json").read_text())


def moody(seen):
    if seen.now % 3 == 1:
        raise ValueError("no mood for it")
    if len(seen.closed) % 2:
        raise ValueError("an odd number of cases")
    return float(len(seen.closed))


MOODY = Own(measures=(Measure("moody", "cases", "more", "closed cases, where their number is even", moody),))


def test_a_run_that_fails_is_a_row_and_stops_nothing(tmp_path):
    found = compare(SMALL, replications=8, workers=1, own=MOODY, out=tmp_path / "r")
    assert len(found.failed) + len(found.runs) == 16
    assert 0 < len(found.failed) < 16
    row = found.failed.iloc[0]
    assert row["error"] == "ValueError: an odd number of cases"
    assert row["command"] == f"firmlab replay {row['key']} --in {(tmp_path / 'r').as_posix()}"
    pairs = found.table.set_index(["measure", "design"]).loc[("moody", "social"), "pairs"]
    assert pairs == (found.runs.groupby("replication").size() == 2).sum()
    again = compare(SMALL, replications=8, workers=1, own=MOODY, out=tmp_path / "r")
    assert again.computed == 0
    assert len(again.failed) == len(found.failed)
    assert set(again.failed["key"]).isdisjoint(again.runs["key"])


def test_a_run_that_the_machine_lost_is_tried_again(tmp_path):
    """Out of memory, or its process died: not the model's fault."""
    experiment, done = outcomes()
    store = Store(tmp_path / "r", experiment)
    lost, failed = (done[number]._replace(error=error) for number, error in enumerate((f"{LOST}MemoryError: ", "no")))
    store.describe(pd.DataFrame({"key": [one.run.key for one in done], "replication": [0, 0, 1, 1]}))
    store.keep([lost, failed])
    again = Store(tmp_path / "r", experiment)
    assert again.finished() == {failed.run.key}
    again.keep([done[0]])
    again.seal({one.run.key for one in done})
    found = failures(experiment, Store(tmp_path / "r", experiment), [(0, 0)])
    assert found["key"].tolist() == [failed.run.key]


def test_where_every_run_fails_it_is_told(tmp_path):
    def never(seen):
        raise ValueError("never")

    own = Own(measures=(Measure("never", "count", "more", "never", never),))
    found = compare(SMALL, replications=2, workers=1, own=own, out=tmp_path / "r")
    assert len(found.failed) == 4
    assert len(found.runs) == 0
    assert found.table["pairs"].eq(0).all()


def test_runs_without_a_manifest_are_not_mixed_with_others(tmp_path):
    first = compare(SMALL, replications=1, workers=1, out=tmp_path / "r")
    (first.path / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"holds runs but no manifest\.json"):
        compare(SMALL.override(["world.load=2.0"]), replications=1, workers=1, out=tmp_path / "r")


def test_the_manifest_is_there_before_the_first_run(tmp_path):
    def stop(done, total):
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        compare(SMALL, replications=1, workers=1, out=tmp_path / "r", progress=stop)
    with pytest.raises(StoreError, match="another experiment"):
        compare(SMALL.override(["world.load=2.0"]), replications=1, workers=1, out=tmp_path / "r")


def test_a_script_that_forgets_to_guard_itself_is_told(tmp_path):
    (tmp_path / "script.py").write_text(
        "from sim import compare\nfrom tests.firms import firm\n"
        "compare(firm(weeks=2, burn_in=1), replications=3, workers=2, out='r')\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert 'below if __name__ == "__main__":, or with workers=1' in done.stderr
    assert not (tmp_path / "r" / "failures").exists()
    assert len(compare(SMALL, replications=3, workers=1, out=tmp_path / "r").runs) == 6
