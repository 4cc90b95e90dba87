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

from sim.scenario import DESIGNS, FIXED, Design, Event, Report, Run, Scenario, ScenarioError, World, schema
from sim.study.experiment import Experiment
from sim.study.runs import fingerprint, run_key

REPOSITORY = Path(__file__).parents[2]
TABLES: list[type[BaseModel]] = [World, Design, Run, Report]
KEYS = [(table, name) for table in TABLES for name in table.model_fields]
FORM = schema()["properties"]


def about(table: type[BaseModel], name: str) -> dict[str, Any]:
    extra = table.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra


def limits(table: type[BaseModel], name: str) -> tuple[float, float, bool]:
    """Lowest value, highest value, and whether the lowest is itself allowed."""
    form = FORM
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
    levers, settings = list(Design.model_fields)[:6], list(Design.model_fields)[6:]
    assert levers == ["contact", "consult", "approve", "connect", "hear", "meet"]
    assert settings == ["channel", "selling", "inside", "reserve"]
    assert numbers == {
        "traditional": (0, 0, 0, 0, 0, 0, 0, 1, 1, 1),
        "social": (1, 1, 1, 1, 1, 1, 1, 1, 1, 0.99),
        "channel-only": (0, 0, 0, 0, 0, 0, 1, 1, 1, 1),
        "connected": (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 0.99),
        "flexible-hierarchy": (1, 1, 0, 1, 1, 1, 1, 1, 1, 1),
        "blocked-inside": (1, 1, 1, 1, 1, 1, 1, 1, 0, 0.99),
    }
    assert Design.traditional() == Design.named("traditional") == Design()
    assert Design.social() == Design.named("social")


def test_an_own_design_starts_from_another(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'designs = ["traditional", "mine"]\n'
        '[design.mine]\nfrom = "social"\napprove = 0.25\n'
        '[design.milder]\nfrom = "mine"\nconsult = 0.5\n'
        "[design.plain]\n"
    )
    scenario = Scenario.load(file)
    assert scenario.design("mine") == DESIGNS["social"].model_copy(update={"approve": 0.25})
    assert scenario.design("milder") == DESIGNS["social"].model_copy(update={"approve": 0.25, "consult": 0.5})
    assert scenario.design("plain") == Design.traditional()
    assert scenario.design("social") == DESIGNS["social"]
    assert scenario.design(Design(contact=0.3)) == Design(contact=0.3)


def test_unknown_designs_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match='"socail" is not a design; did you mean "social"'):
        Design.named("socail")
    with pytest.raises(ScenarioError, match='"open" is not a design; known are traditional, '):
        Scenario().design("open")


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_baseline_is_the_defaults() -> None:
    baseline = Scenario.load("baseline")
    assert baseline.world == World()
    assert baseline.run == Run()
    assert baseline.designs == ("traditional", "social")
    assert baseline.name == "baseline"
    assert baseline.question


def test_the_baseline_writes_its_run_out() -> None:
    written = tomllib.loads((REPOSITORY / "scenarios" / "baseline.toml").read_text(encoding="utf-8"))
    assert written["run"] == Run().model_dump()


RATES_AND_SHARES_OF_THE_LOG = {
    *("decision_rate", "moment_rate", "deal_rate", "request_rate"),
    *("first_contact", "routing", "repeat", "desk"),
}


def test_the_incident_desk_changes_rates_and_shares_only() -> None:
    desk, baseline = Scenario.load("volvo-it"), Scenario.load("baseline")
    changed = {name for name, value in desk.world if value != getattr(baseline.world, name)}
    assert changed == RATES_AND_SHARES_OF_THE_LOG
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
        'extends = "baseline"\nquestion = "first?"\ndesigns = ["social", "mine"]\n'
        "[world]\nload = 1.5\npanel = 5\n[run]\nweeks = 10\n[design.mine]\ncontact = 0.5\n"
    )
    (tmp_path / "below" / "second.toml").write_text(
        'extends = "../first.toml"\n[world]\nquorum = 4\n[design.mine]\nconsult = 0.5\n[design.other]\nfrom = "mine"\n'
    )
    second = Scenario.load(tmp_path / "below" / "second.toml")
    assert second.name == "second"
    assert second.question == "first?"
    assert second.designs == ("social", "mine")
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
            'designs=["leiser-größer", "social"]',
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


# --- events -----------------------------------------------------------------------------------------------------------

EVENTFUL = """
[design.mine]
[[event]]
day = 30
world = { load = 2, authority = [0, 0.5] }
[[event]]
day = 10
design = { approve = 1, inside = 0 }
only = ["mine", "social"]
[[event]]
day = 30
leave = { busiest = 3 }
world = { load = 1.5 }
"""


@pytest.fixture
def eventful(tmp_path: Path) -> Scenario:
    (tmp_path / "eventful.toml").write_text(EVENTFUL)
    return Scenario.load(tmp_path / "eventful.toml")


def test_events_are_read_with_the_types_of_their_keys(eventful: Scenario) -> None:
    first, second, third = eventful.events
    assert first == Event(day=30, world={"load": 2.0, "authority": (0.0, 0.5)})
    assert [type(value) for value in (first.world["load"], *first.world["authority"])] == [float] * 3
    assert second == Event(day=10, design={"approve": 1.0, "inside": 0}, only=("mine", "social"))
    assert [type(value) for value in second.design.values()] == [float, int]
    assert third == Event(day=30, leave={"busiest": 3}, world={"load": 1.5})
    assert Event(day=1, world={"load": 2}).model_dump_json() == Event(day=1, world={"load": 2.0}).model_dump_json()


def test_events_reach_designs_by_name_in_order_of_day(eventful: Scenario) -> None:
    first, second, third = eventful.events
    assert eventful.events_for("mine") == eventful.events_for("social") == (second, first, third)
    assert eventful.events_for("traditional") == (first, third)
    assert eventful.events_for(Design()) == eventful.events_for(Design.social()) == (first, third)
    assert Scenario().events_for("social") == ()


def test_an_event_gives_the_world_and_the_design_after_it(eventful: Scenario) -> None:
    event = Event(day=1, world={"load": 2}, design={"approve": 0.5})
    assert event.applied(World(panel=5), Design(contact=1)) == (
        World(panel=5, load=2),
        Design(contact=1, approve=0.5),
    )
    assert Event(day=1, leave={"busiest": 1}).applied(World(), Design()) == (World(), Design())
    with pytest.raises(ScenarioError, match="quorum = 5 is above panel = 3"):
        Event(day=1, world={"quorum": 5}).applied(World(), Design())


def test_events_of_a_file_replace_those_of_the_file_it_extends(eventful: Scenario, tmp_path: Path) -> None:
    (tmp_path / "heir.toml").write_text('extends = "eventful.toml"\n[world]\nload = 3\n')
    (tmp_path / "own.toml").write_text('extends = "eventful.toml"\n[[event]]\nday = 5\nworld = { load = 3 }\n')
    (tmp_path / "calm.toml").write_text('extends = "eventful.toml"\nevent = []\n')
    assert Scenario.load(tmp_path / "heir.toml").events == eventful.events
    assert Scenario.load(tmp_path / "own.toml").events == (Event(day=5, world={"load": 3.0}),)
    assert Scenario.load(tmp_path / "calm.toml").events == ()


def test_keys_have_to_agree_after_every_event_in_order_of_day(tmp_path: Path) -> None:
    panel, quorum = "day = {}\nworld = {{ panel = 9 }}\n", "day = {}\nworld = {{ quorum = 5 }}\n"
    path = tmp_path / "order.toml"
    path.write_text(f"[[event]]\n{quorum.format(2)}[[event]]\n{panel.format(1)}")
    assert len(Scenario.load(path).events) == 2
    path.write_text(f"[[event]]\n{panel.format(2)}[[event]]\n{quorum.format(1)}")
    with pytest.raises(ScenarioError, match="event 2: then quorum = 5 is above panel = 3"):
        Scenario.load(path)
    path.write_text(f'[[event]]\n{panel.format(1)}only = ["social"]\n[[event]]\n{quorum.format(2)}')
    with pytest.raises(ScenarioError, match="event 2: then quorum = 5"):
        Scenario.load(path)


def test_an_event_cannot_take_away_more_people_than_there_are_seats(eventful: Scenario) -> None:
    with pytest.raises(ScenarioError, match=r"event 3: leave.busiest = 3 is above staff = 2"):
        eventful.override(["world.staff=2"])


def test_what_is_fixed_when_the_firm_is_built_is_a_key_of_the_world() -> None:
    assert set(World.model_fields) > FIXED
    for name in FIXED:
        with pytest.raises(ScenarioError, match=f"world.{name} is fixed when the firm is built"):
            Event(day=1, world={name: getattr(World(), name)})


@pytest.mark.parametrize("name", sorted(set(World.model_fields) - FIXED))
def test_every_other_key_of_the_world_can_change_while_the_firm_runs(name: str) -> None:
    event = Event(day=1, world={name: getattr(World(), name)})
    assert event.applied(World(), Design()) == (World(), Design())


def test_a_scenario_with_events_reads_back_as_itself(eventful: Scenario, tmp_path: Path) -> None:
    (tmp_path / "again.toml").write_text(eventful.to_toml(), encoding="utf-8")
    again = Scenario.load(tmp_path / "again.toml")
    assert again == eventful
    assert again.to_toml() == eventful.to_toml()
    assert pickle.loads(pickle.dumps(eventful)) == eventful


def test_the_key_of_a_run_knows_the_events_that_reach_it_and_no_names(eventful: Scenario) -> None:
    designs = {name: Design() for name in ("traditional", "mine", "social")}
    keys = {run.name: run for run in Experiment(eventful, designs).runs(0, 0)}
    assert keys["mine"].key == keys["social"].key != keys["traditional"].key
    assert {name: run.events for name, run in keys.items()} == {name: eventful.events_for(name) for name in keys}
    without = eventful.model_copy(update={"events": ()})
    common = fingerprint(eventful)
    assert run_key(common, Design(), 1, 0) == run_key(fingerprint(without), Design(), 1, 0)
    different = [
        Event(day=1, world={"load": 2.0}),
        Event(day=2, world={"load": 2.0}),
        Event(day=1, world={"load": 3.0}),
        Event(day=1, design={"approve": 1.0}),
        Event(day=1, leave={"busiest": 1}),
    ]
    found = {run_key(common, Design(), 1, 0, (event,)) for event in different}
    assert len(found | {run_key(common, Design(), 1, 0)}) == 6
    assert run_key(common, Design(), 1, 0, (Event(day=1, world={"load": 2}, only=("mine",)),)) in found


# --- named scenarios --------------------------------------------------------------------------------------------------

NAMED = [
    *("baseline", "birthday-order", "blocked-inside", "calm", "change-programme", "complaint-storm", "enterprise"),
    *("giant", "high-stakes", "key-people-leave", "manager-resistance", "overload", "remote-work", "start-up"),
    *("turbulent", "twelve-claims", "volvo-it"),
]
# Keys that leave the range worth trying on purpose; their file says why.
BEYOND_TYPICAL = {("complaint-storm", "failure_reach"), ("volvo-it", "decision_rate"), ("volvo-it", "deal_rate")}


def test_the_named_scenarios_are_all_there() -> None:
    assert sorted(path.stem for path in (REPOSITORY / "scenarios").glob("*.toml")) == NAMED


@pytest.mark.parametrize("name", NAMED)
def test_named_scenarios_stay_within_the_ranges_worth_trying(name: str) -> None:
    scenario, default = Scenario.load(name), World()
    tried = [
        pair for changes in (scenario.world, *(event.world.items() for event in scenario.events)) for pair in changes
    ]
    for key, value in tried:
        if value != getattr(default, key) and "typical" in about(World, key) and (name, key) not in BEYOND_TYPICAL:
            low, high = about(World, key)["typical"]
            assert low <= value <= high, key


@pytest.mark.parametrize("name", [name for name in NAMED if name != "baseline"])
def test_named_scenarios_ask_a_question_of_their_own(name: str) -> None:
    scenario, baseline = Scenario.load(name), Scenario.load("baseline")
    assert scenario.question != baseline.question
    assert scenario.question.endswith("?")
    assert scenario.designs[0] == "traditional"
    assert (scenario.world, scenario.designs, scenario.events) != (baseline.world, baseline.designs, ())
    text = (REPOSITORY / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert 'extends = "baseline"\n' in text


@pytest.mark.parametrize(("name", "higher"), [("turbulent", True), ("calm", False)])
def test_calm_and_turbulent_differ_in_the_drift_of_the_market_only(name: str, higher: bool) -> None:
    world = Scenario.load(name).world
    assert (world.turbulence > World().turbulence) == higher
    assert world == World(turbulence=world.turbulence)


@pytest.mark.parametrize(("name", "staff"), [("start-up", 20), ("enterprise", 2000), ("giant", 100_000)])
def test_sizes(name: str, staff: int) -> None:
    world = Scenario.load(name).world
    assert world.staff == staff
    assert world == World(staff=staff, market_per_seat=world.market_per_seat)


def test_the_giant_has_a_market_of_a_million_and_one_year() -> None:
    giant = Scenario.load("giant")
    assert giant.world.staff * giant.world.market_per_seat == 1_000_000
    assert giant.run == Run(burn_in_weeks=10, warm_up_weeks=0, weeks=50, replications=1)


def test_a_word_feeds_itself_in_the_storm_only() -> None:
    storm, default = Scenario.load("complaint-storm"), World()
    assert storm.world.retell_bad * storm.world.friends > 1 > default.retell_bad * default.friends
    assert storm.world.retell_good == default.retell_good
    world, _ = storm.events[1].applied(storm.events[0].applied(storm.world, Design())[0], Design())
    assert world == storm.world, "what caused it passes"
    assert storm.events[0].day > storm.run.warm_up_weeks * 5


def test_key_people_leave_on_the_first_morning_that_is_measured() -> None:
    scenario = Scenario.load("key-people-leave")
    (event,) = scenario.events
    assert event.day == scenario.run.warm_up_weeks * 5 + 1
    assert not event.world
    assert not event.design
    assert not event.only


def test_the_change_programme_goes_from_traditional_to_social() -> None:
    scenario = Scenario.load("change-programme")
    design = scenario.design("programme")
    assert design == Design.traditional()
    assert scenario.events_for("social") == scenario.events_for("traditional") == ()
    for event in scenario.events_for("programme"):
        world, after = event.applied(scenario.world, design)
        assert world == scenario.world
        assert all(getattr(after, lever) >= getattr(design, lever) for lever in list(Design.model_fields)[:6])
        design = after
    assert design == Design.social()
    assert scenario.run.warm_up_weeks == 0
    assert scenario.events_for("programme")[-1].day < scenario.run.weeks * 5


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
    changed = Scenario().override(['design.mine.from="social"', "design.mine.approve=0", 'designs=["social", "mine"]'])
    assert changed.design("mine") == DESIGNS["social"].model_copy(update={"approve": 0})


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
        ("design.social.contact=0", "design.social is a built-in design"),
        ("event=[{day=1}]", "--set event=[{day=1}]: events can only stand in a file; write [[event]]"),
        ("event.day=1", "events can only stand in a file"),
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
    jsonschema.validate(tomllib.loads(EVENTFUL), schema())
    for event in (
        {"day": 1},
        {"world": {"load": 1}},
        {"day": 1, "world": {"staff": 1}},
        {"day": 1, "leave": {"all": 1}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"event": [event]}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"design": {"mine": {"mete": 1}}}, schema())


def test_reading_scenarios_loads_nothing_else_of_ours() -> None:
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import sim.scenario; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.split(".")[0] == "sim"} <= {"sim", "sim.scenario"}
    assert not loaded & {"numpy", "numba", "mesa", "pandas"}
