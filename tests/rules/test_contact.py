"""Contact: who receives an outsider, who hands on to whom, and what is settled at first contact."""

import numpy as np
import pytest

from sim.draws import Stream, uniform
from sim.engine import advance, start
from sim.judgement import can_answer
from sim.rules.contact import contact
from sim.scenario import Design
from sim.state import Activity, Kind, Role, Verb
from tests.firms import OF_TWO_KINDS, firm
from tests.rules import again, ask, experts, four_errors, rows, services, touches

DRAWS, SEED, TOPIC = 4000, 2, 0
PATIENT = ("world.outsider_patience_hours=inf", "world.patience_hours=inf", "world.decision_rate=0.0", *OF_TWO_KINDS)
BUSY = ("world.request_rate=120.0", *PATIENT)


def found_by_profile(*settings):
    """Whom the public profile finds for each of many cases, and the firm; one expert has answered eight outsiders."""
    state = start(firm(*settings, burn_in=0), "social", seed=SEED)
    state.seats["fame"][experts(state, TOPIC)[0]] = 8.0
    steps = [ask(contact, state, key=key, kind=Kind.REQUEST, open=1, topic=TOPIC) for key in range(DRAWS)]
    assert {step[:2] for step in steps} == {(Verb.TASK, Activity.TRIAGE)}
    return np.array([step[2] for step in steps]), state


@pytest.mark.parametrize(("popular", "weight"), [(0.0, 1), (0.5, 3), (1.0, 9)])
def test_who_is_known_is_found_more_often(popular, weight):  # weight (1 + fame)^popular; 4 standard errors
    found, state = found_by_profile("world.profile_error=0.0", f"world.popular={popular}")
    who = experts(state, TOPIC)
    expected = weight / (weight + len(who) - 1)
    assert set(found) == set(who)
    assert abs((found == who[0]).mean() - expected) < four_errors(expected, DRAWS)


@pytest.mark.parametrize("error", [0.15, 1.0])
def test_a_wrong_profile_leads_to_anybody_at_all(error):  # error · (1 − experts / staff); 4 standard errors
    found, state = found_by_profile(f"world.profile_error={error}")
    who = experts(state, TOPIC)
    expected = error * (1 - len(who) / 31)
    assert abs((~np.isin(found, who)).mean() - expected) < four_errors(expected, DRAWS)
    assert len(set(found)) == 31


@pytest.mark.parametrize("limit", [0, 2, 4])
def test_a_wrong_person_hands_on_until_one_can_answer_or_enough_were_tried(limit):
    """All profiles err and no customer knows anybody, so the strangers of a case are known beforehand.

    Who is found twice in a row keeps it.
    """
    scenario = firm("world.profile_error=1.0", "world.tie_forms=0.0", f"world.search_limit={limit}", *BUSY, burn_in=0)
    state = advance(start(scenario, Design(contact=1.0), seed=SEED, trace=True), 30)
    by_case, most = services(state), 0
    for row in rows(state):
        expected = []
        for pick in range(limit + 1):
            stranger = int(uniform(SEED, Stream.STRANGER, row["key"], pick) * 31)
            if expected[-1:] == [stranger]:
                break
            expected.append(stranger)
            if can_answer(state.firm, np.int64(stranger), np.int64(row["topic"])):
                break
        met = [int(touch["seat"]) for touch in by_case[int(row["key"])] if touch["activity"] == Activity.TRIAGE]
        assert met == expected
        most = max(most, len(met))
    assert most == limit + 1


@pytest.mark.parametrize("lever", [0.0, 1.0])
def test_first_contact_is_an_answer_by_who_met_the_outsider_first(lever):  # no consult, no handing on, no return
    scenario = firm("world.repeat=1.0", "world.discovery_hours=5.0", *BUSY, burn_in=0)
    state = advance(start(scenario, Design(contact=lever), seed=SEED, trace=True), 30)
    by_case, expected = services(state), []
    for row in rows(state):
        did = [touch["activity"] for touch in by_case[int(row["key"])]]
        expected.append(did == [Activity.TRIAGE, Activity.ANSWER] and row["round"] == 0)
    assert rows(state)["first_contact"].astype(bool).tolist() == expected
    assert set(expected) == {False, True}
    assert rows(state)["round"].max() > 0


def nearest_desk(state, topic):
    """The desk seats in the lowest part of the tree that holds both the owning team and some of the desk."""
    near = int(state.topics["team"][topic])
    while True:
        below = [seat for seat in range(len(state.seats)) if is_below(state, near, seat)]
        desk = {seat for seat in below if state.seats["role"][seat] == Role.DESK}
        if desk:
            return desk
        near = int(state.seats["parent"][near])


def is_below(state, manager, seat):
    while seat >= 0 and seat != manager:
        seat = int(state.seats["parent"][seat])
    return seat == manager


@pytest.mark.parametrize("routing", [0.0, 1.0])
def test_the_desk_hands_on_to_a_desk_seat_near_the_owner_or_when_routing_fails_elsewhere(routing):
    """Who sits near the owner already keeps the case. Each of the 5 departments has desk seats of its own."""
    scenario = firm(f"world.routing={routing}", "world.desk=0.3", *BUSY, burn_in=0, staff=156)
    state = advance(start(scenario, "traditional", seed=SEED, trace=True), 10)
    near = [nearest_desk(state, topic) for topic in range(len(state.topics))]
    department = state.seats["department"]
    handed_on = kept = 0
    for key, case in services(state).items():
        topics = rows(state)["topic"][rows(state)["key"] == key]
        if not len(topics) or case[1]["activity"] == Activity.ANSWER:
            continue
        topic, first, second = int(topics[0]), int(case[0]["seat"]), case[1]
        if second["activity"] == Activity.HAND_ON:
            assert (int(second["seat"]) in near[topic]) == (routing == 1.0)
            if routing == 1.0:
                assert department[second["seat"]] == department[state.topics["team"][topic]]
            handed_on += 1
        else:  # she keeps it
            assert first in near[topic] or routing == 0.0
            kept += 1
    assert handed_on > 50
    assert kept > 0


@pytest.mark.parametrize("lever", [0.0, 1.0])
def test_who_asked_inside_the_firm_tells_the_outsider(lever):  # whoever took the case over last, by hand or by triage
    scenario = firm("world.profile_error=1.0", "world.search_limit=1", "world.desk=0.3", *BUSY, burn_in=0, staff=156)
    state = advance(start(scenario, Design(contact=lever), seed=SEED, trace=True), 10)
    told = 0
    for case in services(state).values():
        if case[-1]["activity"] == Activity.TELL:
            took = [touch["seat"] for touch in case if touch["activity"] in (Activity.TRIAGE, Activity.HAND_ON)]
            assert case[-1]["seat"] == took[-1]
            told += 1
    assert told > 20
    assert lever or Activity.HAND_ON in touches(state)["activity"]


@pytest.mark.parametrize("loyal", [0.0, 1.0])
def test_whom_a_customer_knows_is_asked_first_and_is_the_first_of_those_who_were_tried(loyal):
    """If the topic is her field or the customer loyal; when she has to hand on, the next one is no first contact."""
    state = start(firm(f"world.loyal={loyal}", "world.profile_error=0.0", burn_in=0), "social", seed=SEED)
    expert = int(experts(state, TOPIC)[0])
    layman = next(seat for seat in range(31) if seat not in experts(state, TOPIC))
    request = {"kind": Kind.REQUEST, "open": 1, "topic": TOPIC, "key": 7, "opener": 3}
    state.customers["knows"][3] = expert
    assert ask(contact, state, **request) == (Verb.TASK, Activity.TRIAGE, expert)
    state.customers["knows"][3] = layman
    verb, activity, who = ask(contact, state, **request)
    assert (verb, activity) == (Verb.TASK, Activity.TRIAGE)
    assert (who == layman) == (loyal == 1.0)
    assert state.cases["picks"][0] == 1
    if who == layman:
        assert again(contact, state, layman, did=Activity.TRIAGE)[2] in experts(state, TOPIC)
        assert state.cases["picks"][0] == 2
        again(contact, state, expert, did=Activity.ANSWER)
        assert not state.cases["first_contact"][0]


def test_who_is_found_at_a_vacant_seat_is_who_acts_for_it():
    """So nobody is handed what she has just handed on."""
    state = start(firm("world.profile_error=1.0", burn_in=0), "social", seed=SEED)
    stranger = int(uniform(SEED, Stream.STRANGER, 7, 0) * 31)
    state.seats["vacant"][stranger], state.seats["acting"][stranger] = 1, 30
    assert ask(contact, state, kind=Kind.REQUEST, open=1, topic=TOPIC, key=7)[2] == 30
