"""Approve: the asker first, then a chain of screens or a panel; who may decide what, and who passes what unseen."""

import numpy as np
import pytest

from sim.draws import Stream, uniform
from sim.engine import advance, part, start
from sim.rules.approve import approve
from sim.rules.customers import miss_the_leaving
from sim.rules.staff import lose_ties
from sim.scenario import Design
from sim.state import Activity, Clock, Disposition, Kind, Status, Verb
from tests.firms import OF_TWO_KINDS, firm
from tests.rules import again, ask, experts, four_errors, rows, services, superiors, touches

DRAWS, SEED = 4000, 2
CERTAIN = ("world.noise=0.0", "world.authority=[0.1, 0.5, 0.9]", "world.own_authority=0.6")
FAST = ("world.market_per_seat=0.0", "world.interdependence=0.0", "world.rework=0.0", "world.patience_hours=inf",
        "world.look_up_hours=0.0", *OF_TWO_KINDS)  # fmt: skip


def judges(*settings, reserve=1.0):
    """A firm whose people see what is good, one of its product people, and a topic that she knows."""
    state = start(firm(*CERTAIN, *settings, burn_in=0), Design(approve=1.0, reserve=reserve), seed=SEED)
    asker = int(np.flatnonzero(state.seats["role"] == 0)[0])
    state.seats["honest"][:] = 1
    return state, {"holder": asker, "topic": state.know_topic[asker, 0], "good": 1}


@pytest.mark.parametrize(
    ("is_open", "quantile", "answer"),
    [
        (0, 0.10, "alone"),
        (0, 0.11, "up"),
        (0, 0.99, "up"),
        (1, 0.60, "alone"),  # trust reaches further
        (1, 0.61, "panel"),
        (1, 0.95, "panel"),
        (1, 0.96, "up"),  # above `reserve` also under trust
    ],
)
def test_who_says_yes_depends_on_the_stake(is_open, quantile, answer):
    state, case = judges(reserve=0.95)
    step = ask(approve, state, open=is_open, quantile=quantile, **case)
    expected = {
        "alone": (Verb.CLOSE, 0, Disposition.ACCEPTED),
        "up": (Verb.TASK, Activity.SCREEN, superiors(state, case["holder"])[0]),
        "panel": (Verb.PANEL, Activity.PANEL, 3),
    }
    assert step == expected[answer]


@pytest.mark.parametrize("reserve", [0.2, 0.95])
def test_stakes_above_the_reserve_need_the_authority_of_the_chain(reserve):  # and not the wider one of trust
    state, case = judges(reserve=reserve)
    alone = [q for q in np.linspace(0.01, 0.99, 99) if ask(approve, state, open=1, quantile=q, **case)[0] == Verb.CLOSE]
    assert max(alone) == pytest.approx(min(0.6, reserve), abs=1e-9)


@pytest.mark.parametrize("is_open", [0, 1])
@pytest.mark.parametrize("honest", [0, 1])
@pytest.mark.parametrize("quantile", [0.05, 0.3, 0.95])
def test_a_bad_case_is_passed_by_the_dishonest_where_nobody_looks_and_by_nobody_else(is_open, honest, quantile):
    state, case = judges(reserve=0.9)
    state.seats["honest"][case["holder"]] = honest
    step = ask(approve, state, open=is_open, quantile=quantile, **(case | {"good": 0}))
    unseen = quantile <= (0.6 if is_open and quantile <= 0.9 else 0.1)
    passes = unseen and not honest
    assert step == (Verb.CLOSE, 0, Disposition.ACCEPTED if passes else Disposition.REJECTED)


def test_one_no_of_a_manager_ends_it():
    state, case = judges()
    boss, top = superiors(state, case["holder"])
    common = case | {"quantile": 0.7, "did": Activity.SCREEN}
    assert ask(approve, state, boss, height=1, **common) == (Verb.TASK, Activity.SCREEN, top)
    assert ask(approve, state, top, height=2, **common) == (Verb.CLOSE, 0, Disposition.ACCEPTED)
    assert ask(approve, state, boss, height=1, **(common | {"good": 0})) == (Verb.CLOSE, 0, Disposition.REJECTED)


def test_too_few_experts_for_a_quorum_send_it_up():
    state, case = judges("world.panel=16", "world.quorum=16")
    assert ask(approve, state, open=1, quantile=0.8, **case)[:2] == (Verb.TASK, Activity.SCREEN)


@pytest.mark.parametrize("size", [1, 3])
def test_a_panel_is_any_of_the_experts_alike_but_never_the_asker_or_her_chain(size):  # 4 standard errors
    state, case = judges(f"world.panel={size}", "world.quorum=1")
    boss, _ = superiors(state, case["holder"])
    state.know_topic[boss, 0], state.know_level[boss, 0] = case["topic"], 0.9
    state.topics["roster_low"][case["topic"]] = 0  # her manager joins the experts
    roster = np.append(experts(state, case["topic"]), 0)  # and so does the top
    state.topics["roster_high"][case["topic"]] = len(roster)
    state.roster[: len(roster)] = roster
    eligible = set(roster.tolist()) - {case["holder"], boss, 0}
    asked = []
    for key in range(DRAWS):
        assert ask(approve, state, open=1, key=key, quantile=0.8, **case) == (Verb.PANEL, Activity.PANEL, size)
        members = state.invited[:size].tolist()
        assert len(set(members)) == size
        asked += members
    assert {case["holder"], boss} <= set(roster.tolist())
    assert len(eligible) > 3
    assert set(asked) == eligible
    share = size / len(eligible)
    assert all(abs(asked.count(one) / DRAWS - share) < four_errors(share, DRAWS) for one in eligible)


@pytest.mark.parametrize(("members", "quorum"), [(1, 1), (3, 1), (3, 2), (3, 3), (5, 3), (4, 2)])
def test_a_panel_ends_when_the_quorum_agrees_or_no_longer_can(members, quorum):  # every order of votes
    state, case = judges(f"world.panel={members}", f"world.quorum={quorum}")
    for votes in range(2**members):
        ask(approve, state, open=1, quantile=0.8, **case)
        yes = no = 0
        for member in range(members):
            vote = votes >> member & 1
            yes, no = yes + vote, no + 1 - vote
            step = again(approve, state, 7, did=Activity.PANEL, good=vote, members=members)
            if yes == quorum or no > members - quorum:
                assert step == (Verb.CLOSE, 0, Disposition.ACCEPTED if yes == quorum else Disposition.REJECTED)
                break
            assert (step[0], step[2]) == (Verb.WAIT, Clock.APPROVAL)
        else:
            pytest.fail("a full panel has to decide")


def test_panels_of_a_firm_are_experts_outside_the_chain_and_end_early():
    """Whoever has not begun when it is decided never begins; who has begun ends her work."""
    state = advance(start(firm(*FAST, "world.own_authority=0.3", "world.load=3.0"), Design(approve=1.0), seed=SEED,
                          trace=True), 30)  # fmt: skip
    by_case, sat, late = services(state), 0, 0
    for row in rows(state):
        panel = [touch for touch in by_case[int(row["key"])] if touch["activity"] == Activity.PANEL]
        for touch in panel:
            assert touch["seat"] in experts(state, row["topic"])
            assert touch["seat"] not in [row["opener"], *superiors(state, row["opener"])]
            assert touch["start"] <= row["closed"]
            late += touch["end"] > row["closed"]
        sat += len(panel)
    assert sat > 100
    assert late > 0


def test_a_case_goes_up_to_the_first_who_may_decide():
    """The screens of an accepted case are its asker's superiors up to the first whose authority covers the stake."""
    authority = [0.1, 0.5, 0.9]
    scenario = firm(*FAST, f"world.authority={authority}", staff=156, burn_in=0, weeks=4)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 20)
    by_case, heights = services(state), set()
    for row in rows(state)[rows(state)["disposition"] == Disposition.ACCEPTED]:
        met = [touch["seat"] for touch in by_case[int(row["key"])] if touch["activity"] == Activity.SCREEN]
        height = sum(row["quantile"] > quantile for quantile in authority)
        assert met == superiors(state, row["opener"])[:height]
        heights.add(height)
    assert heights == {0, 1, 2, 3}


def test_in_a_long_chain_the_top_seat_decides():  # 40 levels are more than the table of authorities has
    quick = ("world.act_hours=0.1", "world.screen_hours=0.1", "world.good_share=1.0", "world.noise=0.0")
    scenario = firm(*FAST, *quick, "world.span=1", "world.authority=[0.0]", "world.desk=0.0", staff=40, burn_in=0)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 60)
    assert len(rows(state)) > 5
    assert set(touches(state)["seat"].tolist()) == set(range(40))
    for row in rows(state):
        assert row["kind"] == Kind.DECISION
        case = services(state)[int(row["key"])]
        assert [touch["seat"] for touch in case] == list(range(39, -1, -1))


def test_when_too_few_of_a_panel_are_left_the_case_goes_up():
    state, case = judges()
    assert ask(approve, state, open=1, quantile=0.8, **case)[0] == Verb.PANEL
    boss = superiors(state, case["holder"])[0]
    assert again(approve, state, did=Activity.CLOCK) == (Verb.TASK, Activity.SCREEN, boss)
    assert state.cases["members"][0] == 0
    assert state.cases["height"][0] == 1


def test_who_takes_a_place_on_a_panel_is_the_next_in_its_own_order():
    """An expert of the topic, neither asker nor chain, not one who had a place; without one the panel goes on alone."""
    scenario = firm(*CERTAIN[:1], *OF_TWO_KINDS, "world.own_authority=0.0", "world.vacancy_weeks=100.0",
                    "world.screen_hours=200.0", "world.good_share=1.0", "world.look_up_hours=0.0", "world.desk=0.0",
                    "world.act_hours=0.0", "world.patience_hours=inf", burn_in=0)  # fmt: skip
    state = advance(start(scenario, Design(approve=1.0), seed=SEED), 5)
    panels = np.flatnonzero((state.cases["status"] == Status.LIVE) & (state.cases["members"] == 3))
    before = {int(case): members(state, case) for case in panels if len(members(state, case)) == 3}
    leaver = next(seat for seat in range(30, 5, -1) if any(seat in asked for asked in before.values()))
    state.seats["leaving"][leaver] = 1
    for rule in (lose_ties, miss_the_leaving, part):
        rule(state.firm, np.int64(0))
    replaced = shrunk = 0
    for case, asked in before.items():
        record = state.cases[case]
        holder, topic = int(record["holder"]), int(record["topic"])
        order = [int(one) for one in experts(state, topic)
                 if one not in (holder, leaver, *superiors(state, holder))]  # fmt: skip
        order.sort(key=lambda one: uniform(SEED, Stream.PANEL, int(record["key"]), one))
        if leaver not in asked:
            assert members(state, case) == asked
        elif len(order) > 2:
            assert members(state, case) == set(order[:3])
            replaced += 1
        else:
            assert record["members"] == 2
            assert members(state, case) == asked - {leaver} == set(order)
            shrunk += 1
    assert replaced > 0


def members(state, case):
    """Who has a panel's task of a case."""
    found, task = set(), int(state.cases["first_task"][case])
    while task >= 0:
        if state.tasks["activity"][task] == Activity.PANEL:
            found.add(int(state.tasks["seat"][task]))
        task = int(state.tasks["sibling"][task])
    return found
