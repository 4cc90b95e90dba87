"""What pairing promises: placebo, streams, the minimally different world, order, determinism, monotone coupling."""

import numpy as np
import pytest

from sim.draws import Stream, uniform
from sim.engine import advance, horizon_days, simulate, start
from sim.population import build
from sim.scenario import Design
from sim.state import TICKS, Kind, copy
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


def test_raising_a_lever_only_adds_open_cases():  # the rule is u(case, phase) < lever with one u
    keys = np.arange(2000, dtype=np.uint64)
    draws = np.array([uniform(5, Stream.RULE, key, 3) for key in keys])
    for low, high in ((0.0, 0.3), (0.3, 0.8), (0.8, 1.0)):
        assert set(keys[draws < low]) <= set(keys[draws < high])


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
