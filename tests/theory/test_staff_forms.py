"""Quitting, contagion and attachment, reduced to systems with a closed form, give that form.

Shares pass within 4 standard errors (one false alarm in 16 000; the seeds are fixed), equations to rounding.
Farber, NBER 4262 (1994); Hawkes & Oakes, J. Applied Probability 11 (1974), for the branching ratio of contagion.
"""

import math
from itertools import pairwise
from statistics import fmean, stdev

import numpy as np
import pytest

from sim.engine import advance, start
from sim.rules import staff
from sim.scenario import Scenario
from sim.state import DAYS_A_WEEK, WEEK, WEEKS_A_YEAR, Role
from tests.rules import four_errors

SEED = 2025
IDLE = (  # nobody has anything to do, nobody meets anybody
    "world.decision_rate=0.0", "world.market_per_seat=0.0", "world.partners_per_seat=0.0", "world.chance_meetings=0.0",
    "world.team_meetings=0.0", "world.tie_limit=0", "run.burn_in_weeks=0", "run.warm_up_weeks=0",
)  # fmt: skip
ALIKE = ("world.quit_slope=0.0", "world.contagion=0.0")  # only tenure makes a difference
ROUNDING = 1e-12


def firm(*settings: str):
    return start(Scenario.load("baseline").override([*IDLE, *settings]), "traditional", seed=SEED)


def spells(state):
    return state.spells[: state.clock["spell_rows"][0]]


# --- tenure -----------------------------------------------------------------------------------------------------------


def weekly_hazards(rate: float, peak: float, weeks: int) -> np.ndarray:
    """Hazard spent at the end of each week of tenure, 1, 2, …: rate·(1 + peak·(m/3)·e^(1 − m/3)), m months."""
    thirds = np.arange(1, weeks + 1) / WEEKS_A_YEAR * 12 / 3
    return rate * (1 + peak * thirds * np.exp(1 - thirds)) / WEEKS_A_YEAR


@pytest.mark.parametrize("peak", [0.0, 3.0])
@pytest.mark.parametrize("vacancy", [0.0, 3.0])
def test_tenure_survives_as_exp_of_the_hazard_exactly_at_week_ends(peak, vacancy):
    """e^(−ht) without a peak. Of those hired in the run: quits per person at risk in each span of weeks of tenure."""
    rate, weeks = 1.0, 200
    state = firm("world.staff=400", f"world.quit_rate={rate}", f"world.quit_peak={peak}", *ALIKE,
                 f"world.vacancy_weeks={vacancy}")  # fmt: skip
    state = advance(state, weeks * DAYS_A_WEEK)
    hired = spells(state)[spells(state)["generation"] > 0]
    over = hired["ended"] >= 0
    ticks = np.where(over, hired["ended"], state.clock["now"][0]) - hired["began"]
    assert (ticks % WEEK == 0).all()
    lasted = ticks // WEEK
    assert len(hired) > 1000
    chance = 1 - np.exp(-weekly_hazards(rate, peak, weeks))
    for first, last in ((1, 1), (2, 5), (6, 12), (13, 25), (26, 50), (51, 150)):
        span = np.arange(first, last + 1)
        at_risk = np.array([np.count_nonzero(lasted >= week) for week in span])
        quits = np.count_nonzero(over & (lasted >= first) & (lasted <= last))
        expected, spread = at_risk @ chance[span - 1], at_risk @ (chance * (1 - chance))[span - 1]
        assert abs(quits - expected) < 4 * math.sqrt(spread)
    assert lasted[over].min() >= 1


def test_a_vacancy_lasts_vacancy_weeks():
    """From the end of the week of a quit to the beginning of the next spell, exactly; vetting lengthens it."""
    for vetting, weeks in ((0.0, 3), (0.5, 5)):  # 4.5 weeks are 5 week ends
        state = firm("world.staff=100", "world.quit_rate=2.0", f"world.hire_vetting={vetting}",
                     "world.vacancy_weeks=3.0")  # fmt: skip
        state = advance(state, 60 * DAYS_A_WEEK)
        rows, gaps = np.sort(spells(state), order=["seat", "generation"]), set()
        for one, other in pairwise(rows):
            if one["seat"] == other["seat"]:
                assert other["generation"] == one["generation"] + 1
                gaps.add(int(other["began"] - one["ended"]))
        assert gaps == {weeks * WEEK}


def ages(state) -> np.ndarray:
    """Whole weeks of tenure of those who are there."""
    here = state.seats["vacant"] == 0
    return (state.clock["now"][0] - state.seats["joined"][here]) // WEEK


@pytest.mark.parametrize("peak", [0.0, 2.2])
def test_tenures_at_the_start_are_stationary_and_stay_so(peak):
    """P(age ≥ k weeks) ∝ Σ_{j ≥ k} S(j), the ages of a renewal process far from its start; now and four years on."""
    rate, people = 0.5, 3000
    state = firm(f"world.staff={people}", f"world.quit_rate={rate}", f"world.quit_peak={peak}", *ALIKE,
                 "world.vacancy_weeks=0.0")  # fmt: skip
    stays = np.exp(-np.concatenate([[0.0], np.cumsum(weekly_hazards(rate, peak, 5000))]))
    below = np.cumsum(stays) / stays.sum()
    for years in (0, 4):
        state = advance(state, years * WEEKS_A_YEAR * DAYS_A_WEEK)
        for weeks in (5, 13, 25, 50, 100, 200):
            share = below[weeks - 1]
            assert abs((ages(state) < weeks).mean() - share) < four_errors(share, people)


def test_the_hazard_peaks_in_the_third_month():
    """Its shape there is 1 + peak, and 1 for a newcomer and for an old hand."""
    month = WEEKS_A_YEAR / 12 * WEEK
    shapes = [staff.tenure_shape(np.float64(month * m / 10), 2.2) for m in range(100)]
    assert np.argmax(shapes) == 30
    assert shapes[30] == pytest.approx(3.2, abs=ROUNDING)
    assert shapes[0] == 1.0
    assert staff.tenure_shape(np.float64(100 * month), 2.2) == pytest.approx(1.0, abs=1e-6)


def test_who_has_stayed_is_more_inclined_to_stay():
    """Density ∝ φ(p)·exp(−H·exp(−b·(A(p) − norm))) of those there, H of their tenure; its mean by Simpson's rule.

    All of 3000 people have the same tenure, put in by hand; 4 standard errors of the mean, from their own spread.
    """
    rate, slope, norm, spread, years = 0.3, 3.0, 0.5, 0.8, 10.0
    state = firm("world.staff=3000", f"world.quit_rate={rate}", "world.quit_peak=0.0", f"world.quit_slope={slope}",
                 f"world.attachment_norm={norm}", f"world.person_sd={spread}")  # fmt: skip
    for seat in range(3000):
        staff.survivor(state.firm, np.int64(seat), np.float64(years * WEEKS_A_YEAR * WEEK))
    p = np.linspace(-8 * spread, 8 * spread, 20_001)
    attachment = 1 / (1 + np.exp(-p))
    density = np.exp(-(p**2) / (2 * spread**2) - rate * years * np.exp(-slope * (attachment - norm)))
    theory, people = (p @ density) / density.sum(), state.seats["person"]
    error = people.std(ddof=1) / math.sqrt(len(people))
    assert abs(people.mean() - theory) < 4 * error
    assert theory > 10 * error  # nobody would be 0 on average otherwise
    assert state.seats["attachment"].tolist() == pytest.approx((1 / (1 + np.exp(-people))).tolist(), abs=ROUNDING)


@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_survivors_are_drawn_also_where_hardly_anybody_stays(spread):
    """The shares of a grid may all be too small for a number; what counts is their ratio."""
    state = firm("world.staff=50", "world.quit_rate=10.0", f"world.person_sd={spread}", "world.quit_slope=10.0",
                 "world.attachment_norm=1.0")  # fmt: skip
    assert np.isfinite(state.seats["person"]).all()
    assert np.isfinite(state.seats["attachment"]).all()


# --- contagion --------------------------------------------------------------------------------------------------------

CONTAGION, LAG = 0.09, 10


def tied(*settings: str):
    """Ten people; the first has a tie to each of the others and no tie comes back."""
    state = firm("world.staff=10", "world.quit_rate=0.2", "world.quit_peak=0.0", "world.quit_slope=0.0", *settings,
                 "world.tie_limit=9")  # fmt: skip
    state.tie_to[:], state.tie_weight[:] = -1, 0.0
    state.tie_to[0], state.tie_weight[0] = np.arange(1, 10), 0.5
    state.seats["life"] = 1e9
    return state


def quit_now(state, *seats: int) -> None:
    state.seats["leaving"][list(seats)] = 1
    staff.lose_ties(state.firm, np.int64(0))
    state.seats["leaving"] = 0


def echoes(state, weeks: int) -> np.ndarray:
    """How much the first person's hazard is raised, week after week."""
    raised = []
    for week in range(weeks):
        raised.append(staff.hazard(state.firm, np.int64(0)) / 0.2 - 1)
        staff.who_quits(state.firm, np.int64(week))
    return np.array(raised)


@pytest.mark.parametrize("quits", [1, 2])
def test_a_quit_raises_the_hazard_of_her_ties_and_wears_off(quits):
    """contagion·(t/τ)·e^(1 − t/τ) for each, highest at τ = contagion_weeks; exactly, whatever week the second came."""
    state = tied(f"world.contagion={CONTAGION}", f"world.contagion_weeks={LAG}.0")
    quit_now(state, *range(1, quits + 1))
    weeks = np.arange(60) / LAG
    raised = echoes(state, 60)
    assert raised == pytest.approx(quits * CONTAGION * weeks * np.exp(1 - weeks), abs=ROUNDING)
    assert np.argmax(raised) == LAG
    assert raised[LAG] == pytest.approx(quits * CONTAGION, abs=ROUNDING)
    assert (state.tie_to[0] >= 0).sum() == 9 - quits
    assert state.seats["shock"][9] == 0.0  # whose tie to the first was none of hers


def test_a_second_quit_adds_to_the_first():
    state = tied(f"world.contagion={CONTAGION}", f"world.contagion_weeks={LAG}.0")
    quit_now(state, 1)
    echoes(state, 7)
    quit_now(state, 2)
    weeks = np.arange(40) / LAG
    first, second = weeks + 0.7, weeks
    expected = CONTAGION * (first * np.exp(1 - first) + second * np.exp(1 - second))
    assert echoes(state, 40) == pytest.approx(expected, abs=ROUNDING)


def test_in_a_clique_contagion_multiplies_quits_by_one_over_one_minus_n():
    """n = 64·h·contagion·e·τ of 65 people who all know each other; a newcomer has heard none of it, so a bit less.

    With u quits a person and week: u = 1 − exp(−h·(1 + c·e·64·u·Σ_t (t/τ)·e^(−t/τ)·(1 − u)^t)/50), t whole weeks.
    Mean over 30 cliques of 100 years, 4 standard errors, which are below 2 %; within these it is also 1/(1 − n).
    """
    rate, contagion, lag, people, weeks = 0.05, 0.5, 5.0, 65, 5000
    state = firm(f"world.staff={people}", f"world.quit_rate={rate}", "world.quit_peak=0.0", "world.quit_slope=0.0",
                 f"world.contagion={contagion}", f"world.contagion_weeks={lag}", "world.tie_limit=64")  # fmt: skip
    everybody = np.array([[other for other in range(people) if other != seat] for seat in range(people)])
    shares = []
    for clique in range(30):
        state.clock["seed"] = clique
        sit_down_again(state, range(people), everybody)
        quits = 0
        for week in range(weeks + 100):
            staff.who_quits(state.firm, np.int64(week))
            leaving = np.flatnonzero(state.seats["leaving"])
            if len(leaving):
                staff.lose_ties(state.firm, np.int64(week))
                sit_down_again(state, leaving, everybody)
                quits += len(leaving) if week >= 100 else 0
        shares.append(quits / (people * weeks))
    ages, plain = np.arange(400), 1 - math.exp(-rate / WEEKS_A_YEAR)
    theory = plain
    for _ in range(200):
        echo = (people - 1) * theory * (ages / lag * np.exp(-ages / lag) * (1 - theory) ** ages).sum()
        theory = 1 - math.exp(-rate / WEEKS_A_YEAR * (1 + contagion * math.e * echo))
    error = stdev(shares) / math.sqrt(len(shares))
    ratio = (people - 1) * rate / WEEKS_A_YEAR * contagion * math.e * lag
    assert abs(fmean(shares) - theory) < 4 * error, f"{fmean(shares)} against {theory}, error {error}"
    assert abs(fmean(shares) - plain / (1 - ratio)) < 4 * error
    assert error < 0.02 * theory


def sit_down_again(state, seats, everybody) -> None:
    """New people on these seats; all know each other."""
    for seat in seats:
        state.seats["generation"][seat] += 1
        staff.sit_down(state.firm, np.int64(seat), np.int64(0))
    state.tie_to[:], state.tie_weight[:] = everybody, 0.5


# --- attachment -------------------------------------------------------------------------------------------------------


def settled(state) -> None:
    """Everybody has been there for ten years and quits for nothing."""
    state.seats["joined"], state.seats["life"] = -10 * WEEKS_A_YEAR * WEEK, 1e9


def test_attachment_relaxes_to_a_logistic_target():
    """A(k) = T + (A0 − T)·(1 − κ)^k, T = logistic(person + Σ weight·(feature − norm)); a newcomer's pace is faster."""
    pace, early, weights = 0.05, 0.2, {"friendship": 0.8, "autonomy": 0.6, "progress": 0.5, "thanks": 0.4}
    state = firm("world.staff=10", f"world.attachment_pace={pace}", f"world.early_pace={early}",
                 "world.exposure_norm_product=0.3", "world.weight_exposure=0.3", "world.weight_overload=0.0",
                 "world.thanks_norm=0.0", "world.desk=0.0", "world.brokers=0.0",
                 *(f"world.weight_{name}={weight}" for name, weight in weights.items()))  # fmt: skip
    settled(state)
    newcomer, old_hand = 8, 9
    assert (state.seats["role"][[newcomer, old_hand]] == Role.PRODUCT).all()
    state.seats["joined"][newcomer] = 0
    state.seats["attachment"], state.seats["autonomy"], state.seats["progress"] = 0.1, 0.9, 0.2
    rules = state.rules[0]
    pull = weights["friendship"] * (0.0 - rules["friendship_norm"])
    pull += weights["autonomy"] * (0.9 - rules["autonomy_norm"])
    pull += weights["progress"] * (0.2 - rules["progress_norm"]) - 0.3 * (0.0 - 0.3)
    target = 1 / (1 + np.exp(-state.seats["person"] - pull))
    for week in range(8):
        staff.feel(state.firm, np.int64(week))
    for seat, share in ((newcomer, early), (old_hand, pace)):
        expected = target[seat] + (0.1 - target[seat]) * (1 - share) ** 8
        assert state.seats["attachment"][seat] == pytest.approx(expected, abs=ROUNDING)


def test_attachment_keeps_people():
    """The hazard of two people with attachments A and B has the ratio exp(−slope·(A − B)), exactly."""
    state = firm("world.staff=10", "world.quit_slope=0.95", "world.quit_peak=0.0", "world.quit_rate=0.113",
                 "world.attachment_norm=0.53")  # fmt: skip
    settled(state)
    state.seats["attachment"][:2] = 0.53, 0.7
    assert staff.hazard(state.firm, np.int64(0)) == pytest.approx(0.113, abs=ROUNDING)
    assert staff.hazard(state.firm, np.int64(1)) == pytest.approx(0.113 * math.exp(-0.95 * 0.17), abs=ROUNDING)


def test_friendship_and_exposure_by_hand():
    """1 − exp(−Σ w/3) over ties with a shared interest; 1 − exp(−n/2), n interruptions and angry outsiders a day."""
    state = firm("world.staff=10", "world.tie_limit=3")
    state.tie_to[5], state.tie_weight[5] = (6, 7, 8), (0.5, 0.25, 0.125)
    state.seats["interests"] = -1
    state.seats["interests"][[5, 6, 7, 8], :2] = ((1, 2), (3, 2), (4, 5), (1, 9))  # 6 and 8 share one with 5
    state.seats["interrupted"][5], state.seats["angry"][5] = 7, 3
    staff.feel(state.firm, np.int64(0))
    assert state.seats["friendship"][5] == pytest.approx(1 - math.exp(-(0.5 + 0.125) / 3), abs=ROUNDING)
    assert state.seats["exposure"][5] == pytest.approx(1 - math.exp(-(7 + 3) / DAYS_A_WEEK / 2), abs=ROUNDING)
    assert state.seats["interrupted"][5] == 0
