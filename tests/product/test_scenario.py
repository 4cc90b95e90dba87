"""Scenario files: what they mean, what they inherit, what they are worth as documentation."""

import json
import math
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sim.scenario import DESIGNS, Design, Run, Scenario, ScenarioError, World, schema

REPOSITORY = Path(__file__).parents[2]
TABLES: list[type[BaseModel]] = [World, Design, Run]
KEYS = [(table, name) for table in TABLES for name in table.model_fields]


def about(table: type[BaseModel], name: str) -> dict[str, Any]:
    extra = table.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra


def limits(table: type[BaseModel], name: str) -> tuple[float, float, bool]:
    """Lowest value, highest value, and whether the lowest is itself allowed."""
    form = schema()["properties"]
    place = form["design"]["additionalProperties"] if table is Design else form[table.__name__.lower()]
    one = place["properties"][name]
    one = one.get("items", one)
    low = one.get("minimum", one.get("exclusiveMinimum"))
    return low, one.get("maximum", math.inf), "minimum" in one


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "name"), KEYS)
def test_every_key_says_its_unit_meaning_and_source(table: type[BaseModel], name: str) -> None:
    assert table.model_fields[name].description
    assert about(table, name)["source"]
    assert about(table, name)["unit"] or name == "seed"


@pytest.mark.parametrize(("table", "name"), KEYS)
def test_every_key_refuses_what_lies_outside_its_range(table: type[BaseModel], name: str) -> None:
    low, high, low_is_allowed = limits(table, name)
    step = 1 if about(table, name)["kind"] == "a whole number" else 1e-6
    outside: list[Any] = [low - step, math.nan, -math.inf, "1", True, None, {}]
    outside += [] if low_is_allowed else [low]
    outside += [] if high == math.inf else [high + max(step, high * 1e-6), math.inf]
    for value in outside:
        entry = [value] if name == "authority" else value
        with pytest.raises(ScenarioError, match=name):
            table(**{name: entry})


@pytest.mark.parametrize(("table", "name"), KEYS)
def test_every_key_takes_the_ends_of_its_range(table: type[BaseModel], name: str) -> None:
    low, high, low_is_allowed = limits(table, name)
    agreeing: dict[str, float] = {"panel": 16} if name == "quorum" else {"quorum": 1} if name == "panel" else {}
    agreeing |= {"expertise_low": 0.0} if name == "expertise_high" else {}
    agreeing |= {"brokers": 0.0} if name == "desk" else {"desk": 0.0} if name == "brokers" else {}
    for value in [low, high] if low_is_allowed else [high]:
        entry, wanted = ([value], (value,)) if name == "authority" else (value, value)
        assert getattr(table(**{**agreeing, name: entry}), name) == wanted


@pytest.mark.parametrize(("table", "name"), [k for k in KEYS if "typical" in about(*k)])
def test_the_range_worth_trying_holds_the_default_and_lies_within_the_allowed_one(
    table: type[BaseModel], name: str
) -> None:
    low, high, _ = limits(table, name)
    first, last = about(table, name)["typical"]
    assert low <= first <= table.model_fields[name].default <= last <= high
    assert (low, high) != (first, last), "a typical range says something only where it is narrower"


def test_whole_numbers_are_numbers() -> None:
    assert World(load=2) == World(load=2.0)
    assert isinstance(World(load=2).load, float)


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        World().load = 2.0


# --- designs ----------------------------------------------------------------------------------------------------------


def test_built_in_designs() -> None:
    numbers = {name: tuple(dict(design).values()) for name, design in DESIGNS.items()}
    assert list(Design.model_fields) == ["contact", "consult", "approve", "reserve"]
    assert numbers == {
        "traditional": (0, 0, 0, 1),
        "connected": (0.5, 0.5, 0.5, 0.99),
        "flexible-hierarchy": (1, 1, 0, 1),
        "open": (1, 1, 1, 0.99),
    }
    assert Design.traditional() == Design.named("traditional") == Design()


def test_an_own_design_starts_from_another(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'designs = ["traditional", "mine"]\n'
        '[design.mine]\nfrom = "open"\napprove = 0.25\n'
        '[design.milder]\nfrom = "mine"\nconsult = 0.5\n'
        "[design.plain]\n"
    )
    scenario = Scenario.load(file)
    assert scenario.design("mine") == Design(contact=1, consult=1, approve=0.25, reserve=0.99)
    assert scenario.design("milder") == Design(contact=1, consult=0.5, approve=0.25, reserve=0.99)
    assert scenario.design("plain") == Design.traditional()
    assert scenario.design("open") == DESIGNS["open"]
    assert scenario.design(Design(contact=0.3)) == Design(contact=0.3)


def test_unknown_designs_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match='"opne" is not a design; did you mean "open"'):
        Design.named("opne")
    with pytest.raises(ScenarioError, match='"social" is not a design; known are traditional, '):
        Scenario().design("social")


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_baseline_is_the_defaults() -> None:
    baseline = Scenario.load("baseline")
    assert baseline.world == World()
    assert baseline.run == Run()
    assert baseline.designs == ("traditional", "open")
    assert baseline.name == "baseline"
    assert baseline.question


def test_the_baseline_writes_its_run_out() -> None:
    written = tomllib.loads((REPOSITORY / "scenarios" / "baseline.toml").read_text(encoding="utf-8"))
    assert written["run"] == Run().model_dump()


def test_the_incident_desk_changes_rates_and_shares_only() -> None:
    desk, baseline = Scenario.load("volvo-it"), Scenario.load("baseline")
    changed = {name for name, value in desk.world if value != getattr(baseline.world, name)}
    assert changed == {"decision_rate", "first_contact", "routing", "repeat", "desk", "request_rate"}
    assert not any(name.endswith("_hours") for name in changed), "no time of the log goes in"
    assert desk.run == baseline.run


def test_the_incident_desk_has_the_rates_and_shares_of_the_log() -> None:
    # Counts of the log: incidents by the line they reached, active person-days, people by their main line.
    world = Scenario.load("volvo-it").world
    customers_per_seat = world.market_per_seat * world.active_share
    assert world.request_rate == pytest.approx(7554 / 9362 * 250 / customers_per_seat, abs=0.01)
    assert world.desk == pytest.approx(724 / (724 + 574 + 141), abs=0.0005)
    assert world.first_contact == pytest.approx(4546 / 7554, abs=0.0005)
    assert world.routing == pytest.approx(2464 / (2464 + 544), abs=0.0005)


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "scenarios").glob("*.toml")))
def test_every_built_in_scenario_is_reached_by_name_and_by_path(name: str) -> None:
    by_name = Scenario.load(name)
    assert by_name == Scenario.load(REPOSITORY / "scenarios" / f"{name}.toml")
    assert by_name == Scenario.load(str(REPOSITORY / "scenarios" / f"{name}.toml"))
    assert by_name.question


def test_a_chain_of_files_is_inherited_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "first.toml").write_text(
        'extends = "baseline"\nquestion = "first?"\ndesigns = ["open", "mine"]\n'
        "[world]\nload = 1.5\npanel = 5\n[run]\nweeks = 10\n[design.mine]\ncontact = 0.5\n"
    )
    (tmp_path / "below" / "second.toml").write_text(
        'extends = "../first.toml"\n[world]\nquorum = 4\n[design.mine]\nconsult = 0.5\n[design.other]\nfrom = "mine"\n'
    )
    second = Scenario.load(tmp_path / "below" / "second.toml")
    assert second.name == "second"
    assert second.question == "first?"
    assert second.designs == ("open", "mine")
    assert second.world == World(load=1.5, panel=5, quorum=4)
    assert second.run == Run(weeks=10)
    assert second.design("mine") == second.design("other") == Design(contact=0.5, consult=0.5)


def test_a_design_that_names_its_start_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text("[design.mine]\ncontact = 0.5\n")
    (tmp_path / "second.toml").write_text('extends = "first.toml"\n[design.mine]\nfrom = "traditional"\nconsult = 1\n')
    assert Scenario.load(tmp_path / "second.toml").design("mine") == Design(consult=1)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "marked.toml").write_bytes(b"\xef\xbb\xbf[world]\r\nload = 2\r\n")
    assert Scenario.load(tmp_path / "marked.toml").world.load == 2


def test_an_endless_patience_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "theory.toml").write_text("[world]\npatience_hours = inf\nbusy_share = inf\n")
    assert Scenario.load(tmp_path / "theory.toml").world.patience_hours == math.inf


def test_a_resolved_scenario_reads_back_as_itself(tmp_path: Path) -> None:
    scenario = Scenario.load("volvo-it").override(
        [
            "name='a \"quoted\" name\\'",
            'question="Größe?\\n\\u007f"',
            'designs=["leiser-größer", "open"]',
            "design.leiser-größer.contact=0.25",
            "world.patience_hours=inf",
            "world.urgency=1e-9",
            "world.authority=[0, 1]",
        ]
    )
    (tmp_path / "resolved.toml").write_text(scenario.to_toml(), encoding="utf-8")
    assert Scenario.load(tmp_path / "resolved.toml") == scenario


def test_scenarios_travel_to_other_processes() -> None:
    scenario = Scenario.load("volvo-it").override(["design.mine.contact=1"])
    assert pickle.loads(pickle.dumps(scenario)) == scenario


# --- options ----------------------------------------------------------------------------------------------------------


def test_options_override_single_keys() -> None:
    changed = Scenario.load("baseline").override(
        ["world.load=1.5", "world.panel=1", "world.quorum=1", "run.weeks=20", 'question="why?"', "world.load=2"]
    )
    assert changed.world == World(load=2, panel=1, quorum=1)
    assert changed.run == Run(weeks=20)
    assert changed.question == "why?"
    assert changed.name == "baseline"
    assert Scenario.load("baseline").world.load == 1, "the scenario itself stays as it was"


def test_options_can_make_a_design() -> None:
    changed = Scenario().override(['design.mine.from="open"', "design.mine.approve=0", 'designs=["open", "mine"]'])
    assert changed.design("mine") == Design(contact=1, consult=1, approve=0, reserve=0.99)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("world.laod=2", "--set world.laod=2: world.laod is not a key; did you mean world.load "),
        ("world.load=-2", "--set world.load=-2: load = -2 is below 0 times "),
        ("load=2", "--set load=2: load is not a key; load belongs in [world] "),
        ("world.load", "--set world.load: this changes nothing; write TABLE.KEY=VALUE"),
        ("=2", "--set =2: this changes nothing"),
        ("world.load=fast", '"fast" is not a value'),
        ("world.load=1\nstaff=3", "is not a value"),
        ("world=3", "world = 3 is not a table"),
        ("run.weeks.first=3", "weeks is a table and is not a whole number"),
        ("world.quorum=4", "quorum = 4 is above panel = 3"),
        ('extends="volvo-it"', "extends can only stand in a file"),
        ("design.open.contact=0", "design.open is a built-in design"),
    ],
)
def test_a_wrong_option_is_told_by_name(option: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.load("baseline").override([option])
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "--set" in str(caught.value)


# --- for editors and for speed ----------------------------------------------------------------------------------------


def test_the_schema_is_json_and_knows_every_key() -> None:
    form = json.loads(json.dumps(schema(), allow_nan=False))
    assert set(form["properties"]["world"]["properties"]) == set(World.model_fields)
    screen = form["properties"]["world"]["properties"]["screen_hours"]
    assert screen["description"] == (
        "mean time a manager spends on one approval: 0 to 200 hours, typically 0.57 to 5.2. "
        "Source: calibrated: managers busy .6 of their hours."
    )
    assert (screen["minimum"], screen["maximum"], screen["unit"]) == (0, 200, "hours")


def test_the_schema_agrees_with_the_built_in_scenarios() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft7Validator.check_schema(schema())
    for path in (REPOSITORY / "scenarios").glob("*.toml"):
        jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"world": {"load": -1}}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"design": {"mine": {"meet": 1}}}, schema())


def test_reading_scenarios_loads_nothing_else_of_ours() -> None:
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import sim.scenario; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.split(".")[0] == "sim"} <= {"sim", "sim.scenario"}
    assert not loaded & {"numpy", "numba", "mesa", "pandas"}
