"""Consult: along ties, then the platform, then the chain; or up the chain, down to the owner, back the same way."""

import re

import numpy as np
import pytest

from sim.engine import advance, start
from sim.rules.consult import consult
from sim.scenario import Design
from sim.state import TICKS, Activity, Clock, Consult, Kind, Status, Verb
from sim.ties import believes
from tests.firms import OF_TWO_KINDS, firm
from tests.rules import again, ask, experts, four_errors, rows, services, superiors, touches

DRAWS, SEED, TOPIC = 4000, 2, 0
NOBODY, READ = 1, 2  # the platform's two ends
DECISIONS = ("world.market_per_seat=0.0", "world.patience_hours=inf", "world.interdependence=0.7", "world.rework=0.0",
             *OF_TWO_KINDS)  # fmt: skip
ALONE = (*DECISIONS, "world.authority=[1.0]", "world.own_authority=1.0")  # nobody screens: what is seen is the consult


def an_asker(*settings):
    """A firm, one of its employees who knows nothing of TOPIC, with no ties, and three experts of other teams."""
    state = start(firm("world.metaknowledge=1.0", *settings, burn_in=0), Design(consult=1.0), seed=SEED)
    who = experts(state, TOPIC)
    asker = next(seat for seat in range(30, 5, -1) if seat not in who and state.seats["team"][seat] not in
                 state.seats["team"][who])  # fmt: skip
    state.tie_to[:] = -1
    return state, asker, [int(seat) for seat in who if seat > 5][:3]


def know(state, seat, *ties):
    for slot, (other, weight) in enumerate(ties):
        state.tie_to[seat, slot], state.tie_weight[seat, slot] = other, weight


# --- open -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_strongest_tie_believed_to_know_is_asked_wherever_it_stands(order):
    state, asker, who = an_asker()
    ties = [(who[0], 0.6), (who[1], 0.7), (who[2], 0.9)]  # who knows is believed to, from half weight on
    know(state, asker, *(ties[place] for place in order))
    assert ask(consult, state, kind=Kind.DECISION, open=1, topic=TOPIC, holder=asker) == (
        Verb.TASK, Activity.ASK, who[2]
    )  # fmt: skip
    assert again(consult, state, who[2], did=Activity.ASK) == (Verb.TASK, Activity.HELP, who[2])


def test_a_stronger_tie_not_believed_to_know_is_passed_over():
    state, asker, who = an_asker("world.wrong_belief=0.0")
    know(state, asker, (28, 1.0), (who[0], 0.6))
    assert 28 not in experts(state, TOPIC)
    assert ask(consult, state, open=1, topic=TOPIC, holder=asker) == (Verb.TASK, Activity.ASK, who[0])


def test_who_does_not_know_asks_on_along_her_own_ties_but_nobody_twice_and_not_the_asker():
    state, asker, _ = an_asker("world.wrong_belief=1.0", "world.search_limit=3")
    laymen = [seat for seat in range(6, 31) if seat not in (asker, *experts(state, TOPIC))]
    layman, another, third = laymen[:3]
    know(state, asker, (layman, 1e-9))  # so weak that she is thought to know, with wrong_belief 1
    know(state, layman, (asker, 2e-9), (another, 1e-9))
    know(state, another, (asker, 3e-9), (layman, 2e-9), (third, 1e-9))
    assert ask(consult, state, open=1, topic=TOPIC, holder=asker) == (Verb.TASK, Activity.ASK, layman)
    assert again(consult, state, layman, did=Activity.ASK) == (Verb.TASK, Activity.ASK, another)
    assert again(consult, state, another, did=Activity.ASK) == (Verb.TASK, Activity.ASK, third)


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_after_enough_asks_the_platform_is_asked(limit):
    state, asker, who = an_asker(f"world.search_limit={limit}")
    know(state, asker, *((expert, 0.9) for expert in who))
    step = ask(consult, state, open=1, topic=TOPIC, holder=asker)
    for _ in range(limit):
        assert step[:2] == (Verb.TASK, Activity.ASK)
        state.know_level[:] = 0.0  # those who were asked turn out to know nothing; others are not asked by name
        state.know_level[who] = np.where(np.isin(who, state.cases["asked"][0, : state.cases["asks"][0]]), 0, 1)[:, None]
        step = again(consult, state, asker, did=Activity.ASK)
    assert step[0] == Verb.WAIT
    assert step[2] == Clock.PLATFORM


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.9])
def test_belief_follows_the_tie(weight):  # min(1, 2·meta·w) and wrong·(1 − w); 4 standard errors
    state, asker, _ = an_asker("world.metaknowledge=0.8", "world.wrong_belief=0.3")
    know(state, asker, (28, weight))
    for knows, expected in ((True, min(1.0, 2 * 0.8 * weight)), (False, 0.3 * (1 - weight))):
        believed = 0
        for key in range(DRAWS):
            state.cases["key"][0] = key
            believed += believes(state.firm, np.int64(0), np.int64(asker), np.int64(0), knows)
        assert abs(believed / DRAWS - expected) <= four_errors(expected, DRAWS)


def test_nobody_asks_a_superior_but_about_her_own_field():
    state, asker, _ = an_asker("world.wrong_belief=1.0")
    boss, top = superiors(state, asker)
    layman = next(seat for seat in (27, 28, 29, 30) if seat != asker and seat not in experts(state, TOPIC))
    state.know_topic[[boss, top]] = -1
    know(state, asker, (boss, 3e-9), (top, 2e-9), (layman, 1e-9))
    assert ask(consult, state, open=1, topic=TOPIC, holder=asker) == (Verb.TASK, Activity.ASK, layman)
    state.know_topic[boss, 0], state.know_level[boss, 0], state.tie_weight[asker, 0] = TOPIC, 0.9, 0.6
    assert ask(consult, state, open=1, topic=TOPIC, holder=asker) == (Verb.TASK, Activity.ASK, boss)


@pytest.mark.parametrize("half", [1.0, 4.0, 12.0])
def test_the_platform_answers_as_often_as_its_readers_make_it(half):  # 1 − 2^(−n/half); 4 standard errors
    state, asker, _ = an_asker(f"world.platform_half={half}", "world.platform_wait_hours=4.0")
    who, read, readers = experts(state, TOPIC), 0, set()
    for key in range(DRAWS):
        step = ask(consult, state, key=key, open=1, topic=TOPIC, holder=asker)
        assert (step[0], step[2]) == (Verb.WAIT, Clock.PLATFORM)
        record = state.cases[0]
        assert (record["until"] == 4 * TICKS) == (record["platform"] == NOBODY)
        if record["platform"] == READ:
            readers.add(int(record["helper"]))
            read += 1
    expected = 1 - 2 ** (-len(who) / half)
    assert abs(read / DRAWS - expected) < four_errors(expected, DRAWS)
    assert readers == set(who)


def test_the_one_who_read_first_helps_and_an_unread_question_goes_up_the_chain():
    state, asker, who = an_asker()
    common = {"open": 1, "topic": TOPIC, "holder": asker, "did": Activity.CLOCK}
    assert ask(consult, state, platform=READ, helper=who[1], **common) == (Verb.TASK, Activity.HELP, who[1])
    assert ask(consult, state, platform=NOBODY, **common) == (Verb.TASK, Activity.RELAY, superiors(state, asker)[0])
    assert state.cases["open"][0] == 0


def test_ties_then_the_platform_then_the_chain():
    """Letters of a case: act, asK, Help, Relay. Nobody relays what was found openly; what is not read waits in full."""
    scenario = firm(*ALONE, "world.platform_half=8.0", "world.platform_wait_hours=3.0", "world.search_limit=2")
    state = advance(start(scenario, Design(consult=1.0), seed=SEED, trace=True), 30)
    letters = {Activity.ACT: "A", Activity.ASK: "K", Activity.HELP: "H", Activity.RELAY: "R"}
    by_case, ways = services(state), set()
    for row in rows(state)[rows(state)["consult"] != Consult.NONE]:
        case = by_case[int(row["key"])]
        way = "".join(letters[touch["activity"]] for touch in case)
        assert re.fullmatch("AK{0,2}(H|R+H?R*)", way), way
        before = next(touch for touch in case[::-1] if touch["activity"] in (Activity.ACT, Activity.ASK))
        after = case[len(way.rstrip("HR"))]
        silence = int(after["arrived"] - before["end"])
        if "R" in way:
            assert silence == 3 * TICKS
        elif before["activity"] == Activity.ASK and after["seat"] == before["seat"]:
            assert silence == 0
            ways.add("tie")
        else:
            assert 0 <= silence < 3 * TICKS
            assert after["seat"] not in [touch["seat"] for touch in case[:-1]]  # who was asked is no reader
            ways.add("platform")
        assert row["relays"] == (0 if row["consult"] == Consult.NOBODY_KNEW else way.count("R"))
        ways |= {"chain"} if "R" in way else set()
    assert ways == {"tie", "platform", "chain"}


# --- gatekeeper -------------------------------------------------------------------------------------------------------


def way_to(state, asker, team):
    """Managers between an employee and the one of a team: up to the lowest common one, down to that team's."""
    up, down = superiors(state, asker), [team, *superiors(state, team)]
    common = next(seat for seat in up if seat in down)
    return up[: up.index(common)] + down[: down.index(common) + 1][::-1]


def test_a_question_goes_up_to_the_common_manager_down_to_the_owner_and_back_the_same_way():
    scenario = firm(*ALONE, staff=156, burn_in=0, weeks=3)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 15)
    by_case, lengths = services(state), set()
    for row in rows(state)[rows(state)["consult"] == Consult.ANSWERED]:
        team = int(state.topics["team"][row["topic"]])
        way = way_to(state, int(row["opener"]), team)
        case = by_case[int(row["key"])]
        met = [(int(touch["activity"]), int(touch["seat"])) for touch in case]
        relays = [(Activity.RELAY, manager) for manager in way]
        helper = met[len(way) + 1][1]
        assert met == [(Activity.ACT, row["opener"]), *relays, (Activity.HELP, helper), *relays[::-1]]
        assert state.seats["parent"][helper] == team
        assert helper in experts(state, row["topic"])
        assert row["relays"] == 2 * len(way)
        lengths.add(len(way))
    assert lengths == {3, 5}  # within a department and across the top


def test_when_nobody_knew_the_case_goes_back_the_same_way_and_nothing_was_garbled():
    ignorant = ("world.expertise_low=0.1", "world.expertise_high=0.2", "world.second_field=0.1",
                "world.former_field=0.1")  # fmt: skip
    scenario = firm(*ALONE, *ignorant, "world.desk=0.0", burn_in=0)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 30)
    by_case = services(state)
    assert len(rows(state)) > 100
    assert (rows(state)["consult"] == Consult.NOBODY_KNEW).all()
    assert (rows(state)["relays"] == 0).all()
    for row in rows(state):
        way = way_to(state, int(row["opener"]), int(state.topics["team"][row["topic"]]))
        relays = [touch["seat"] for touch in by_case[int(row["key"])] if touch["activity"] == Activity.RELAY]
        assert relays == way + way[-2::-1]
    assert Activity.HELP not in touches(state)["activity"]


def test_the_manager_gives_it_to_any_of_her_experts_alike_but_not_to_the_asker():  # 4 standard errors
    state, _, _ = an_asker()
    team = int(state.topics["team"][TOPIC])
    members = [int(seat) for seat in experts(state, TOPIC) if state.seats["parent"][seat] == team]
    asker, others, found = members[0], members[1:], []
    for key in range(DRAWS):
        step = ask(consult, state, team, key=key, topic=TOPIC, holder=asker, did=Activity.RELAY)
        assert step[:2] == (Verb.TASK, Activity.HELP)
        found.append(step[2])
    assert set(found) == set(others)
    share = 1 / len(others)
    assert all(abs(found.count(one) / DRAWS - share) < four_errors(share, DRAWS) for one in others)


def test_the_consults_clock_leaves_the_asker_with_what_she_knows_herself():
    """It rings when answers are on their way back: the answer and its relays are forgotten."""
    slow = ("world.relay_hours=1.0", "world.help_hours=0.01", "world.screen_hours=8.0", "world.look_up_hours=0.0")
    rest = ("world.service_cv=0.0", "world.load=0.3", "world.authority=[0.0]")
    scenario = firm(*DECISIONS, *slow, *rest, "world.patience_hours=24.0", burn_in=0)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 40)
    helped = set(touches(state)["case"][touches(state)["activity"] == Activity.HELP].tolist())
    rung = state.cases[(state.cases["status"] == Status.LIVE) & (state.cases["consult"] == Consult.ENDED_BY_CLOCK)]
    assert helped & set(rung["key"].tolist())
    assert (rung["answer"] == 0.0).all()
    assert (rung["relays"] == 0).all()
    assert (rows(state)["relays"][rows(state)["consult"] == Consult.ENDED_BY_CLOCK] == 0).all()


def test_a_reader_who_has_quit_meanwhile_helps_nobody():  # the question goes up the chain
    state, asker, who = an_asker()
    state.seats["vacant"][who[1]], state.seats["acting"][who[1]] = 1, asker
    step = ask(consult, state, open=1, topic=TOPIC, holder=asker, did=Activity.CLOCK, platform=READ, helper=who[1])
    assert step == (Verb.TASK, Activity.RELAY, superiors(state, asker)[0])
