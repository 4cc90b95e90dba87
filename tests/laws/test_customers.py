"""No customer, no voice and no money is lost, and nothing is felt by who is not there. Equalities, so no tolerance.

Sums of floating-point numbers are compared to one part in 10⁹.
"""

import numpy as np
import pytest

from sim.engine import advance, start
from sim.scenario import Design
from sim.state import DAYS_A_WEEK, NEVER, WEEKS_A_YEAR, Disposition, Kind, Status
from tests.firms import firm

WEEKS = 14
LIVELY = (
    "world.feedback=0.3", "world.cocreate=0.2", "world.suggestion=0.05", "world.study_weeks=3", "world.churn=2.0",
    "world.join=3.0", "world.request_rate=40.0", "world.complain=0.6", "world.failure_reach=5.0", "world.exposed=0.6",
    "world.discovery_hours=30.0", "world.moment_rate=4.0",
)  # fmt: skip
NOBODY_MOVES = ("world.churn=0.0", "world.join=0.0", "world.convert=0.0", "world.active_share=1.0")
WORLDS = {
    "lively": firm(*LIVELY),
    "people quit": firm(*LIVELY, "world.quit_rate=4.0", "world.vacancy_weeks=2.0"),
    "nothing is right": firm(*LIVELY, "world.noise=5.0", "world.repeat=1.0", "world.good_share=0.2"),
    "a storm": firm(*LIVELY, "world.retell_bad=0.3", "world.retell_hops=1000000", "world.visibility=20.0"),
}
DESIGNS = {"traditional": "traditional", "social": "social", "half": Design(
    **dict.fromkeys(("contact", "consult", "approve", "connect", "hear", "meet", "channel"), 0.5), selling=2.0
)}  # fmt: skip
TABLES = ("customers", "books", "market", "topics", "cases", "clock", "seats")


@pytest.fixture(scope="module", params=[(name, form) for name in WORLDS for form in DESIGNS], ids=str)
def weekly(request):
    """The firm, and what its tables said at the start and at the end of every week."""
    name, form = request.param
    state = start(WORLDS[name], DESIGNS[form], seed=6)
    seen = [snapshot(state)]
    for _ in range(WEEKS):
        state = advance(state, DAYS_A_WEEK)
        seen.append(snapshot(state))
    return state, seen


def snapshot(state):
    return {name: getattr(state, name).copy() for name in TABLES}


def booked(before, after, name: str) -> float:
    return float(after["books"][name][0] - before["books"][name][0])


def pairs(weekly):
    return zip(weekly[1][:-1], weekly[1][1:], strict=True)


# --- customers --------------------------------------------------------------------------------------------------------


def test_joined_less_churned_is_the_change_of_customers(weekly):
    moved = 0
    for before, after in pairs(weekly):
        was, now = before["customers"]["active"], after["customers"]["active"]
        assert booked(before, after, "joined") - booked(before, after, "churned") == now.sum() - was.astype(int).sum()
        assert booked(before, after, "churned") >= np.count_nonzero(was & ~now & 1)
        assert after["market"]["active_customers"][0] == now.sum()
        assert set(np.unique(now)) <= {0, 1}
        assert (after["customers"]["panel"] == weekly[1][0]["customers"]["active"]).all()
        moved += booked(before, after, "joined") * booked(before, after, "churned")
    assert moved > 0


def test_a_life_is_drawn_for_each_joining_and_leaving(weekly):
    """And nobody's hazard is spent below 0 at a week's end."""
    for before, after in pairs(weekly):
        lives = after["customers"]["lives"] - before["customers"]["lives"]
        assert lives.sum() == booked(before, after, "joined") + booked(before, after, "churned")
        changed = after["customers"]["active"] != before["customers"]["active"]
        assert ((lives % 2 == 1) == changed).all()
        assert (after["customers"]["life"] > 0).all()


def test_feelings_are_shares(weekly):
    for seen in weekly[1]:
        for column in ("satisfaction", "expectation", "lift"):
            assert (seen["customers"][column] >= 0).all()
            assert (seen["customers"][column] <= 1).all()


def test_who_has_left_feels_nothing_any_more(weekly):
    """A lost customer keeps the satisfaction she left with until she joins again."""
    still_away = 0
    for before, after in pairs(weekly):
        away = (before["customers"]["active"] == 0) & (after["customers"]["lives"] == before["customers"]["lives"])
        for column in ("satisfaction", "expectation", "lift", "answered", "recovered", "knows"):
            assert (after["customers"][column][away] == before["customers"][column][away]).all()
        still_away += np.count_nonzero(away)
    assert still_away > 0


# --- voices and ideas -------------------------------------------------------------------------------------------------


def voices_of(seen, topic: int) -> list[int]:
    chain, customer = [], int(seen["topics"]["first_voice"][topic])
    while customer >= 0:
        chain.append(customer)
        customer = int(seen["customers"]["voice_next"][customer])
        assert len(chain) <= len(seen["customers"])
    return chain


def test_a_topic_has_at_most_one_open_idea(weekly):
    some = 0
    for seen in weekly[1]:
        cases, topics = seen["cases"], seen["topics"]
        live = np.flatnonzero((cases["status"] == Status.LIVE) & (cases["kind"] == Kind.IDEA))
        assert sorted(live.tolist()) == sorted(topics["idea"][topics["idea"] >= 0].tolist())
        for topic in np.flatnonzero(topics["idea"] >= 0):
            assert cases["topic"][topics["idea"][topic]] == topic
        nothing = topics["idea"] < 0
        assert (topics["voices"][nothing] == 0).all()
        assert (topics["first_voice"][nothing] == -1).all()
        assert (topics["build_left"][nothing] < 0).all()
        assert (topics["aim"][nothing] == 0).all()
        some += len(live)
    assert some > 0


def test_a_voice_waits_for_one_idea_and_none_is_lost(weekly):
    heard = 0
    for seen in weekly[1]:
        waiting = []
        for topic in range(len(seen["topics"])):
            chain = voices_of(seen, topic)
            assert len(chain) <= seen["topics"]["voices"][topic]
            waiting += chain
        assert len(set(waiting)) == len(waiting)
        assert sorted(waiting) == np.flatnonzero(seen["customers"]["voice_at"] >= 0).tolist()
        assert len(waiting) == seen["clock"]["voices"][0]
        heard += len(waiting)
    assert heard > 0 or weekly[0].rules["hear"][0] == 0.0


@pytest.mark.parametrize("form", ["social", "half"])
def test_each_voice_is_told_once(form):
    """Nobody comes or goes and failures are not felt, so every experience is that of a closed case or of news."""
    scenario = firm(*LIVELY, *NOBODY_MOVES, "world.exposed=0.0", "world.partners_per_seat=0.0",
                    "world.build_hours=15.0")  # fmt: skip
    state = start(scenario, DESIGNS[form], seed=6)
    told_in_all = 0
    for _ in range(WEEKS):
        before = snapshot(state)
        state = advance(state, DAYS_A_WEEK)
        after = snapshot(state)
        ended = (after["clock"]["closed"] - before["clock"]["closed"])[0][[Kind.REQUEST, Kind.COMPLAINT]].sum()
        told = booked(before, after, "experiences") - ended
        pending = int(after["clock"]["voices"][0]) - int(before["clock"]["voices"][0])
        assert told == booked(before, after, "voices") - pending
        told_in_all += told
    assert told_in_all > 20


def test_ideas_built_are_those_accepted(weekly):
    first = weekly[1][0]["clock"]["closed"][0][Kind.IDEA]
    for seen in weekly[1]:
        closed = seen["clock"]["closed"][0][Kind.IDEA] - first
        assert seen["books"]["ideas_built"][0] == closed[Disposition.ACCEPTED]
        assert closed.sum() == closed[Disposition.ACCEPTED] + closed[Disposition.REJECTED]


def test_complaints_are_counted_and_those_about_complaints_open_nothing(weekly):
    for seen in weekly[1]:
        books = seen["books"][0]
        assert books["complaints"] == seen["clock"]["opened"][0][Kind.COMPLAINT]
        assert books["complaints"] + books["complaints_again"] <= books["bad_experiences"]
    assert weekly[1][-1]["books"]["complaints"][0] > 0


def test_moments_are_over_by_their_date(weekly):
    """A gesture in time is a gift, felt by who is still a customer; a moment that nobody saw lapses on its date."""
    state, seen = weekly
    moments = state.ledger[: state.clock["closed_rows"][0]]
    moments = moments[moments["kind"] == Kind.MOMENT]
    window = round(state.rules["window_hours"][0] * 1_000_000)
    accepted = np.isin(moments["disposition"], (Disposition.ACCEPTED, Disposition.DEFAULTED))
    assert (moments["closed"] <= moments["birth"] + window)[accepted].all()
    unseen = (moments["disposition"] == Disposition.LAPSED) & (moments["first"] < 0)
    assert (moments["closed"] == moments["birth"] + window)[unseen].all()
    gifts = seen[-1]["books"]["gifts_welcome"][0] + seen[-1]["books"]["gifts_unwelcome"][0]
    assert gifts <= seen[-1]["clock"]["closed"][0][Kind.MOMENT][[Disposition.ACCEPTED, Disposition.DEFAULTED]].sum()
    assert len(moments) > 0
    assert (state.cases["date"] <= NEVER).all()


# --- money ------------------------------------------------------------------------------------------------------------


def test_margin_and_selling_are_booked_weekly(weekly):
    """A fiftieth of the yearly margin for each customer of the week; the whole budget, whatever hearing takes of it."""
    rules = weekly[0].rules[0]
    for before, after in pairs(weekly):
        customers = int(before["market"]["active_customers"][0])
        assert booked(before, after, "margin") == pytest.approx(rules["margin"] * customers / WEEKS_A_YEAR, rel=1e-9)
        budget = rules["selling_per_seat"] * len(weekly[0].seats) * rules["selling"] / WEEKS_A_YEAR
        assert booked(before, after, "selling") == pytest.approx(budget, rel=1e-9)


def test_the_survey_counts_everybody_once_a_week(weekly):
    for before, after in pairs(weekly):
        active, people = after["customers"]["active"] == 1, after["customers"]
        assert booked(before, after, "weeks") == 1
        assert booked(before, after, "customer_weeks") == active.sum()
        satisfaction = people["satisfaction"][active]
        assert booked(before, after, "active_satisfaction") == pytest.approx(satisfaction.sum(), rel=1e-9)
        assert booked(before, after, "promoters") == np.count_nonzero(satisfaction >= 0.85)
        assert booked(before, after, "detractors") == np.count_nonzero(satisfaction < 0.65)
        mean = people["satisfaction"][people["panel"] == 1].mean()
        assert booked(before, after, "panel_satisfaction") == pytest.approx(mean, rel=1e-9)
