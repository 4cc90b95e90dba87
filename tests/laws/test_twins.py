"""What pairing promises: placebo, streams, the minimally different world, order, determinism, monotone coupling."""

import numpy as np
import pytest

from sim.draws import Stream, uniform
from sim.engine import advance, horizon_days, simulate, start
from sim.population import build
from sim.scenario import Design
from sim.state import TICKS, Activity, Kind, Role, copy
from tests.firms import LEVERS, firm, same

FIRM = firm()
DAYS = horizon_days(FIRM.run)
SPONTANEOUS = np.uint64(1) << np.uint64(63)  # bit of keys that were born of another case


def run(scenario, design, **options):
    return advance(start(scenario, design, seed=5, **options), horizon_days(scenario.run))


def births(state):
    """What spontaneous cases are, by key: everything but what happens to them."""
    closed = state.ledger[: state.clock["closed_rows"][0]]
    still = state.cases[(state.cases["status"] == 1) & (state.cases["birth"] >= state.clock["measure_from"][0])]
    columns = ("birth", "kind", "opener", "topic", "quantile", "good")
    rows = [*zip(closed["key"], *(closed[c] for c in columns), strict=True)]
    rows += [*zip(still["key"], *(still[c] for c in columns), strict=True)]
    return sorted(tuple(map(float, row)) for row in rows if not np.uint64(row[0]) & SPONTANEOUS)


def test_placebo_two_names_for_the_same_numbers_give_the_same_firm():
    assert same(run(FIRM, "open"), run(FIRM, Design(contact=1, consult=1, approve=1, reserve=0.99)))


def test_the_placebo_can_fail():  # another seed is another firm
    assert not same(run(FIRM, "open"), advance(start(FIRM, "open", seed=6), DAYS))


@pytest.mark.parametrize("levers", LEVERS[1:])
def test_levers_move_no_spontaneous_birth(levers):
    design = Design(contact=levers[0], consult=levers[1], approve=levers[2], reserve=0.99)
    assert births(run(FIRM, design)) == births(run(FIRM, "traditional"))


def test_people_are_the_same_under_every_design():
    one, other = (build(FIRM.world, Design.named(name), seed=5, replication=0) for name in ("traditional", "open"))
    assert same(one, other, ["seats", "know_topic", "know_level", "tie_to", "tie_weight", "customers", "topics"])


def test_a_change_that_nobody_can_notice_changes_nothing():  # under gatekeeper rules nobody reads the platform
    changed = firm("world.platform_wait_hours=9.0", "world.popular=1.5", "world.panel=5")
    one, other = run(FIRM, "traditional"), run(changed, "traditional")
    assert same(one, other, ["clock", "seats", "cases", "ledger", "queues", "tie_to", "tie_weight"])


def test_one_dishonest_person_changes_only_her_own_cases():  # nobody else's case asks whether she is honest
    scenario = firm("world.interdependence=0.0", "world.market_per_seat=0.0", "world.rework=0.0", burn_in=0)
    one = start(scenario, "open", seed=5)
    liar = int(np.flatnonzero((one.seats["role"] == 0) & (one.seats["honest"] == 1))[0])
    other = copy(one)
    other.seats["honest"][liar] = 0
    one, other = advance(one, DAYS), advance(other, DAYS)
    rows = [state.ledger[: state.clock["closed_rows"][0]] for state in (one, other)]
    dispositions = [{(row["key"], row["disposition"], row["opener"]) for row in part} for part in rows]
    differing = {opener for _, _, opener in dispositions[0] ^ dispositions[1]}
    assert differing == {liar}


def test_drawing_one_thing_before_another_does_not_matter():
    def draw(stream):
        return uniform(1, stream, 3, 4)

    forward = [draw(stream) for stream in (Stream.STAKE, Stream.MERIT)]
    assert forward == [draw(stream) for stream in (Stream.MERIT, Stream.STAKE)][::-1]


def test_a_day_at_a_time_or_all_at_once():
    at_once, daily = run(FIRM, "connected"), start(FIRM, "connected", seed=5)
    for _ in range(DAYS):
        daily = advance(daily)
    assert same(at_once, daily)


def test_twins_that_copy_the_burn_in_equal_firms_that_compute_it():
    together = simulate(FIRM, ["traditional", "open"], seed=5)
    alone = [simulate(FIRM, [name], seed=5)[0] for name in ("traditional", "open")]
    assert repr(together) == repr(alone)  # repr, so that NaN equals NaN and every bit counts


def test_small_pools_that_grow_give_the_same_firm(monkeypatch):
    large = run(FIRM, "open", trace=True)
    monkeypatch.setattr("sim.population.FIRST_POOL", 20)
    small = run(FIRM, "open", trace=True)
    rows = large.clock["closed_rows"][0]
    assert small.clock["closed_rows"][0] == rows > 20
    assert large.ledger[:rows].tobytes() == small.ledger[:rows].tobytes()
    assert len(small.cases) > 20
    assert len(small.touches) > 20


# What shows in a trace which of a phase's two rules a case met, in firms where every case meets one that shows.
PLAIN = ("world.rework=0.0", "world.repeat=0.0", "world.patience_hours=inf", "world.outsider_patience_hours=inf")
VISIBLE = {
    "approve": (Activity.SCREEN, Activity.PANEL, (
        "world.authority=[0.0]", "world.own_authority=0.0", "world.noise=0.0", "world.good_share=1.0",
        "world.market_per_seat=0.0", "world.interdependence=0.0")),
    "consult": (Activity.RELAY, Activity.HELP, (  # the platform is read at once; only the chain relays
        "world.tie_limit=0", "world.platform_half=0.01", "world.authority=[1.0]", "world.market_per_seat=0.0")),
    "contact": (Activity.TRIAGE, Activity.TRIAGE, (  # by the desk, or by an expert elsewhere, whom the profile finds
        "world.profile_error=0.0", "world.second_field=0.5", "world.decision_rate=0.0", "world.request_rate=40.0")),
}  # fmt: skip


def met(lever, share):
    """Cases that met the gatekeeper rule, and those that met the open rule, at a share of open cases."""
    gate, opened, settings = VISIBLE[lever]
    state = run(firm(*PLAIN, *settings, burn_in=0), Design(**{lever: share}), trace=True)
    touches = state.touches[: state.clock["touch_rows"][0]]
    at_desk = (state.seats["role"][touches["seat"]] == Role.DESK) | (lever != "contact")
    by_gate = set(touches["case"][(touches["activity"] == gate) & at_desk].tolist())
    return by_gate, set(touches["case"][touches["activity"] == opened].tolist()) - by_gate


@pytest.mark.parametrize("lever", VISIBLE)
def test_raising_a_lever_only_adds_open_cases(lever):
    """What met the open rule at .3 meets it at .8 and at 1; at 0 nothing does, at 1 all. Nothing else differs."""
    gate, opened = zip(*(met(lever, share) for share in (0.0, 0.3, 0.8, 1.0)), strict=True)
    assert not opened[0]
    assert not gate[3]
    for low, high in ((0, 1), (1, 2), (2, 3)):
        both = (gate[low] | opened[low]) & (gate[high] | opened[high])  # some are still on their way in one of the two
        assert opened[low] & both <= opened[high] & both
        assert len(opened[high] & both) > len(opened[low] & both) + 20


def test_cases_born_of_others_are_the_same_matter_under_every_design():
    """Which errors there are depends on the rules; one that both firms make comes back as the same case in both."""
    scenario = firm("world.good_share=0.3", "world.noise=3.0", "world.rework=1.0", "world.repeat=1.0",
                    "world.discovery_hours=4.0")  # fmt: skip
    columns = ("kind", "opener", "topic", "quantile", "good", "round")
    tables = []
    for design in ("traditional", "connected", "open"):
        closed = run(scenario, design)
        closed = closed.ledger[: closed.clock["closed_rows"][0]]
        born_of_another = closed[(closed["key"] & SPONTANEOUS) > 0]
        tables.append({int(row["key"]): tuple(row[column] for column in columns) for row in born_of_another})
    for one, other in ((0, 1), (0, 2), (1, 2)):
        common = tables[one].keys() & tables[other].keys()
        assert len(common) > 30
        assert len(common) < len(tables[one])
        assert all(tables[one][key] == tables[other][key] for key in common)


def test_a_half_open_firm_treats_each_case_by_one_of_the_two_rules():
    """At approve .5, screens and panels of a decision fit the rule that its own draw chose."""
    scenario = firm("world.interdependence=0.0", "world.market_per_seat=0.0", burn_in=0)
    state = advance(start(scenario, Design(approve=0.5, reserve=1.0), seed=5, trace=True), DAYS)
    rows = state.ledger[: state.clock["closed_rows"][0]]
    touches = state.touches[: state.clock["touch_rows"][0]]
    panels = set(touches["case"][touches["activity"] == 11].tolist())
    screens = set(touches["case"][touches["activity"] == 10].tolist())
    assert panels
    assert screens
    for row in rows[rows["kind"] == Kind.DECISION]:
        is_open = uniform(5, Stream.RULE, row["key"], 3) < 0.5
        assert not (row["key"] in panels and not is_open)
        if is_open and row["quantile"] <= scenario.world.own_authority:
            assert row["key"] not in screens
            assert row["key"] not in panels


def test_time_is_whole_ticks_of_a_millionth_of_an_hour():
    state = run(FIRM, "open")
    assert state.clock["now"][0] == (2 + 6) * 5 * 8 * TICKS
