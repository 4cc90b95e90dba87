"""The commands as a user types them: exit codes, JSON, going on."""

import json
import subprocess
import sys

import pytest

from sim.scenario import Design, Scenario
from sim.study.durable import StoreError
from sim.study.experiment import Experiment
from sim.study.store import Store
from tests.commands import REPOSITORY, firmlab, parts

SMALL = """
[world]
staff = 31
[run]
burn_in_weeks = 1
warm_up_weeks = 0
weeks = 2
replications = 4
"""
# A comparison in this very process and without its report, where neither is what a test is about.
ALONE = ("compare", "small.toml", "--no-report", "--workers", 1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path


@pytest.mark.parametrize("arguments", [("--help",), ("compare", "--help"), ("run", "--help"), ("schema",)])
def test_help_and_schema_work_everywhere(arguments, tmp_path):
    done = firmlab(*arguments, folder=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from sim.cli import app; CliRunner().invoke(app, ['--help']);"
        "print([n for n in ('numba', 'numpy', 'pandas', 'mesa', 'pydantic') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_schema_is_json(tmp_path):
    keys = json.loads(firmlab("schema", folder=tmp_path).stdout)["properties"]["world"]["properties"]
    assert "persons" not in keys
    assert keys["staff"]["unit"] == "seats"
    assert all({"unit", "description", "source"} <= set(key) for key in keys.values())


def test_run_prints_every_measure_as_json(folder):
    done = firmlab("run", "small.toml", "--design", "social", "--json", folder=folder)
    measures = json.loads(done.stdout)
    assert done.returncode == 0
    assert measures["decision_hours_median"] > 0
    assert 0 < measures["satisfaction"] < 100
    assert measures["retention_12m"] is None  # before a measured year


def test_compare_prints_a_table_and_where_it_is_stored(folder):
    done = firmlab("compare", "small.toml", "--out", "results", "--workers", 1, folder=folder)
    assert done.returncode == 0, done.stderr
    *lines, stored, last = done.stdout.strip().splitlines()
    assert stored.startswith("Stored in results (8 runs computed now, 0 there already)")
    assert last == "Report: results/report.html"
    assert "4 pairs of twins, 31 seats" in done.stdout
    words = ["decision median h", "satisfaction", "decision p90 h", "bad accepted, %", "panels, h", "profit"]
    places = [next(i for i, line in enumerate(lines) if word in line) for word in words]
    assert places == sorted(places)  # headlines, what stands beside them, what it cost
    assert max(len(line) for line in lines if line.startswith(" ")) <= 80


def test_compare_shows_the_path_over_time(folder):
    done = firmlab(*ALONE, "--every", 3, "--replications", 2, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "satisfaction" in done.stdout
    assert done.stdout.count("to week") == 5
    assert not (folder / "results").exists()


def test_compare_as_json_is_one_row_a_measure_and_design(folder):
    done = firmlab(*ALONE, "--json", "--designs", "traditional,connected,social", folder=folder)
    rows = json.loads(done.stdout)
    assert {row["design"] for row in rows} == {"traditional", "connected", "social"}
    assert len(rows) == 3 * len({row["measure"] for row in rows})
    assert all(row["difference"] is None for row in rows if row["design"] == "traditional")
    assert [path.name[:6] for path in (folder / "results").iterdir()] == ["small-"]


def test_a_second_compare_computes_only_what_is_missing(folder):
    firmlab(*ALONE, "--replications", 2, "--out", "r", folder=folder)
    more = firmlab(*ALONE, "--replications", 5, "--out", "r", folder=folder)
    assert "(6 runs computed now, 4 there already)" in more.stdout
    again = firmlab(*ALONE, "--replications", 5, "--out", "r", folder=folder)
    assert "(0 runs computed now, 10 there already)" in again.stdout
    third = firmlab(*ALONE, "--designs", "traditional,connected", "--out", "r", folder=folder)
    assert "(4 runs computed now, 4 there already)" in third.stdout


def test_workers_do_not_change_a_number(folder):
    firmlab(*ALONE, "--out", "one", folder=folder)
    firmlab("compare", "small.toml", "--no-report", "--workers", 2, "--out", "two", folder=folder)
    one, two = parts(folder / "one"), parts(folder / "two")
    assert len(one) == 1
    assert one == two, "to the last byte"


def test_trace_writes_an_event_log_of_both_firms(folder):
    firmlab(*ALONE, "--trace", "--out", "r", folder=folder)
    assert sorted(path.name for path in (folder / "r" / "trace").iterdir()) == ["social.csv", "traditional.csv"]
    firmlab("run", "small.toml", "--trace", "one.csv", folder=folder)
    assert (folder / "one.csv").read_text() == (folder / "r" / "trace" / "traditional.csv").read_text()
    assert (folder / "one.csv").read_text().startswith("case,activity,resource,arrived,start,end\n")


def test_observed_hours_stand_beside_the_models(folder):
    observed = "observed_hours_by_handoffs = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]\n"
    (folder / "small.toml").write_text(observed + SMALL)
    printed = firmlab(*ALONE, "--out", "r", folder=folder).stdout
    assert "median hours of requests by handoffs   observed" in printed
    (folder / "small.toml").write_text(observed.replace("0.5", "9.5") + SMALL)
    again = firmlab(*ALONE, "--out", "r", folder=folder).stdout
    assert "(0 runs computed now" in again, "no run reads the observed hours"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("compare", "small.toml", "--designs", "traditional,socail"), ("socail", "did you mean", "social")),
        (("compare", "small.toml", "--designs", "social"), ("two designs",)),
        (("compare", "small.toml", "--designs", "social,social"), ("twice",)),
        (("compare", "small.toml", "--replications", "-3"), ("replications = -3", "below 1")),
        (("compare", "small.toml", "--seed", "-1"), ("seed = -1",)),
        (("compare", "small.toml", "--set", "world.lod=2"), ("world.lod", "world.load")),
        (("compare", "small.toml", "--set", "world.load"), ("world.load", "VALUE")),
        (("compare", "small.toml", "--set", "world.load=nan"), ("load = nan", "not a number")),
        (("compare", "small.toml", "--out", "small.toml/below"), ("small.toml", "--out")),
        (("run", "small.toml", "--design", "socal"), ("socal",)),
        (("run", "small.toml", "--trace", "nowhere/log.csv"), ("nowhere", "--trace")),
        (("check", "nowhere.toml"), ("nowhere.toml", "no such file")),
        (("check", "baselin"), ("baselin", "baseline")),
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_in_one_sentence(arguments, words, folder):
    done = firmlab(*arguments, folder=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert [path.name for path in folder.iterdir()] == ["small.toml"]


def test_a_folder_without_permission_is_told(folder, monkeypatch):  # as seen by whoever may not write everywhere
    monkeypatch.setattr("sim.study.store.os.access", lambda *_: False)
    with pytest.raises(StoreError, match="does not let you write"):
        Store(folder / "r", Experiment(Scenario.load(folder / "small.toml"), {"traditional": Design()}))


def test_another_experiments_folder_is_refused(folder):
    firmlab(*ALONE, "--replications", 2, "--out", "r", folder=folder)
    before = {path: path.read_bytes() for path in (folder / "r").rglob("*") if path.is_file()}
    done = firmlab(*ALONE, "--set", "world.load=2.0", "--out", "r", folder=folder)
    assert done.returncode == 2
    assert "another experiment" in done.stderr
    assert before == {path: path.read_bytes() for path in (folder / "r").rglob("*") if path.is_file()}
