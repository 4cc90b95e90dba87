"""Sweep files, points, rounds, the analysis that follows from a plan, and replay."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from sim.measures import Measure
from sim.own import Own
from sim.scenario import ScenarioError, World
from sim.study import analysis, conduct
from sim.study.analysis import analyse
from sim.study.attribution import LEVERS
from sim.study.durable import StoreError
from sim.study.regions import map_of_wins
from sim.study.replay import replay
from sim.study.sweep import sweep
from sim.study.sweepfile import Sweep, corner_name, factorial, sweeps
from tests.commands import firmlab, parts, tiny
from tests.conftest import require

TINY = tiny(weeks=2)
GRID = """
scenario = "tiny.toml"
question = "Does it hold?"
[plan]
kind = "grid"
[[factor]]
key = "world.load"
levels = [0.5, 1.5]
[[factor]]
key = "design.social.approve"
levels = [0.0, 0.5, 1.0]
"""
UNTIL = '[until]\nmeasure = "satisfaction"\nhalf_width = 1.0'
ONE = 'scenario = "tiny.toml"\nreplications = 1\n[plan]\nkind = "sobol"\npoints = 64\n[[factor]]\nkey = "world.load"\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "grid.toml").write_text(GRID)
    return tmp_path


def written(folder, text):
    (folder / "file.toml").write_text(text)
    return Sweep(folder / "file.toml")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('kind = "grid"', 'kind = "gird"'), ("plan", "'gird'", "grid")),
        (('kind = "grid"', 'kind = "sobol"\npoints = 100'), ("levels", "sobol")),
        (('kind = "grid"', ""), ("plan", "kind")),
        (("levels = [0.5, 1.5]", "levles = [0.5, 1.5]"), ("factor.1.levles", "levels")),
        (("levels = [0.5, 1.5]", "levels = [0.5, 99.0]"), ("load = 99", "above 20", "world.load")),
        (("levels = [0.5, 1.5]", "range = [0.5, 1.5]"), ("world.load", "needs levels")),
        (("world.load", "world.lod"), ("world.lod", "world.load")),
        (("world.load", "world.authority"), ("authority", "list")),
        (("world.load", "world.staff"), ("staff", "whole number", "0.5")),
        (("design.social.approve", "design.socail.approve"), ("design.socail.approve", "traditional, social")),
        (("design.social.approve", "world.load"), ("world.load", "twice")),
        (('scenario = "tiny.toml"', 'scenario = "tny.toml"'), ("tny.toml", "no such file")),
        (('question = "Does it hold?"', "replications = 0"), ("replications", "greater than or equal to 1")),
        (('question = "Does it hold?"', 'measures = ["satisfacton"]'), ("satisfacton", "did you mean satisfaction")),
        (('question = "Does it hold?"', 'designs = ["social"]'), ("two designs",)),
        (('question = "Does it hold?"', 'designs = ["social", "socal"]'), ("socal", "did you mean")),
        (('question = "Does it hold?"', "questoin = 1"), ("questoin", "did you mean question")),
        (('question = "Does it hold?"', 'replications = "3"'), ("replications = '3'", "integer")),
        (('question = "Does it hold?"', "series = 1"), ("series = 1", "boolean")),
        (('question = "Does it hold?"', "designs = [1, 2]"), ("designs", "list of names")),
        (('question = "Does it hold?"', "measures = []"), ("measures", "at least 1")),
        (('question = "Does it hold?"', 'measures = ["fees", "fees"]'), ("fees", "twice")),
        (('question = "Does it hold?"', 'designs = "factorial"'), ("factorial", "one world")),
        (("levels = [0.5, 1.5]", "levels = []"), ("levels", "at least 1")),
        (("levels = [0.5, 1.5]", "levels = [0.5, nan]"), ("load = nan",)),
        (("levels = [0.5, 1.5]", "levels = [0.5, true]"), ("levels", "True", "number")),
        (("levels = [0.5, 1.5]", 'levels = ["0.5"]'), ("levels", "'0.5'", "number")),
        (("levels = [0.5, 1.5]", "levels = [1.0, 1]"), ("load", "twice")),
        (("levels = [0.5, 1.5]", "levels = [0.5]\nrange = [0.1, 0.2]"), ("load", "range and levels")),
        (('key = "world.load"\nlevels = [0.5, 1.5]', 'key = "world.staff"\nlevels = [inf]'), ("staff", "inf")),
        (("[[factor]]\nkey = \"world.load\"", "[factor]\nkey = \"world.load\""), ("toml", "cannot be read")),
        (("[plan]", f"{UNTIL}\nleast = 300\n[plan]"), ("least = 300", "most = 200")),
    ],
    ids=str,
)
def test_a_mistake_in_a_sweep_file_is_told(change, words, folder):
    with pytest.raises(ScenarioError) as refused:
        written(folder, GRID.replace(*change)).experiment()
    sentence = str(refused.value)
    assert all(word in sentence for word in words), sentence
    assert "toml" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ('kind = "sobol"\npoints = 100', "points = 100 is no power of 2, which Sobol' points need; take 64 or 128."),
        ('kind = "saltelli"\nbase = 3', "base = 3 is no power of 2, which Sobol' points need; take 2 or 4."),
        ('kind = "morris"\ntrajectories = 4\nlevels = 3',
         "levels = 3 is odd, and Morris' steps need an even number; take 4."),
    ],
)  # fmt: skip
def test_wrong_sample_sizes_are_refused_with_the_right_one_named(plan, sentence, folder):
    require("SALib")
    with pytest.raises(ScenarioError) as refused:
        written(folder, f'scenario = "tiny.toml"\n[plan]\n{plan}\n[[factor]]\nkey = "world.load"\n')
    assert str(refused.value).endswith(sentence)


def test_values_that_do_not_go_together_are_told_before_anything_runs(folder):
    text = GRID.replace("world.load", "world.desk").replace("design.social.approve", "world.brokers")
    with pytest.raises(ScenarioError, match=r"point 2 of the plan \(world.desk = 0.1, world.brokers = 1\).*above 1"):
        sweep(written(folder, text.replace("levels = [0.5, 1.5]", "levels = [0.1, 0.9]")), out=folder / "r")
    assert not (folder / "r" / "runs").exists()


@pytest.mark.parametrize("name", sweeps())
def test_built_in_sweeps_are_sound(name):
    require("SALib")
    found = Sweep(name)
    experiment = found.experiment()
    assert found.question
    for number in {0, len(experiment.values) // 2, len(experiment.values) - 1}:
        assert experiment.runs(number, 0)


def test_every_key_without_a_source_is_in_its_sweep():
    require("SALib")
    keys = {
        f"world.{name}"
        for name, field in World.model_fields.items()
        if any(word in field.json_schema_extra["source"] for word in ("no source", "placeholder"))
        and not isinstance(field.default, tuple)
    }
    assert {factor.key for factor in Sweep("without-source").factors} == keys


def test_the_factorial_has_every_corner_once():
    designs = factorial()
    assert len(designs) == 65
    assert next(iter(designs)) == "traditional"
    assert len({design.model_dump_json() for design in designs.values()}) == 65
    assert designs["contact+meet"].model_dump() == designs["traditional"].model_dump() | {"contact": 1.0, "meet": 1.0}
    assert designs[corner_name(LEVERS)].model_dump() == designs["traditional"].model_dump() | dict.fromkeys(LEVERS, 1.0)


def test_a_wide_range_is_sampled_evenly_in_the_logarithm(folder):
    text = ONE.replace("sobol", "latin-hypercube").replace("load", "error_cost")
    values = np.array(written(folder, text).values)[:, 0]  # 0.5 to 20
    assert np.sort(np.floor(64 * np.log(values / 0.5) / np.log(40)).astype(int)).tolist() == list(range(64))
    narrow = written(folder, text.replace('"world.error_cost"', '"world.error_cost"\nrange = [2.0, 20.0]'))
    assert np.sort(np.floor(64 * (np.array(narrow.values)[:, 0] - 2) / 18).astype(int)).tolist() == list(range(64))


def test_whole_numbers_are_equally_likely(folder):
    values = np.array(written(folder, ONE.replace("load", "panel") + "range = [2, 5]\n").values)[:, 0]
    assert np.unique(values, return_counts=True)[1].tolist() == [16] * 4


# --- points and rounds ------------------------------------------------------------------------------------------------


def test_every_point_runs_its_designs_as_twins(folder):
    study = sweep(folder / "grid.toml", workers=1, out=folder / "r")
    runs = study.runs
    assert len(runs) == 6 * 2 * 3
    assert runs.groupby("point")[["world.load", "design.social.approve"]].first().to_numpy().tolist() == [
        [0.5, 0.0], [0.5, 0.5], [0.5, 1.0], [1.5, 0.0], [1.5, 0.5], [1.5, 1.0]
    ]  # fmt: skip
    social = runs[runs["design"] == "social"]
    assert (social["approve"] == social["design.social.approve"]).all()
    traditional = runs[runs["design"] == "traditional"]
    # The reference does not know the social firm's lever: one run serves three points.
    assert traditional["key"].nunique() == 2 * 3
    assert study.computed == (2 + 6) * 3
    apart = study.differences("request_hours_mean", "social")
    assert apart.shape == (6, 3)
    one = runs[(runs["point"] == 4) & (runs["replication"] == 2)].set_index("design")["request_hours_mean"]
    assert apart[4, 2] == one["social"] - one["traditional"]


def test_a_point_is_the_scenario_with_its_values(folder):
    study = sweep(folder / "grid.toml", workers=1, out=folder / "r")
    from sim.scenario import Design, Scenario
    from sim.study.compare import compare

    scenario = Scenario.load(folder / "tiny.toml").override(["world.load=1.5"])
    alone = compare(scenario, designs=["traditional", Design(**{**dict(Design.social()), "approve": 0.5})], workers=1,
                    out=folder / "one")  # fmt: skip
    there = study.runs[study.runs["point"] == 4]
    assert sorted(there["key"]) == sorted(alone.runs["key"])
    numbers = ["request_hours_mean", "decision_hours_mean"]
    one, two = (runs.sort_values("key")[numbers].reset_index(drop=True) for runs in (there, alone.runs))
    pd.testing.assert_frame_equal(one, two)


def test_a_larger_plan_finds_the_runs_of_the_smaller(folder):
    first = sweep(written(folder, ONE.replace("points = 64", "points = 2")), workers=1, out=folder / "r")
    second = sweep(written(folder, ONE.replace("points = 64", "points = 8")), workers=1, out=folder / "r")
    assert (first.computed, second.reused, second.computed) == (4, 4, 12)


def test_replications_stop_when_the_difference_is_known_well_enough(folder):
    until = '[until]\nmeasure = "request_hours_mean"\nhalf_width = {}\nleast = 10\nmost = 30\n[plan]'
    text = GRID.replace("levels = [0.0, 0.5, 1.0]", "levels = [1.0]")
    coarse = sweep(written(folder, text.replace("[plan]", until.format(99.0))), workers=1, out=folder / "a")
    fine = sweep(written(folder, text.replace("[plan]", until.format(1e-9))), workers=1, out=folder / "b")
    pairs = [study.runs.groupby("point")["replication"].nunique().tolist() for study in (coarse, fine)]
    assert pairs[0][0] < 30
    assert min(pairs[0]) >= 10
    assert pairs[1] == [30, 30], "never above the cap"
    again = sweep(written(folder, text.replace("[plan]", until.format(1e-9))), workers=1, out=folder / "b")
    assert again.computed == 0


# --- analysis ---------------------------------------------------------------------------------------------------------


def test_the_factorial_says_which_lever_does_it(folder):
    measures = 'measures = ["request_hours_mean", "panel_hours"]\n'
    text = f'scenario = "tiny.toml"\ndesigns = "factorial"\nreplications = 2\n{measures}'
    study = sweep(written(folder, text), workers=1, out=folder / "r")
    table = analyse(study).tables["attribution"].set_index(["measure", "kind", "lever", "other"])["estimate"]
    wide = study.runs.pivot(index="replication", columns="design", values="request_hours_mean")
    of = table["request_hours_mean"]
    assert of["total", "", ""] == pytest.approx((wide["all-six"] - wide["traditional"]).mean())
    assert of["shapley"].sum() == pytest.approx(of["total", "", ""], abs=1e-12)
    assert of["settings", "", ""] == pytest.approx((wide["social"] - wide["all-six"]).mean())
    assert of["alone", "consult", ""] == pytest.approx((wide["consult"] - wide["traditional"]).mean())
    # Panels exist under trust only, so no other lever can bring their hours.
    panels = table["panel_hours"]["shapley"].droplevel("other")
    assert panels["approve"] > 0
    assert panels["approve"] > 5 * panels.drop("approve").abs().max()


def test_sensitivity_finds_the_factor_that_matters(folder):
    require("SALib")
    text = """
scenario = "tiny.toml"
replications = 2
measures = ["utilization"]
factor = [{ key = "world.load", range = [0.2, 2.0] }, { key = "world.margin" }]
[plan]
kind = "%s"
"""
    for plan in ("saltelli\"\nbase = 16 #", "morris\"\ntrajectories = 4 #"):
        study = sweep(written(folder, text % plan), workers=1, out=folder / plan[:4])
        table = analyse(study).tables["sensitivity"]
        assert table["factor"].tolist() == ["world.load", "world.margin"]
        index = "total" if "total" in table else "mu_star"
        assert table[index][0] > 0
        assert table[index][1] == pytest.approx(0, abs=1e-12), "money moves no work"


def test_tables_of_hundreds_of_factors_are_made_without_a_murmur():
    labels = {f"world.key_{number}": 1.0 for number in range(300)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = analysis._labelled(pd.DataFrame({"measure": ["a", "b"], "p": [0.1, 0.2]}), **labels)
        table = map_of_wins(table.assign(design="social", difference=1.0, better="more"))
    assert list(table)[:302] == [*labels, "measure", "p"]


def test_shares_and_boxes_of_the_ranges(folder):
    text = """
scenario = "tiny.toml"
replications = 2
designs = ["traditional", "social"]
measures = ["panel_hours", "utilization"]
factor = [{ key = "world.load", range = [0.2, 2.0] }, { key = "world.turbulence" }]
[plan]
kind = "sobol"
points = 64
"""
    found = analyse(sweep(written(folder, text), workers=1, out=folder / "r"))
    (wins,) = found.tables["wins"].to_dict(orient="records")
    assert (wins["measure"], wins["design"]) == ("panel_hours", "social"), "utilization has no better direction"
    assert wins["share"] == 0.0, "panels cost hours in the social firm only"
    assert wins["points"] == 64
    assert len(found.tables["points"]) == 128


# --- replay -----------------------------------------------------------------------------------------------------------


def test_replay_makes_the_stored_row_again(folder):
    study = sweep(folder / "grid.toml", workers=1, out=folder / "r")
    for row in study.runs.sample(4, random_state=1).to_dict(orient="records"):
        again = replay(row["key"], folder / "r")
        assert again.row["design"] == row["design"]
        assert again.differing == ()
        assert again.changed == ()
        assert again.measures["request_hours_mean"] == row["request_hours_mean"]


def test_replay_of_a_run_with_dated_events(folder):
    event = '\n[[event]]\nday = 3\nworld = { load = 3.0 }\nonly = ["social"]\n'
    (folder / "tiny.toml").write_text(TINY + event)
    study = sweep(folder / "grid.toml", workers=1, out=folder / "r")
    for key in study.runs["key"][:4]:
        assert replay(key, folder / "r").differing == ()


def test_replay_says_what_differs_where_it_cannot(folder, monkeypatch):
    study = sweep(folder / "grid.toml", workers=1, replications=1, out=folder / "r")
    key = study.runs["key"][0]
    manifest = folder / "r" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"model": "an older one", "packages": {"numpy": "1.0"}}))
    again = replay(key[:10], folder / "r")
    assert again.changed[0] == f"model was an older one, here it is {content['model']}"
    assert again.changed[1].startswith("numpy was 1.0, here it is ")
    with pytest.raises(StoreError, match="no run with the key nokey"):
        replay("nokey", folder / "r")
    with pytest.raises(StoreError, match=r"\d+ runs have a key that begins with"):
        replay("", folder / "r")
    (folder / "r" / "scenario.toml").write_text(TINY.replace("staff = 20", "staff = 21"))
    manifest.write_text(json.dumps(content))
    with pytest.raises(StoreError, match="altered"):
        replay(key, folder / "r")


# --- as typed ---------------------------------------------------------------------------------------------------------


def test_levels_may_go_together_where_the_base_does_not(folder):
    text = GRID.replace("world.load", "world.panel").replace("levels = [0.5, 1.5]", "levels = [5, 7]")
    text = text.replace("design.social.approve", "world.quorum").replace("[0.0, 0.5, 1.0]", "[4]")
    assert len(written(folder, text).experiment().runs(1, 0)) == 2


def test_nothing_that_varies_is_told_and_not_a_traceback(folder):
    require("SALib")
    text = ONE.replace('kind = "sobol"\npoints = 64', 'kind = "saltelli"\nbase = 2')
    (folder / "file.toml").write_text('measures = ["retention_12m"]\n' + text)
    done = firmlab("sweep", "file.toml", "--workers", 1, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "retention_12m: the measure is not defined at" in done.stdout


def test_a_researchers_own_measure_may_be_asked_for(folder):
    text = GRID.replace("[plan]", 'measures = ["mine"]\n[plan]').replace("[0.0, 0.5, 1.0]", "[1.0]")
    with pytest.raises(ScenarioError, match='"mine" is no measure'):
        sweep(written(folder, text), workers=1, out=folder / "r")
    own = Own(measures=(Measure("mine", "count", "more", "closed cases", lambda seen: float(len(seen.closed))),))
    study = sweep(written(folder, text), workers=1, own=own, out=folder / "r")
    assert set(analyse(study).tables["points"]["measure"]) == {"mine"}


def test_replay_of_a_damaged_folder_is_told(folder):
    study = sweep(folder / "grid.toml", workers=1, replications=1, out=folder / "r")
    key = study.runs["key"][0]
    (part,) = (folder / "r" / "runs").iterdir()
    content = part.read_bytes()
    part.write_bytes(content[:-5])
    with pytest.raises(StoreError, match="cut off or altered"):
        replay(key, folder / "r")
    part.write_bytes(content)
    (folder / "r" / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match=r"manifest\.json cannot be read"):
        replay(key, folder / "r")


def test_the_commands(folder):
    planned = firmlab("sweep", "grid.toml", "--dry-run", "--workers", 1, folder=folder)
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("24 runs (6 points, 2 designs), 0 of them there already; about ")
    assert not (folder / "results").exists()
    done = firmlab("sweep", "grid.toml", "--workers", 1, folder=folder)
    assert done.returncode == 0, done.stderr
    (stored,) = (folder / "results").iterdir()
    assert f"Stored in results/{stored.name} (24 runs computed now, 0 there already)" in done.stdout
    assert (stored / "analysis" / "points.csv").exists()
    assert "<svg" in (stored / "figures" / "points.svg").read_text()
    key = pd.read_parquet(stored / "runs")["key"][0]
    again = firmlab("replay", key[:12], folder=folder)
    assert again.returncode == 0, again.stderr
    assert "to the last bit" in again.stdout
    assert "24 of them there already" in firmlab("sweep", "grid.toml", "--dry-run", folder=folder).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sweep", "gird.toml"), ("gird.toml", "built-in sweeps are")),
        (("sweep", "factorail"), ("factorail", "did you mean", "factorial")),
        (("sweep", "grid.toml", "--shard", "half"), ("--shard half", "1/4 to 4/4")),
        (("sweep", "grid.toml", "--shard", "3/2"), ("shard 3/2", "1/N to N/N")),
        (("sweep", "grid.toml", "--set", "world.lod=1"), ("world.lod", "world.load")),
        (("sweep", "grid.toml", "--cluster", "tcp://127.0.0.1:1"), ("tcp://127.0.0.1:1", "no scheduler")),
        (("sweep", "grid.toml", "--cluster", "nonsense"), ("nonsense", "tcp://HOST:8786")),
        (("sweep", "grid.toml", "--from", "x"), ("--from", "--merge")),
        (("sweep", "grid.toml", "--merge", "--shard", "1/2"), ("--merge", "--shard")),
        (("sweep", "grid.toml", "--merge", "--from", "x"), ("--from x", "no experiment")),
        (("replay", "abc"), ("abc", "--in")),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_sentence(arguments, words, folder):
    done = firmlab(*arguments, folder=folder)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_with_the_same_seed_is_the_same_to_the_byte(folder, monkeypatch):
    monkeypatch.setattr(conduct, "RUNS_A_PART", 6)
    one = sweep(folder / "grid.toml", workers=1, out=folder / "one")
    two = sweep(folder / "grid.toml", workers=2, out=folder / "two")
    assert len(parts(one.path)) > 1
    assert parts(one.path) == parts(two.path)


def test_one_at_a_time_stands_on_the_scenario_whatever_is_listed_or_overridden(tmp_path):
    (tmp_path / "one.toml").write_text(
        'designs = ["traditional", "social"]\n[plan]\nkind = "one-at-a-time"\n'
        '[[factor]]\nkey = "world.load"\nlevels = [0.5, 2.0]\n'
        '[[factor]]\nkey = "design.social.approve"\nlevels = [0.5, 1.0]\n',
        encoding="utf-8",
    )
    assert Sweep(tmp_path / "one.toml").values == ((1.0, 1.0), (0.5, 1.0), (2.0, 1.0), (1.0, 0.5))
    moved = Sweep(tmp_path / "one.toml", ["world.load=2.0"])
    assert moved.values == ((2.0, 1.0), (0.5, 1.0), (2.0, 0.5))
