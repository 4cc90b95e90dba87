"""The store: keys, whole parts, a manifest that explains every column, any reader."""

import json

import pytest

from sim.compiled import sources_hash
from sim.measures import MEASURES
from sim.scenario import Design
from sim.study import store as stores
from sim.study.compare import compare
from sim.study.executors import Outcome
from sim.study.runs import plan, run_key
from sim.study.store import Store, StoreError
from tests.conftest import require
from tests.firms import firm

SMALL = firm(weeks=2, burn_in=1)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return compare(SMALL, replications=3, workers=1, out=tmp_path_factory.mktemp("store") / "results")


def test_the_key_is_what_can_change_a_number():
    key = run_key(SMALL, Design(), 1, 0)
    renamed = SMALL.model_copy(update={"name": "other", "question": "Why?"})
    assert run_key(renamed, Design(), 1, 0) == key
    assert run_key(SMALL.override(["run.replications=99", "run.seed=7"]), Design(), 1, 0) == key
    others = [
        run_key(SMALL.override(["world.load=1.1"]), Design(), 1, 0),
        run_key(SMALL.override(["run.weeks=3"]), Design(), 1, 0),
        run_key(SMALL, Design(contact=1e-9), 1, 0),
        run_key(SMALL, Design(), 2, 0),
        run_key(SMALL, Design(), 1, 1),
    ]
    assert len({key, *others}) == 6


def test_the_key_knows_the_version_of_the_model(monkeypatch):
    before = run_key(SMALL, Design(), 1, 0)
    monkeypatch.setattr("sim.study.runs.sources_hash", lambda: "another")
    assert run_key(SMALL, Design(), 1, 0) != before


def test_designs_with_equal_numbers_are_one_run(tmp_path):
    twice = compare(SMALL, designs=["traditional", Design()], replications=2, workers=1, out=tmp_path / "r")
    assert twice.computed == 2
    differences = twice.table.loc[twice.table["design"] == "design-2", "difference"].dropna()
    assert len(differences)
    assert (differences == 0).all()


def test_the_manifest_explains_every_column(stored):
    manifest = json.loads((stored.path / "manifest.json").read_text())
    (part,) = (stored.path / "runs").iterdir()
    columns = set(require("pandas").read_parquet(part).columns)
    levers = set(Design.model_fields)
    assert columns - levers == set(manifest["columns"])
    assert {measure.name for measure in MEASURES} < columns
    assert manifest["model"] == sources_hash()
    assert list(manifest["parts"]) == [part.name]
    assert {"numba", "numpy"} <= set(manifest["packages"])


def test_any_reader_of_parquet_reads_it(stored):
    polars, duckdb, pandas = require("polars"), require("duckdb"), require("pandas")
    parts = str(stored.path / "runs" / "*.parquet")
    expected = stored.runs.groupby("design")["decision_hours_mean"].mean().to_dict()
    frame = polars.read_parquet(parts).group_by("design").agg(polars.col("decision_hours_mean").mean())
    rows = duckdb.sql(f"select design, avg(decision_hours_mean) from '{parts}' group by design").fetchall()
    alone = pandas.read_parquet(stored.path / "runs").groupby("design")["decision_hours_mean"].mean()
    for found in (dict(frame.iter_rows()), dict(rows), alone.to_dict()):
        assert found == pytest.approx(expected)


def outcomes():
    return [
        Outcome(run, dict.fromkeys((measure.name for measure in MEASURES), 1.0), 0.1)
        for run in plan(SMALL, {"traditional": Design()}, 1, 2)
    ]


def test_a_part_is_whole_or_absent(tmp_path, monkeypatch):
    store = Store(tmp_path / "r", SMALL)

    def breaks(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores.os, "replace", breaks)
    with pytest.raises(StoreError, match="No space left"):
        store.write(outcomes())
    assert list((tmp_path / "r" / "runs").iterdir()) == []
    monkeypatch.undo()
    store.write(outcomes())
    assert len(store.read(run.key for run in plan(SMALL, {"t": Design()}, 1, 5))) == 2


def test_a_folder_without_a_readable_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("not json")
    with pytest.raises(StoreError, match=r"manifest\.json.*--out"):
        Store(tmp_path, SMALL)


def test_an_interrupt_keeps_what_is_finished(tmp_path):
    def interrupt(done, total):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(SMALL, replications=5, workers=1, out=tmp_path / "r", progress=interrupt)
    again = compare(SMALL, replications=5, workers=1, out=tmp_path / "r")
    assert (again.reused, again.computed) == (4, 6)
