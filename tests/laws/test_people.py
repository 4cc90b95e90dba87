"""Nobody is lost and nobody is there twice: seats, employments, ties, circles, hours. Equalities, so no tolerance.

Hours that are sums of floating-point numbers are compared to one part in 10⁹.
"""

from itertools import pairwise

import numpy as np
import pytest

from sim.engine import advance, start
from sim.scenario import Design
from sim.state import (
    CIRCLE,
    DAYS_A_WEEK,
    HOURS_A_DAY,
    HOURS_A_YEAR,
    LOAD_WEEKS,
    NEVER,
    TICKS,
    WEEK,
    Kind,
    Role,
    Status,
)
from tests.firms import firm

WEEKS, HOURS_A_WEEK = 14, HOURS_A_DAY * DAYS_A_WEEK
RESTLESS = ("world.quit_rate=4.0", "world.suggestion=0.05", "world.feedback=0.2", "world.cocreate=0.1")
WORLDS = {
    "restless": firm(*RESTLESS, "world.vacancy_weeks=2.0", staff=45),
    "seats filled at once": firm(*RESTLESS, "world.vacancy_weeks=0.0", "world.load=2.0", staff=45),
    "hardly anybody stays": firm("world.quit_rate=10.0", "world.vacancy_weeks=6.0", staff=12),
    "one seat": firm("world.quit_rate=10.0", "world.vacancy_weeks=2.0", staff=1),
    "a chain": firm(*RESTLESS, "world.vacancy_weeks=3.0", "world.span=1", staff=6),
    "panels work on when all is decided": firm(
        *RESTLESS, "world.panel=6", "world.quorum=1", "world.own_authority=0.1", "world.screen_hours=8.0",
        "world.build_hours=200.0", "world.good_share=1.0", "world.noise=0.2", "world.vacancy_weeks=1.0", staff=45
    ),
}  # fmt: skip
DESIGNS = {"traditional": "traditional", "social": "social", "half": Design(
    **dict.fromkeys(("contact", "consult", "approve", "connect", "hear", "meet", "channel"), 0.5)
)}  # fmt: skip


@pytest.fixture(scope="module", params=[(name, form) for name in WORLDS for form in DESIGNS], ids=str)
def weekly(request):
    """The firm at the start and at the end of every week, and what its books then say."""
    name, form = request.param
    state = start(WORLDS[name], DESIGNS[form], seed=5, trace=True)
    seen = [(state, snapshot(state))]
    for _ in range(WEEKS):
        state = advance(state, DAYS_A_WEEK)
        seen.append((state, snapshot(state)))
    return seen


def snapshot(state):
    names = ("seats", "books", "spells", "customers", "loads", "tie_to", "tie_weight", "circles", "queues", "cases",
             "topics", "clock")  # fmt: skip
    return {name: getattr(state, name).copy() for name in names}


def present(seen) -> np.ndarray:
    return seen["seats"]["vacant"] == 0


# --- seats and employments --------------------------------------------------------------------------------------------


def test_heads_are_seats_less_vacancies(weekly):
    """Every present person has one spell that goes on, with her seat and generation; a vacant seat has none."""
    for _, seen in weekly:
        spells = seen["spells"][: seen["clock"]["spell_rows"][0]]
        going_on = spells[spells["ended"] < 0]
        assert sorted(going_on["seat"].tolist()) == np.flatnonzero(present(seen)).tolist()
        theirs = seen["seats"][going_on["seat"]]
        assert (theirs["generation"] == going_on["generation"]).all()
        assert (theirs["joined"] == going_on["began"]).all()
        assert (theirs["role"] == going_on["role"]).all()
        assert (spells[theirs["spell"]] == going_on).all()


def test_spells_of_a_seat_follow_each_other(weekly):
    state, seen = weekly[-1]
    spells = np.sort(seen["spells"][: seen["clock"]["spell_rows"][0]], order=["seat", "generation"])
    assert (spells["began"] <= state.clock["now"][0]).all()
    for one, other in pairwise(spells):
        if one["seat"] == other["seat"]:
            assert other["generation"] == one["generation"] + 1
            assert one["began"] < one["ended"] <= other["began"]


def test_quits_are_counted_and_paid_for(weekly):
    """Quits of the books = spells that ended = those there at first + hired − there now."""
    for state, seen in weekly:
        spells, books = seen["spells"][: seen["clock"]["spell_rows"][0]], seen["books"][0]
        assert books["quits"] == np.count_nonzero(spells["ended"] >= 0)
        there_at_first = np.count_nonzero(spells["began"] <= state.clock["measure_from"][0])
        assert books["quits"] == there_at_first + (len(spells) - there_at_first) - present(seen).sum()
        assert books["replacement"] == pytest.approx(books["quits"] * 0.21 * HOURS_A_YEAR, rel=1e-9)
    assert weekly[-1][1]["books"]["quits"][0] > 0


def test_nobody_works_on_an_empty_seat(weekly):
    """No service, no clock, no queue, no case of hers; whoever acts for her is there, if anybody is."""
    for state, seen in weekly:
        seats, here = seen["seats"], present(seen)
        assert (seats["serving"][~here] == -1).all()
        assert (seats["working"][~here] == 0).all()
        assert (seats["idle"][~here] == 0).all()
        assert (seats["leaving"] == 0).all()
        assert (seats["acting"][here] == np.flatnonzero(here)).all()
        if here.any():
            assert here[seats["acting"]].all()
            lengths = seen["queues"]["length"][: 2 * len(seats)].reshape(-1, 2).sum(axis=1)
            assert (lengths[~here] == 0).all()
            live = seen["cases"][seen["cases"]["status"] == Status.LIVE]
            held = live["holder"][live["holder"] >= 0]
            assert here[held].all()
        assert (state.nodes["time"] < NEVER).all()


def test_who_served_a_case_last_is_there(weekly):
    for _, seen in weekly:
        if not present(seen).any():
            continue  # nobody is there at all
        cases = seen["cases"][seen["cases"]["status"] != Status.FREE]
        assert present(seen)[cases["last"][cases["last"] >= 0]].all()


def test_an_idea_being_built_outlives_whoever_was_on_its_panel(weekly):
    """A topic's open idea is a live case of it; only an idea that is being built waits for neither person nor clock."""
    for _, seen in weekly:
        topics, cases = seen["topics"], seen["cases"]
        for topic in np.flatnonzero(topics["idea"] >= 0):
            idea = cases[topics["idea"][topic]]
            assert (idea["status"], idea["kind"], idea["topic"]) == (Status.LIVE, Kind.IDEA, topic)
        live = np.flatnonzero((cases["status"] == Status.LIVE) & (cases["kind"] == Kind.IDEA))
        assert sorted(live.tolist()) == sorted(topics["idea"][topics["idea"] >= 0].tolist())


# --- ties and circles -------------------------------------------------------------------------------------------------


def test_ties_are_to_others_who_are_there_and_once_each(weekly):
    for _, seen in weekly:
        here = present(seen)
        for seat, (to, weight) in enumerate(zip(seen["tie_to"], seen["tie_weight"], strict=True)):
            known = to[to >= 0]
            assert len(set(known.tolist())) == len(known)
            assert seat not in known
            assert here[known].all()
            assert here[seat] or not len(known)
            assert ((weight > 0) == (to >= 0)).all()
            assert (weight <= 1).all()


def test_personal_ties_are_of_customers_to_people_who_are_there(weekly):
    known_at_all = 0
    for _, seen in weekly:
        knows = seen["customers"]["knows"]
        assert present(seen)[knows[knows >= 0]].all()
        assert (knows[seen["customers"]["active"] == 0] == -1).all()
        known_at_all += np.count_nonzero(knows >= 0)
    assert known_at_all > 0


def test_circles_hold_at_most_eight_of_different_teams_and_nobody_twice(weekly):
    for state, seen in weekly:
        seats, circles = seen["seats"], seen["circles"]
        assert circles.shape[1] == CIRCLE == 8
        members = circles[circles >= 0]
        assert len(set(members.tolist())) == len(members)
        assert present(seen)[members].all()
        assert np.count_nonzero(seats["circle"] >= 0) == len(members)
        for interest in range(len(state.circle_low) - 1):
            for number in range(state.circle_low[interest], state.circle_low[interest + 1]):
                inside = circles[number][circles[number] >= 0]
                assert len(set(seats["unit"][inside].tolist())) == len(inside)
                assert (seats["circle"][inside] == number).all()
                assert (seats["interests"][inside] == interest).any(axis=1).all()


# --- hours ------------------------------------------------------------------------------------------------------------


def spent(before, after, name: str) -> float:
    return float(after["books"][name][0] - before["books"][name][0])


def test_every_hour_of_the_week_is_booked_once(weekly):
    """Cases, resumption, circles, introductions, building and routine are together people · 40 hours, each week."""
    state = weekly[0][0]
    for (_, before), (_, after) in pairwise(weekly):
        routine = spent(before, after, "output") / state.rules["output_value"][0]
        elsewhere = sum(spent(before, after, f"{name}_hours")
                        for name in ("case", "resume", "circle", "introduction", "build"))  # fmt: skip
        wages = HOURS_A_WEEK * present(before).sum()
        assert spent(before, after, "wages") == pytest.approx(wages, rel=1e-9)
        assert routine + elsewhere == pytest.approx(wages, rel=1e-9, abs=1e-6)


def test_case_hours_of_the_books_are_those_of_all_services(weekly):
    """Every service of the trace is in the books, or in the hours of a week that is not over, also one broken off."""
    before = weekly[0][1]["seats"]["this_week"].sum()
    for state, seen in weekly[1:]:
        touches = state.touches[: seen["clock"]["touch_rows"][0]]
        of_the_trace = ((touches["end"] - touches["start"]).sum() + before) / TICKS
        not_yet = seen["seats"]["this_week"].sum() / TICKS
        assert seen["books"]["case_hours"][0] + not_yet == pytest.approx(of_the_trace, rel=1e-9)


def test_resumption_is_charged_once_a_look_up(weekly):
    """At the end of the week; who takes over at that end from one who quits, and looks up at once, in the next."""
    before = weekly[0][1]["seats"]["interrupted"].sum()
    for state, seen in weekly:
        look_ups = seen["seats"]["look_ups"].sum() + before - seen["seats"]["interrupted"].sum()
        assert seen["books"]["resume_hours"][0] == pytest.approx(look_ups * state.rules["resume_hours"][0], rel=1e-9)


def test_a_newcomer_starts_without_hours_on_cases(weekly):
    """Her share counts her own services of the last ten weeks: what her predecessor did is not hers."""
    newcomers = 0
    for state, seen in weekly[1:]:
        now, touches = seen["clock"]["now"][0], state.touches[: seen["clock"]["touch_rows"][0]]
        in_the_trace = seen["seats"]["joined"] >= state.clock["measure_from"][0]
        for seat in np.flatnonzero(present(seen) & in_the_trace):
            joined = seen["seats"]["joined"][seat]
            ours = touches[(touches["seat"] == seat) & (touches["end"] > joined) & (touches["end"] < now)]
            ours = ours[ours["end"] >= now - LOAD_WEEKS * WEEK]
            assert seen["loads"][seat].sum() == (ours["end"] - ours["start"]).sum()
            newcomers += 1
    assert newcomers > 0


def test_circles_and_introductions_take_whole_meetings(weekly):
    """None without `meet`; else so many hours a member or a meeting."""
    state, seen = weekly[-1]
    books = seen["books"][0]
    for name in ("circle", "introduction"):
        each = state.rules[f"{name}_hours"][0]
        assert books[f"{name}_hours"] / each == round(books[f"{name}_hours"] / each)
        if state.rules["meet"][0] == 0.0:
            assert books[f"{name}_hours"] == 0.0
    assert (seen["seats"]["introduced"][seen["seats"]["role"] != Role.MANAGER] == 0).all()
