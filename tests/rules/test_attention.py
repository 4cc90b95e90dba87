"""Attention: when a case is noticed, what is served first, and how the desk shares its pool."""

import math

import numpy as np
import pytest

from sim.engine import advance, start
from sim.scenario import Design
from sim.state import TICKS, Activity, Pool, Role
from sim.work import look_up_mean, pool_node, put, put_in_pool
from tests.firms import OF_TWO_KINDS, STAY, firm
from tests.rules import rows, touches

SHORT = (Activity.HAND_ON, Activity.RELAY, Activity.ASK, Activity.TELL)
AT_ONCE = ("world.triage_hours=0.0", "world.answer_hours=0.0", "world.first_contact=1.0", "world.decision_rate=0.0",
           *OF_TWO_KINDS)  # fmt: skip
ANY_DAY_ALIKE = ("world.busy_share=inf", "world.quiet_hours=inf")


@pytest.mark.parametrize("share", [0.0, 0.2, 0.49, 0.5, 0.9])
@pytest.mark.parametrize("today", [0.0, 1.0, 3.0, 8.0])
def test_look_up_shrinks_with_usual_load_and_grows_above_it(share, today):
    """look_up·(1 − q/q̄)⁺·(1 + (max(0, c − 8q)/quiet)²), hours; floating point to 12 digits."""
    state = start(firm("world.look_up_hours=1.5", "world.busy_share=0.5", "world.quiet_hours=2.0", burn_in=0),
                  "traditional", seed=1)  # fmt: skip
    state.seats["share"][7], state.seats["today"][7] = share, today * TICKS
    expected = 1.5 * max(0, 1 - share / 0.5) * (1 + (max(0, today - 8 * share) / 2) ** 2)
    assert look_up_mean(state.firm, np.int64(7)) == pytest.approx(expected * TICKS, rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("design", ["traditional", "social"])
@pytest.mark.parametrize("short_first", [0, 1])
def test_short_tasks_then_long_ones_then_the_pool_each_first_come_first_served(design, short_first):
    """Nothing begins while what goes before it waits in the same queues (`arrived` = `start`: begun at once)."""
    scenario = firm("world.load=2.0", "world.desk=0.2", f"world.short_first={short_first}", *STAY)
    state = advance(start(scenario, design, seed=3, trace=True), 30)
    old = touches(state)["arrived"] < state.clock["measure_from"][0]  # came when the firm was traditional
    of_outsiders = np.isin(touches(state)["activity"], (Activity.TRIAGE, Activity.VET))
    pooled, passed = of_outsiders & (old | (design == "traditional")), 0
    rank = np.where(np.isin(touches(state)["activity"], SHORT) & bool(short_first), 0, np.where(pooled, 2, 1))
    for seat in range(len(state.seats)):
        hers = touches(state)["seat"] == seat
        own, own_rank = touches(state)[hers], rank[hers]
        for touch, order in zip(own, own_rank, strict=True):
            waits = (own["arrived"] < touch["start"]) & (own["start"] > touch["start"])
            if touch["arrived"] < touch["start"]:
                assert not (waits & (own_rank < order)).any()
                assert not (waits & (own_rank == order) & (own["arrived"] < touch["arrived"])).any()
                passed += np.count_nonzero(waits & (own_rank > order))
    assert (passed > 0) == (design == "traditional" or short_first == 1)
    for activity in (Activity.TRIAGE, Activity.VET):
        pool = touches(state)[pooled & (touches(state)["activity"] == activity)]
        in_turn = pool[np.argsort(pool["arrived"], kind="stable")]
        assert (np.diff(in_turn["start"]) >= 0).all()
        assert len(pool) > 10 or design != "traditional"


def test_a_desk_person_who_becomes_free_takes_what_waits():
    """Nobody ends a service and begins none while something has been waiting in the pool."""
    state = advance(start(firm("world.load=3.0", "world.desk=0.2", *STAY), "traditional", seed=3, trace=True), 30)
    pool = touches(state)[touches(state)["activity"] == Activity.TRIAGE]
    desk = touches(state)[state.seats["role"][touches(state)["seat"]] == Role.DESK]
    begun = {(int(touch["seat"]), int(touch["start"])) for touch in desk}
    busy = state.seats["serving"] >= 0
    begun |= {(int(seat), int(state.seats["began"][seat])) for seat in np.flatnonzero(busy)}
    ended_beside_work = 0
    for touch in desk:
        if ((pool["arrived"] < touch["end"]) & (pool["start"] >= touch["end"])).any():
            assert (int(touch["seat"]), int(touch["end"])) in begun
            ended_beside_work += 1
    assert ended_beside_work > 50


def first_responses(desk_seats, weeks):
    """Hours until an outsider is received by idle desk people whose work takes no time."""
    settings = (f"world.desk={desk_seats / 25}", "world.request_rate=40.0", "world.outsider_patience_hours=inf",
                "world.look_up_hours=1.0")  # fmt: skip
    scenario = firm(*settings, *AT_ONCE, *ANY_DAY_ALIKE, burn_in=0, weeks=weeks)
    state = advance(start(scenario, "traditional", seed=3), 5 * weeks)
    assert len(state.desk_seats) == desk_seats
    return (rows(state)["first"] - rows(state)["birth"]) / TICKS


@pytest.mark.parametrize("desk_seats", [1, 2, 5, 10])
def test_the_idle_desk_notices_as_fast_as_all_its_people_together(desk_seats):
    """The first of n look-ups of mean 1 h comes after an exponential time of mean 1/n, at any load: work takes none.

    What comes while something waits is received with it, so waits cluster: 4 standard errors of the means of weeks.
    """
    waits = first_responses(desk_seats, 100)
    parts = np.array([part.mean() for part in np.array_split(waits, 50)])
    assert abs(parts.mean() - 1 / desk_seats) < 4 * parts.std(ddof=1) / math.sqrt(len(parts))
    assert parts.std(ddof=1) / math.sqrt(len(parts)) < 0.05 / desk_seats


def test_who_turns_to_her_own_work_slows_the_rest_of_the_desk_by_her_share():
    """One draw, spent by its hazard: n − 1 of n people take n/(n − 1) times what is left. Rounding: one tick."""
    scenario = firm("world.desk=0.2", *ANY_DAY_ALIKE, burn_in=0)
    state = start(scenario, "traditional", seed=3)
    node, people = pool_node(state.firm, Pool.DESK), len(state.desk_seats)
    put_in_pool(state.firm, np.int64(0), np.int64(Pool.DESK), np.int64(Activity.TRIAGE))
    for idle in range(people - 1, 0, -1):
        before = int(state.nodes["time"][node])
        put(state.firm, np.int64(1), np.int64(state.desk_seats[idle]), np.int64(Activity.ACT))
        assert abs(int(state.nodes["time"][node]) - before * (idle + 1) / idle) <= 1
    put(state.firm, np.int64(1), np.int64(state.desk_seats[0]), np.int64(Activity.ACT))
    assert state.nodes["time"][node] < 0  # nobody is left who could look


def test_the_desk_is_noticed_sooner_than_an_employee_found_by_profile():
    """Pooling is the desk's real benefit: at low load the median first response is shorter than one person's."""
    scenario = firm("world.request_rate=4.0", "world.desk=0.2", "world.load=0.3", *ANY_DAY_ALIKE, weeks=50)
    medians = []
    for design in (Design(), Design(contact=1.0)):
        state = advance(start(scenario, design, seed=3), 250)
        requests = rows(state)[(rows(state)["kind"] == 1) & (rows(state)["first"] >= 0)]
        assert len(requests) > 200
        medians.append(np.median(requests["first"] - requests["birth"]) / TICKS)
    assert medians[0] < medians[1] / 2
