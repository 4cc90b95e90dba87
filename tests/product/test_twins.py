"""What the dashboard shows, without a browser: twins, close looks, links, bands, the picture, the class."""

import inspect
import json
import socket
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.dashboard.bands import Workshop, shipped, shipped_for
from sim.dashboard.challenges import CHALLENGES, HALF_OF_THE_GAIN, facts, is_fair, opened
from sim.dashboard.classroom import MOST_ANSWERS, MOST_CLASSES, Classroom, read_answer
from sim.dashboard.close_look import person, story
from sim.dashboard.experiment import FIRMS, WEEKS, Change, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.guard import only_declared_events
from sim.dashboard.picture import HEIGHT, WIDTH, places, stays_of_day
from sim.dashboard.presets import PRESETS
from sim.dashboard.pulse import HEADLINES, PAIRS, one_pair
from sim.dashboard.server import addresses, serve
from sim.dashboard.session import Session
from sim.dashboard.tell import as_json
from sim.dashboard.twins import Twins
from sim.locale import LANGUAGES, Words
from sim.scenario import Scenario
from sim.state import Disposition, Status
from tests.commands import firmlab

SMALL = Experiment(structure=(("staff", 20),))


@pytest.fixture(scope="module")
def twins():
    found = Twins(Experiment("overload"))
    found.go_to(30)
    return found


# --- close looks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("firm", [0, 1])
def test_the_spans_of_every_case_add_up_to_its_time(twins, firm):
    state = twins.firms[firm]
    ledger = state.ledger[: state.clock["closed_rows"][0]]
    live = state.cases["key"][state.cases["status"] == Status.LIVE]
    waited = 0.0
    for key in [*ledger["key"][::23].tolist(), *live[::3].tolist()]:
        told = story(state, key)
        assert sum(span["hours"] for span in told["spans"]) == pytest.approx(told["hours"], abs=1e-9)
        assert all(span["hours"] > 0 for span in told["spans"])
        waited += sum(span["hours"] for span in told["spans"] if span["state"] == "queue")
    assert waited > 10


def test_service_in_a_story_is_the_ledgers_touch_time(twins):
    """Time in which at least one person serves a case is booked by the engine too; here it is put together anew."""
    state = twins.firms[0]
    ledger = state.ledger[: state.clock["closed_rows"][0]]
    later = ledger[ledger["birth"] > state.clock["measure_from"][0]][::37]
    assert len(later) > 50
    for row in later:
        served = sum(span["hours"] for span in story(state, int(row["key"]))["spans"] if span["state"] == "service")
        assert served == pytest.approx(row["touch"] / 1e6, abs=1e-6)


def test_a_story_ends_where_the_reader_has_seen_it(twins):
    state = twins.firms[0]
    row = next(row for row in state.ledger if row["closed"] - row["birth"] > 12e6 and row["birth"] > 420e6)
    middle = (int(row["birth"]) + int(row["closed"]) - int(state.clock["measure_from"][0]) * 2) / 2e6
    told = story(state, int(row["key"]), middle)
    assert (told["ending"], told["decided_by"]) == ("open", None)
    assert told["hours"] == pytest.approx((row["closed"] - row["birth"]) / 2e6)
    assert sum(span["hours"] for span in told["spans"]) == pytest.approx(told["hours"])
    assert story(state, int(row["key"]), 0.0) is None


def test_who_decided_is_who_had_the_word(twins):
    state = twins.firms[0]
    ledger = state.ledger[: state.clock["closed_rows"][0]]
    asker, nobody = (ledger[ledger["disposition"] == kind] for kind in (Disposition.DEFAULTED, Disposition.ABANDONED))
    assert len(asker) > 5
    assert len(nobody) > 5
    assert all(story(state, int(row["key"]))["decided_by"] == row["opener"] for row in asker[:20])
    assert all(story(state, int(row["key"]))["decided_by"] is None for row in nobody[:20])


def test_a_case_of_the_day_on_the_screen_is_told_after_a_look_at_a_person():
    session = Session("preset=placebo")
    of = json.loads(session.setup.value)["serial"]
    session.more({"of": of, "id": 1, "after": 0, "count": 2, "drawn": "all"})
    today = json.loads(session.message.value)["days"][1]["firms"][0]
    case, _, arrived, *_ = next(stay for stay in today["stays"] if 0 < stay[2] < 4)
    session.seat({"of": of, "firm": 0, "seat": 3, "day": 1})
    assert json.loads(session.look.value)["person"]["day"] == 1
    session.pick({"of": of, "case": case, "now": 8 + arrived + 0.01})
    assert all(json.loads(session.look.value)["both"])
    session.jump({"of": of - 1, "day": 50})  # of a page that has been replaced
    assert session.twins.day == 2


def test_a_case_that_never_was_has_no_story(twins):
    assert story(twins.firms[0], 2**63) is None


def test_a_person_has_the_ties_of_the_table(twins):
    state = twins.firms[0]
    lengths = state.queues["length"][: 2 * len(state.seats)]
    seat = int(np.argmax(lengths)) // 2
    told = person(state, seat)
    assert told["tie_count"] == np.count_nonzero(state.tie_to[seat] >= 0)
    assert [weight for _, weight in told["ties"]] == sorted((weight for _, weight in told["ties"]), reverse=True)
    assert told["waiting"] + (state.seats["serving"][seat] >= 0) >= len(told["cases"]) > 0


# --- the clock --------------------------------------------------------------------------------------------------------


def test_going_back_and_forth_changes_nothing():
    one, other = Twins(SMALL), Twins(SMALL)
    one.go_to(30)
    other.days(20, drawn="all")
    other.go_to(5)
    other.go_to(30)
    assert as_json(other.history) == as_json(one.history)
    np.testing.assert_equal(other.summaries(), one.summaries())


def test_a_change_acts_from_the_next_morning_and_not_before():
    changed, left = Twins(SMALL), Twins(SMALL)
    for found in (changed, left):
        found.go_to(10)
    changed.change("second", "approve", 0.0)
    assert changed.experiment.changes == (Change(11, "second", "approve", 0.0),)
    for found in (changed, left):
        found.go_to(60)
    assert as_json(changed.history[:11]) == as_json(left.history[:11])
    assert as_json([first for first, _ in changed.history]) == as_json([first for first, _ in left.history])
    assert changed.history[60][1] != left.history[60][1]
    with pytest.raises(ReaderError, match="approve = 7"):
        changed.change("first", "approve", 7.0)


def test_the_placebo_is_exactly_nothing():
    found = Twins(replace(SMALL, designs=("social", "social")))
    found.go_to(50)
    assert all(as_json(first) == as_json(second) for first, second in found.history)


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_a_link_holds_the_whole_experiment(preset):
    made = Experiment(preset, seed=2**32 - 1)
    made = made.changed(Change(3, "", "load", 1.25)).changed(Change(9, "first", "hear", 1.0))
    assert Experiment.from_link(made.link()) == made
    made.scenario()


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: raw.hex())))
def test_a_damaged_link_is_a_sentence(text):
    with pytest.raises(ReaderError, match="This link is damaged"):
        Experiment.from_link(text)


def uploaded(text):
    return Experiment(uploaded=text)


# What a reader may ask for in vain, by the sentence that answers it, and what the sentence names.
IN_VAIN = (
    ("unknown", Experiment(structure=(("weeks", 50),)), ("weeks", "staff, span")),
    ("unknown", Experiment(changes=(Change(1, "third", "approve", 1.0),)), ("third", "first, second")),
    ("unknown", Experiment(designs=("traditional", "nonsense")), ("nonsense", "social")),
    ("seats", Experiment(structure=(("staff", 5000),)), ("world.staff = 5000", "1000")),
    ("many_changes", Experiment(changes=tuple(Change(day, "", "load", 1.0) for day in range(1, 302))), ("301", "300")),
    ("not_whole", Experiment(structure=(("span", 0),)), ("world.span = 0", "≥ 1, ≤ 200")),
    ("not_whole", Experiment(seed=-1), ("run.seed = -1", "≥ 0, ≤ 4294967295")),
    ("not_number", Experiment(changes=(Change(1, "first", "approve", 1.5),)), ("event[1].design.approve = 1.5", "≤ 1")),
    ("not_number", Experiment(changes=(Change(1, "first", "approve", float("nan")),)), ("approve = nan",)),
    ("unknown_key", Experiment(changes=(Change(1, "", "lod", 2.0),)), ("event[1].world.lod", "world.load")),
    ("scenario", Experiment(changes=(Change(1, "", "staff", 30),)), ("staff is fixed when the firm is built",)),
    ("cases", uploaded("[run]\nburn_in_weeks = 9000"), ("4000000",)),
    ("cases", uploaded("[world]\nrequest_rate = 1e6"), ("4000000",)),
    ("cases", Experiment(changes=(Change(1, "", "request_rate", 1e7), Change(1, "", "load", 20.0))), ("4000000",)),
    ("outsiders", uploaded("[world]\nmarket_per_seat = 500"), ("20000", "market_per_seat")),
    ("many", uploaded("\n".join(f"[design.d{number}]" for number in range(30))), ("[design]", "30", "20")),
    ("many", uploaded("[[event]]\nday = 1\nworld = { load = 1.0 }\n" * 101), ("[event]", "101", "100")),
    ("not_whole", Experiment(structure=(("span", 1),)), ("world.span = 1", "≥ 2")),
    ("not_built_in", uploaded("extends = []"), ("extends = []", "baseline")),
    ("not_built_in", uploaded("extends = '../secret.toml'"), ("../secret.toml", "baseline")),
    ("not_toml", uploaded("[world]\nload = 1\nstaff 3"), ("uploaded.toml", "3")),
    ("not_toml", uploaded("a = " + "[" * 5000), ("uploaded.toml", "1")),
    ("unknown_key", uploaded("[world]\nlod = 2.0"), ("uploaded.toml: world.lod", "world.load")),
    ("unknown_key", uploaded("[design.open]\naprove = 1.0"), ("design.open.aprove", "approve")),
    ("not_number", uploaded("[world]\nload = 99.0"), ("uploaded.toml: world.load = 99.0", "≥ 0, ≤ 20")),
    ("not_number", uploaded("[world]\nplatform_half = 0"), ("world.platform_half = 0", "> 0, ≤ 100")),
    ("not_number", uploaded("[design.open]\napprove = 'all'"), ("design.open.approve = all", "≥ 0, ≤ 1")),
    ("not_whole", uploaded("[[event]]\nday = 0.5"), ("event[1].day = 0.5", "≥ 1")),
    ("scenario", uploaded("[world]\npanel = 1\nquorum = 2"), ("quorum",)),
    ("scenario", uploaded("world = 3"), ("uploaded.toml", "[world]")),
    ("large_file", uploaded("#" * 70_000), ("64 kB",)),
)  # fmt: skip


@pytest.mark.parametrize(("sentence", "wrong", "names"), IN_VAIN)
def test_what_cannot_be_is_told_in_both_languages(sentence, wrong, names):
    with pytest.raises(ReaderError) as raised:
        Experiment.from_link(wrong.link())
    assert raised.value.sentence == sentence
    for language in LANGUAGES:
        told = raised.value.told(Words(language))
        assert all(name in told for name in names), told
    assert raised.value.told(Words("en")) == str(raised.value)


def test_every_sentence_about_a_mistake_is_tried():
    elsewhere = {"damaged_link", "long_link", "last_day"}
    assert {one[0] for one in IN_VAIN} | elsewhere == set(Words("en").below("dashboard.fault"))
    with pytest.raises(ReaderError, match="longer than 50000"):
        Experiment.from_link("A" * 50_001)


def test_events_of_a_preset_come_as_early_as_its_warm_up_is_long():
    scenario, made = Scenario.load("complaint-storm"), Experiment("complaint-storm").scenario()
    assert [event.day for event in made.events] == [event.day - 250 for event in scenario.events]
    programme = Experiment("change-programme").scenario()
    assert {event.only for event in programme.events} == {("second",)}


# --- thirty pairs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_the_band_that_comes_with_a_lesson_is_what_the_model_says(preset):
    band = shipped_for(Experiment(preset))
    assert band["pairs"] == PAIRS == len(band["ends"])
    replication = int(sha256(preset.encode()).hexdigest(), 16) % PAIRS
    pair = one_pair(Experiment(preset).scenario(), replication)
    assert len(pair) == WEEKS
    assert pair[-1] == pytest.approx(band["ends"][replication], abs=5e-5, nan_ok=True)
    for number, headline in enumerate(HEADLINES):
        told, ends = band[headline.name], np.array(band["ends"])[:, number]
        assert told["mean"][-1] == pytest.approx(ends.mean(), abs=1e-3)
        assert told["better"][-1] == np.count_nonzero(headline.better * ends > 0)
        assert all(told[count][-1] >= 0 for count in ("better", "equal", "worse"))
        assert told["better"][-1] + told["equal"][-1] + told["worse"][-1] == PAIRS


def test_the_live_pair_is_the_first_of_the_thirty():
    found = Twins(Experiment("four-shifts"))
    found.go_to(WEEKS * 5)
    first, second = found.history[-1]
    assert np.subtract(second, first) == pytest.approx(shipped("four-shifts")["ends"][0], abs=5e-5)


def test_a_changed_firm_has_no_shipped_band():
    assert shipped_for(Experiment(seed=2)) is None
    assert shipped_for(Experiment().changed(Change(1, "first", "hear", 1.0))) is None


def test_the_workshop_stops_when_asked_and_remembers_what_it_made():
    workshop, told = Workshop(2), []
    scenario = SMALL.scenario()
    assert workshop.band(scenario, progress=told.append, stopped=lambda: len(told) >= 2) is None
    made = workshop.band(scenario, progress=told.append, stopped=lambda: False)
    assert told[-1] == PAIRS
    assert workshop.band(scenario, progress=pytest.fail, stopped=lambda: False) is made
    pairs = [one_pair(scenario, replication)[-1] for replication in (0, 29)]
    assert [made["ends"][0], made["ends"][29]] == [pytest.approx(pair, abs=5e-5) for pair in pairs]
    workshop.close()


# --- challenges -------------------------------------------------------------------------------------------------------


def banded(**means):
    """A band in which only last week's means and intervals (±.5) matter."""
    return {
        one.name: {"mean": [m := means.get(one.name, 0.0)], "mean_low": [m - 0.5], "mean_high": [m + 0.5]}
        for one in HEADLINES
    }


def lever(experiment, name, value=1.0):
    return experiment.changed(Change(1, "second", name, value))


def test_challenges_are_solved_by_what_they_ask_and_by_nothing_less():
    def solved(name, experiment, **means):
        return CHALLENGES[name].solved(facts(experiment, banded(**means)))

    keep = CHALLENGES["keep-satisfaction"].start
    assert solved("keep-satisfaction", keep, decision=-2.5, satisfaction=-0.9)
    assert not solved("keep-satisfaction", keep, decision=-2.5, satisfaction=-1.1)
    assert not solved("keep-satisfaction", keep, decision=-1.9, satisfaction=2.0)
    one = lever(CHALLENGES["one-lever"].start, "approve")
    assert solved("one-lever", one, decision=-1.5)
    assert not solved("one-lever", lever(one, "consult"), decision=-1.5)
    assert opened(lever(one, "approve", 0.0)) == 0
    rescue = lever(CHALLENGES["rescue-overload"].start, "contact")
    assert solved("rescue-overload", lever(rescue, "consult"), satisfaction=5.5)
    assert not solved("rescue-overload", lever(lever(rescue, "consult"), "approve"), satisfaction=5.5)
    nothing = CHALLENGES["no-difference"].start
    assert not solved("no-difference", nothing)
    assert solved("no-difference", lever(nothing, "meet"))
    assert not solved("no-difference", lever(nothing, "meet"), retention=0.7)


def test_half_of_the_gain_is_half_of_what_the_lesson_gains():
    assert pytest.approx(-shipped("four-shifts")["decision"]["mean"][-1] / 2, abs=0.05) == HALF_OF_THE_GAIN


def test_a_challenge_keeps_to_its_world_and_its_first_firm():
    challenge = CHALLENGES["one-lever"]
    start = challenge.start
    assert is_fair(challenge, lever(start, "approve"))
    assert is_fair(challenge, replace(start, designs=("traditional", "social")))
    for other in (
        replace(start, designs=("social", "traditional")), replace(start, structure=(("staff", 20),)),
        replace(start, preset="overload"), lever(start, "selling", 0.0), start.changed(Change(1, "", "load", 2.0)),
        start.changed(Change(1, "first", "approve", 1.0)), start.changed(Change(500, "second", "approve", 1.0)),
    ):  # fmt: skip
        assert not is_fair(challenge, other)


def test_after_the_last_day_nothing_can_change():
    found = Twins(SMALL)
    found.go_to(WEEKS * 5)
    with pytest.raises(ReaderError, match="Day 500 is the last"):
        found.change("second", "approve", 0.0)


# --- the picture ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("staff", "span"), [(20, 5), (156, 5), (200, 5), (400, 5), (1000, 5), (40, 15), (31, 2)])
def test_everybody_has_a_place_of_her_own_below_her_manager(staff, span):
    found = Twins(Experiment(structure=(("staff", staff), ("span", span))))
    seats = found.firms[0].seats
    where = places(seats["parent"], seats["level"])
    assert len({(round(x, 2), round(y, 2)) for x, y in where}) == len(seats)
    assert ((where >= 0) & (where <= [WIDTH, HEIGHT])).all()
    below = seats["parent"] >= 0
    assert (where[below, 1] > where[seats["parent"][below], 1]).all()


def test_what_waits_in_the_picture_is_what_waits_in_the_firm(twins):
    for firm in twins.firms:
        stays, kinds = stays_of_day(firm)
        waiting = [stay for stay in stays if stay[3] is None]
        assert len(waiting) == firm.queues["length"].sum()
        assert {stay[0] for stay in stays} == set(kinds)
        assert all(stay[2] <= 8 and (stay[3] is None or stay[2] <= stay[3] + 1e-3) for stay in stays)


def test_a_day_is_plain_json(twins):
    told = json.dumps(twins.today())
    assert 10_000 < len(told) < 200_000
    assert set(json.loads(told)) == {"day", "pulse", "firms"}


# --- the class --------------------------------------------------------------------------------------------------------


def test_a_class_is_bounded_and_nameless():
    room = Classroom()
    first = room.open("overload")
    assert room.lesson(first.lower()) == "overload"
    for number in range(MOST_ANSWERS):
        assert room.answer(first, str(number), {"decision": 1.0})
    assert not room.answer(first, "one more", {"decision": 1.0})
    assert room.answer(first, "7", {"decision": 2.0})
    assert len(room.answers(first)) == MOST_ANSWERS
    assert room.again(first) == first
    room.ask(first, "placebo")
    assert (room.lesson(first), room.answers(first)) == ("placebo", [])
    for _ in range(MOST_CLASSES):
        room.open("placebo")
    assert room.answers(first) is None
    assert room.lesson(first) is None
    assert room.again(first) is None


def test_what_students_type_is_read_with_care():
    assert read_answer({"decision": "−2,5", "retention": "", "name": "Kim"}) == {
        "decision": -2.5, "retention": None, "satisfaction": None,
    }  # fmt: skip
    for wrong in ({}, {"decision": "x"}, {"decision": "1e9"}, {"decision": "nan"}, {"satisfaction": "inf"}):
        assert read_answer(wrong) is None


def test_firms_are_called_alike_everywhere():
    assert FIRMS == ("first", "second")


# --- the command ------------------------------------------------------------------------------------------------------


def test_a_message_calls_nothing_but_what_a_component_declares(monkeypatch):
    from ipyvue import VueTemplate
    from ipyvue.VueTemplateWidget import Events

    monkeypatch.setattr(Events, "_handle_event", Events._handle_event)  # as it was, afterwards
    only_declared_events()
    heard = []

    class Component(VueTemplate):
        template = "<div></div>"

        def vue_hello(self, data):
            heard.append(data)

        def secret(self, **kwargs):
            heard.append("secret")

    component = Component()
    component._handle_event(None, {"event": "hello", "data": 1}, [])
    for content in (
        {"create_widget": ["builtins", "dict"], "props": {"a": {"functionRef": "secret"}}, "id": "x"},
        {"update_ref": {"functionRef": "secret"}, "id": component.model_id, "prop": "css"},
        {"event": "secret"}, {"event": "__init__"}, {"event": None}, {"event": ["hello"]}, {},
        {"event": "hello", "data": 2, "create_widget": ["builtins", "dict"]},
    ):  # fmt: skip
        component._handle_event(None, content, [])
    assert heard == [1]


def test_only_this_computer_unless_told_otherwise():
    assert addresses("127.0.0.1", 8765) == ["http://localhost:8765/"]
    assert addresses("0.0.0.0", 8765)[0] == "http://localhost:8765/"
    assert inspect.signature(serve).parameters["host"].default == "127.0.0.1"


def test_a_taken_port_is_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = firmlab("dashboard", "--no-browser", "--port", port, folder=tmp_path)
    assert ended.returncode == 2
    assert f"--port {port} is taken" in ended.stderr
    assert "Traceback" not in ended.stderr
