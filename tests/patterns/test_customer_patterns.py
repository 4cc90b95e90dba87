"""Customers: what satisfies them, what a repaired failure is worth, who complains, and how far a word travels."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import brentq

from sim.compiled import njit
from sim.engine import advance, simulate, start
from sim.own import Own
from sim.rules import customers
from sim.rules.contact import contact
from sim.state import Disposition, Kind, State, close, copy
from tests.patterns import REPLICATIONS, SEED, baseline, is_above_0, of_twins

SHORT = ("run.burn_in_weeks=25", "run.warm_up_weeks=0", "run.weeks=100")
CASE = np.int64(0)  # a case made by hand lies in the first row of the pool


# --- SF22 -------------------------------------------------------------------------------------------------------------


@cache
def answers() -> np.ndarray:
    """Of every customer's experiences in a year of the baseline: satisfaction after it, surprise, what it was,
    expectation.

    Read off the customers' columns day by day: only an experience moves expectation, E += β(X + promise − E). Days on
    which somebody has two are rare (.2 %), and those whose expectation is at its bound are left out.
    """
    scenario = baseline("run.burn_in_weeks=50", "run.warm_up_weeks=0", "run.weeks=50")
    world, found = scenario.world, []
    state = start(scenario, "traditional", seed=SEED)
    for _ in range(250):
        before = state.customers.copy()
        state = advance(state)
        after = state.customers
        chosen = (before["active"] & after["active"] == 1) & (before["expectation"] != after["expectation"])
        chosen &= after["expectation"] < 1.0
        expected = before["expectation"][chosen]
        was = (after["expectation"][chosen] - expected) / world.expectation_pace + expected - world.promise
        found.append((after["satisfaction"][chosen], was - expected, was, expected))
    return np.concatenate(found, axis=1)


@pytest.mark.xfail(strict=True, reason=(
    "Satisfaction is a stock that follows experiences slowly, and so is expectation: over experiences satisfaction "
    "correlates .19 with surprise, .67 with performance, .92 with expectation. What one experience aims at, "
    "clip(X + eta*d), correlates .89, .99, .31: there expectation is as little as published, but surprise (eta .15) "
    "does not outweigh performance, and both are measured without the error of a survey."
))  # fmt: skip
def test_satisfaction_goes_with_surprise_not_with_expectation():
    """SF22: mean correlations with satisfaction: disconfirmation .46, performance .34, expectation .27 (Szymanski &
    Henard 2001); little raw expectation.

    Statistic: the same correlations over simulated experiences. Tolerance: the published order (with some 14 000
    experiences a correlation's standard error is .01).
    """
    with_surprise, with_performance, with_expectation = np.corrcoef(answers())[0, 1:]
    assert with_surprise > with_performance > with_expectation > 0


# --- SF24 -------------------------------------------------------------------------------------------------------------


def quiet(**world: float) -> State:
    """A firm in business whose customers do not talk to each other."""
    changes = [f"world.{name}={value!r}" for name, value in world.items()]
    silent = ("world.tell_base=0.0", "world.tell_slope=0.0", "run.burn_in_weeks=30")
    return start(baseline(*silent, *changes), "traditional", seed=SEED)


def regulars(state: State) -> np.ndarray:
    """Customers whom no recovery has lifted yet."""
    people = state.customers
    return np.flatnonzero((people["active"] == 1) & (people["recovered"] == 0))


def receives(state: State, kind: Kind, right: int) -> None:
    """Every regular has an answer at once."""
    state.cases[:1] = np.zeros(1, state.cases.dtype)
    state.cases["kind"][0], state.cases["birth"][0] = kind, state.clock["now"][0]
    for customer in people_of(state):
        state.cases["opener"][0] = customer
        customers.answered(state.firm, CASE, np.int64(right))


def people_of(state: State) -> np.ndarray:
    return np.flatnonzero(state.customers["panel"] == 1)


def marked(state: State) -> State:
    """The regulars stand out (by the column `panel`), whatever happens to them."""
    chosen = regulars(state)
    state.customers["panel"] = 0
    state.customers["panel"][chosen] = 1
    return state


def failed_and_repaired(state: State) -> State:
    """A wrong answer, a complaint, and a right answer to that."""
    receives(state, Kind.REQUEST, 0)
    receives(state, Kind.COMPLAINT, 1)
    return state


def content(state: State) -> np.ndarray:
    return state.customers["satisfaction"][people_of(state)].copy()


def kept_by(state: State) -> np.ndarray:
    """What the hazard of leaving reads."""
    people = state.customers[people_of(state)]
    return people["satisfaction"] - people["lift"]


def test_a_repaired_failure_may_satisfy_more_than_none_but_only_the_first():
    """SF24: the recovery paradox holds for satisfaction, after one failure, not after two (de Matos 2007; Maxham &
    Netemeyer 2002).

    Statistic: for every customer of a firm in business, satisfaction after a failure and its repair, less that of her
    twin who had a right answer instead; then the same a second time. Tolerance: none, signs for the mean.
    """
    repaired = marked(quiet())
    spared = copy(repaired)
    gains = []
    for _ in range(2):
        failed_and_repaired(repaired)
        receives(spared, Kind.REQUEST, 1)
        gains.append((content(repaired) - content(spared)).mean())
    assert gains[0] > 0 > gains[1]


def test_recovery_keeps_nobody_better_than_no_failure():
    """SF24: recovery does not lower churn below that without failure (de Matos 2007; Knox & van Oest 2014).

    Statistic: what the hazard of leaving reads, of each customer with a repaired failure and of her twin without.
    Tolerance: none, each customer alone.
    """
    repaired = marked(quiet(recover=0.8))
    spared = copy(repaired)
    for _ in range(2):
        failed_and_repaired(repaired)
        receives(spared, Kind.REQUEST, 1)
        assert (kept_by(repaired) <= kept_by(spared)).all()


def test_in_the_whole_firm_recovery_satisfies_but_does_not_keep():
    """SF24 in the baseline: full recovery against none. Satisfaction of customers rises (4 standard errors); churn does
    not fall by more than 5 % of itself, and stays above that of a firm that never errs."""
    none, full, spotless = (
        np.array([list(_satisfied_and_lost(r, change)) for r in range(REPLICATIONS)]).T
        for change in ("world.recover=0.0", "world.recover=0.8", "world.noise=0.0")
    )
    assert is_above_0(full[0] - none[0])
    assert full[1].mean() > 0.95 * none[1].mean()
    assert full[1].mean() > spotless[1].mean()


def _satisfied_and_lost(replication: int, change: str) -> tuple[float, float]:
    scenario = baseline(change, *SHORT)
    (run,) = simulate(scenario, ["traditional"], seed=SEED, replication=replication)
    return run["satisfaction_active"], run["churn"]


# --- SF26 -------------------------------------------------------------------------------------------------------------


@njit
def answers_no_complaint(state, case, seat):
    """Complaints are left without an answer."""
    if state.cases[case].kind == Kind.COMPLAINT:
        return close(Disposition.ABANDONED)
    return contact(state, case, seat)


def test_answering_complaints_breeds_complaints():
    """SF26: responding raises the number of complaints while attitudes improve (Ma, Sun & Kekre 2015; Golmohammadi
    2021).

    Statistic: share of bad experiences that lead to a complaint, complaints in a year, and satisfaction, of a firm that
    answers complaints less its twin that answers none. Tolerance: signs, by 2 standard errors over replications.
    """
    scenario = baseline(*SHORT)
    names = ("complaint_share", "complaint_opened", "satisfaction")
    found = []
    for replication in range(REPLICATIONS):
        deaf, answering = (
            simulate(scenario, ["traditional"], seed=SEED, replication=replication, own=own)[0]
            for own in (Own(rules={"contact": answers_no_complaint}), Own())
        )
        found.append([answering[name] - deaf[name] for name in names])
    share, count, satisfied = np.array(found).T
    assert is_above_0(satisfied, 2)
    assert is_above_0(share, 2)
    assert is_above_0(count, 2)


# --- SF27 -------------------------------------------------------------------------------------------------------------

MARKET = 20_000
FRIENDS = 8
WORDS = 60


@cache
def reach(retold: float) -> np.ndarray:
    """Shares of the market that bad words reach, begun with one hearer; each is retold to `retold` others on average.

    Friends are anybody (`rewire` 1), as in an Erdős–Rényi graph, and a word is retold for as long as there is somebody
    new.
    """
    settings = ("world.staff=20", f"world.market_per_seat={MARKET / 20}", "world.rewire=1.0",
                f"world.friends={FRIENDS}", "world.retell_hops=1000000", f"world.retell_bad={retold / FRIENDS!r}",
                f"world.visibility={1 / FRIENDS!r}", "run.burn_in_weeks=0")  # fmt: skip
    state = start(baseline(*settings), "traditional", seed=SEED)
    shares = []
    for word in range(1, WORDS + 1):
        state.cases["key"][0] = word
        customers.in_public(state.firm, np.int64(word), CASE, np.int64(customers.OUTCRY), 0.0)
        shares.append((state.customers["heard"] == state.clock["words"][0]).mean())
    return np.array(shares)


@pytest.mark.parametrize("retold", [0.5, 0.9])
def test_below_the_threshold_no_word_goes_far(retold):
    """SF27: no outbreak where retelling·friends < 1 (domain C15). Statistic: share reached. Tolerance: mean number
    reached 1 + 1/(1 − R) within 40 % (few words, long tails), and never 5 % of the market."""
    shares = reach(retold)
    assert shares.max() < 0.05
    assert shares.mean() * MARKET == pytest.approx(1 + 1 / (1 - retold), rel=0.4)


@pytest.mark.parametrize("retold", [1.2, 1.5, 2.0, 3.0])
def test_above_the_threshold_a_word_reaches_the_final_size(retold):
    """SF27: above it a word that catches on reaches z = 1 − exp(−R z) of the market, and catches on as often as a
    branching process of eight friends survives (domain C15). Tolerance: .02 of z; 4 standard errors of the share that
    catches on.
    """
    shares = reach(retold)
    caught = shares > 0.05
    size = brentq(lambda z: 1 - np.exp(-retold * z) - z, 1e-3, 1)
    lost = brentq(lambda q: (1 - retold / FRIENDS * (1 - q)) ** FRIENDS - q, 0, 1 - 1e-3)
    assert shares[caught].mean() == pytest.approx(size, abs=0.02)
    assert abs(caught.mean() - (1 - lost)) < 4 * np.sqrt(lost * (1 - lost) / WORDS)


# --- SF28 -------------------------------------------------------------------------------------------------------------


def test_good_words_are_more_common_than_bad_ones():
    """SF28: about three good words to a bad one (East, Hammond & Wright 2007, 15 of 15 studies).

    Statistic: words told by customers, good per bad, baseline under gatekeeper rules. Tolerance: 2–5, as the fact is
    stated, at a satisfaction of 75–81 (ACSI about 78). `neutral` was calibrated to this ratio: no independent test.
    """
    ratio, satisfied = (of_twins("traditional", name) for name in ("word_of_mouth_ratio", "satisfaction_active"))
    assert 2 < ratio.mean() < 5
    assert 75 < satisfied.mean() < 81
