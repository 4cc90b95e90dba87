"""Customers, product and platform, reduced to systems with a closed form, give that form.

Every mean is over 30 or more independent firms and passes within 4 standard errors (one false alarm in 16 000; the
seeds are fixed). `PRECISION` is the largest standard error, as a share of the theory, with which a row proves anything.
Bass, Management Science 15 (1969); Newman, Physical Review E 66 (2002); Oliver, J. Marketing Research 17 (1980).
"""

import math
from statistics import fmean, stdev

import numpy as np
import pytest

from sim.engine import advance, start
from sim.rules import customers, market
from sim.rules.connect import connect
from sim.rules.hear import news_is_worth
from sim.scenario import Design, Scenario
from sim.state import DAYS_A_WEEK, DIMENSIONS, TICKS, WEEK, WEEKS_A_YEAR, Activity, Clock, Kind, Phase, Status, Verb
from tests.rules import ask, four_errors

REPLICATIONS, SEED, PRECISION = 30, 2025, 0.03
ALONE = (  # one person, who knows everything, notices at once, takes no time and never leaves
    "world.staff=1", "world.topics_per_team=1", "world.desk=0.0", "world.brokers=0.0", "world.decision_rate=0.0",
    "world.partners_per_seat=0.0", "world.market_per_seat=0.0", "world.moment_rate=0.0", "world.quit_rate=0.0",
    "world.act_hours=0.0", "world.triage_hours=0.0", "world.answer_hours=0.0", "world.look_up_hours=0.0",
    "world.expertise_low=1.0", "world.good_share=1.0", "world.noise=0.0", "world.suggestion=0.0", "world.feedback=0.0",
    "world.cocreate=0.0", "world.study_weeks=1000", "world.repeat=0.0", "world.learning=0.0",
    "run.burn_in_weeks=0", "run.warm_up_weeks=0",
)  # fmt: skip
SAME_PRODUCT = ("world.turbulence=0.0", "world.taste_spread=0.0", "world.complement=0.0", "world.fit_weight=1.0")


def world(*settings: str) -> Scenario:
    return Scenario.load("baseline").override([*ALONE, *settings])


def firms(scenario: Scenario, design: Design | str = "traditional"):
    for replication in range(REPLICATIONS):
        yield start(scenario, design, seed=SEED, replication=replication)


def comes_out(values, theory: float, precision: float = PRECISION) -> None:
    """The theory lies within 4 standard errors of the mean of independent values, and these are small."""
    error = stdev(values) / math.sqrt(len(values))
    assert abs(fmean(values) - theory) < 4 * error, f"{fmean(values):.5f} against {theory:.5f}, error {error:.5f}"
    assert error < precision * theory


# --- diffusion --------------------------------------------------------------------------------------------------------

PEOPLE, FRIENDS, REQUESTS, SELLING, CONVERT = 1000, 64, 50.0, 0.1, 0.04
IMITATION = REQUESTS * (1 - math.exp(-CONVERT))  # a word takes c of a unit draw: it wins 1 − e^−c of those it reaches
BASS = (
    f"world.market_per_seat={PEOPLE}.0", "world.active_share=0.0", f"world.request_rate={REQUESTS}",
    "world.rewire=1.0", f"world.friends={FRIENDS}", "world.told_to=1", "world.tell_base=1.0", "world.tell_slope=0.0",
    "world.retell_good=0.0", "world.retell_bad=0.0", "world.influence=0.0", "world.neutral=0.0", "world.churn=0.0",
    f"world.convert={CONVERT}", f"world.join={SELLING}", "world.first_satisfaction=1.0", *SAME_PRODUCT,
)  # fmt: skip
WEEKS_SEEN = (25, 50, 75, 100)


def weekly_diffusion(weeks: int) -> np.ndarray:
    """Share of adopters at each week's end where everybody has 64 friends drawn from all and joins at a week's end.

    Who will be told by somebody is told by a Poisson number of people (in-degree), each of whom joined when anybody
    does: S(k) = exp(−p·k)·exp(−64·Σ_j f(j)·(1 − exp(−q·(k − j)/64))), f the share that joins at the end of week j.
    """
    joined = np.zeros(weeks + 1)
    adopters = np.zeros(weeks + 1)
    for week in range(1, weeks + 1):
        since = (week - np.arange(week)) / WEEKS_A_YEAR
        told = FRIENDS * (joined[:week] @ (1 - np.exp(-IMITATION / FRIENDS * since)))
        adopters[week] = 1 - math.exp(-SELLING * week / WEEKS_A_YEAR - told)
        joined[week] = adopters[week] - adopters[week - 1]
    return adopters


def bass(weeks: float) -> float:
    p, q = SELLING, IMITATION
    decay = math.exp(-(p + q) * weeks / WEEKS_A_YEAR)
    return (1 - decay) / (1 + q / p * decay)


@pytest.fixture(scope="module")
def adopters():
    """Share of customers at the ends of some weeks, of every firm."""
    shares = []
    for state in firms(world(*BASS)):
        row, before = [], 0
        for week in WEEKS_SEEN:
            state = advance(state, (week - before) * DAYS_A_WEEK)
            before = week
            row.append(state.customers["active"].mean())
            assert state.market["active_customers"][0] == state.customers["active"].sum()
        shares.append(row)
    return np.array(shares)


@pytest.mark.parametrize("place", range(len(WEEKS_SEEN)), ids=[f"week {week}" for week in WEEKS_SEEN])
def test_diffusion_among_friends_drawn_from_all(adopters, place):
    comes_out(adopters[:, place], weekly_diffusion(WEEKS_SEEN[-1])[WEEKS_SEEN[place]], 0.05)


@pytest.mark.parametrize("place", range(len(WEEKS_SEEN)), ids=[f"week {week}" for week in WEEKS_SEEN])
def test_diffusion_is_that_of_bass_at_most_two_weeks_late(adopters, place):
    """Joining at a week's end delays by at most a week; that a friend already won is told again (64 of them, not all),

    by less than another: q·t/(2·64) of the hazard, 3 % of a year and a half.
    """
    week, error = WEEKS_SEEN[place], 4 * adopters[:, place].std(ddof=1) / math.sqrt(REPLICATIONS)
    assert bass(week - 2) - error < adopters[:, place].mean() < bass(week) + error


# --- outbreak ---------------------------------------------------------------------------------------------------------

CROWD, CONTACTS = 20_000, 20


def crowd(retell: float):
    scenario = world(
        f"world.market_per_seat={CROWD / 100}", "world.staff=100", "world.rewire=1.0", f"world.friends={CONTACTS}",
        "world.retell_hops=1000000", f"world.retell_bad={retell}", "world.retell_good=0.0", "world.visibility=0.05",
        *SAME_PRODUCT,
    )  # fmt: skip
    return start(scenario, "traditional", seed=SEED)


def reached(state, seed: int) -> int:
    """How many a bad word reaches that one onlooker hears first, in a market of its own."""
    state.clock["seed"] = seed
    before = state.clock["words"][0]
    customers.in_public(state.firm, np.int64(seed), np.int64(0), np.int64(customers.OUTCRY), 0.0)
    assert state.clock["words"][0] == before + 1
    return np.count_nonzero(state.customers["heard"] == before + 1) - 1  # without who began it


def fixed_point(of, value: float = 0.5) -> float:
    for _ in range(10_000):
        value = of(value)
    return value


@pytest.mark.parametrize("mean", [1.5, 2.0, 3.0])
def test_final_size_of_an_outbreak(mean):
    """z = 1 − exp(−R·z) of all hear it, given an outbreak; the graph of who tells whom is drawn anew each time."""
    state = crowd(mean / CONTACTS)
    sizes = np.array([reached(state, seed) for seed in range(1, 121)]) / CROWD
    large = sizes[sizes > 0.05]  # none lies between: a word dies out early or goes all the way
    assert ((sizes < 0.01) | (sizes > 0.3)).all()
    comes_out(large, fixed_point(lambda z: 1 - math.exp(-mean * z)), 0.01)


def test_chance_of_an_outbreak():
    """Each hearer tells Binomial(20, R/20) others; her line dies out with the least root of x = (1 − r + r·x)^20.

    400 words, 4 standard errors of a share.
    """
    state, retell = crowd(1.5 / CONTACTS), 1.5 / CONTACTS
    spreads = 1 - fixed_point(lambda x: (1 - retell + retell * x) ** CONTACTS)
    share = np.mean([reached(state, seed) > 0.05 * CROWD for seed in range(1, 401)])
    assert abs(share - spreads) < four_errors(spreads, 400)


def test_below_threshold_a_word_reaches_one_over_one_minus_r():
    """R = .5: a branching process of mean total size 1 / (1 − R) = 2, its variance R·(1 − r)/(1 − R)³ (known)."""
    state, words, retell = crowd(0.5 / CONTACTS), 4000, 0.5 / CONTACTS
    sizes = [reached(state, seed) for seed in range(1, words + 1)]
    assert abs(fmean(sizes) - 2.0) < 4 * math.sqrt(0.5 * (1 - retell) / 0.5**3 / words)


# --- product ----------------------------------------------------------------------------------------------------------

TURBULENCE, TOPICS = 0.8, 20


def gap_variance(pull: float, ideas: float, weeks: int) -> tuple[list[float], np.ndarray]:
    """Mean squared gap per dimension of each firm, where every idea names the market's mean taste and is good.

    `ideas` are born a week; one topic has at most one open idea, so there are many topics. Returns also their weights.
    """
    # A firm of 20 topics moves its product 42/20 times as far with one of them.
    scenario = world(
        f"world.decision_rate={ideas / DAYS_A_WEEK!r}", "world.suggestion=1.0", "world.voice_noise=0.0",
        f"world.topics_per_team={TOPICS}", f"world.step={pull * TOPICS / 42!r}", "world.build_hours=0.0",
        f"world.turbulence={TURBULENCE}", "world.reversion=0.0",
    )  # fmt: skip
    values = []
    for state in firms(scenario):
        state = advance(state, 100 * DAYS_A_WEEK)
        squares = 0.0
        for _ in range(weeks):
            state = advance(state, DAYS_A_WEEK)
            squares += ((state.market["taste"][0] - state.market["product"][0]) ** 2).mean()
        values.append(squares / weeks)
    return values, state.topics["weight"].copy()


def test_product_variance_with_weekly_delivery():
    """Exact for this model: taste steps weekly, then each of n topics with an idea pulls: τ²/50 / (1 − E(1−s)^2n)."""
    pull, ideas = 0.1, 2.0
    values, weights = gap_variance(pull, ideas, 400)
    has_one = 1 - np.exp(-ideas * weights)
    kept = np.prod(1 - has_one + has_one * (1 - pull) ** 2)
    comes_out(values, TURBULENCE**2 / WEEKS_A_YEAR / (1 - kept))


def test_product_variance():
    """τ²/(ν·(2s − s²)); weekly delivery and one open idea a topic change it by less than 3 % here, and that is allowed.

    x = ν·(2s − s²) is .04 a week: half of it from the week, and each of 20 topics loses half its .02 ideas a week.
    """
    pull, ideas = 0.05, 0.4
    values, _ = gap_variance(pull, ideas, 1000)
    theory = TURBULENCE**2 / (WEEKS_A_YEAR * ideas * (2 * pull - pull**2))
    error = stdev(values) / math.sqrt(REPLICATIONS)
    assert abs(fmean(values) - theory) < 4 * error + 0.03 * theory
    assert error < 0.05 * theory


@pytest.mark.parametrize("reversion", [0.0, 4.0])
def test_drift_of_the_market(reversion):
    """Ornstein–Uhlenbeck: variance τ²·(1 − e^(−2θt))/(2θ) after t years from the mean, τ²·t without reversion.

    2 dimensions of 2000 markets; the standard error of a variance of n normal numbers is √(2/n) of it.
    """
    state = start(world(f"world.turbulence={TURBULENCE}", f"world.reversion={reversion}"), "traditional", seed=SEED)
    ends = []
    for seed in range(2000):
        state.clock["seed"], state.market["taste"] = seed, 0.0
        for week in range(WEEKS_A_YEAR):
            market.drift(state.firm, np.int64(week))
        ends.append(state.market["taste"][0].copy())
    theory = TURBULENCE**2 * (1 - math.exp(-2 * reversion)) / (2 * reversion) if reversion else TURBULENCE**2
    assert abs(np.square(ends).mean() / theory - 1) < 4 * math.sqrt(2 / (DIMENSIONS * 2000))
    assert abs(np.mean(np.prod(ends, axis=1))) < 4 * theory / math.sqrt(2000)  # the dimensions go their own ways


# --- experience and satisfaction --------------------------------------------------------------------------------------

ONE_CUSTOMER = ("world.market_per_seat=1.0", "world.active_share=1.0", "world.tell_base=0.0", "world.tell_slope=0.0")


def one_customer(*settings: str):
    return start(world(*ONE_CUSTOMER, *settings), "traditional", seed=SEED)


def experienced(state, service: float, hurt: float = 1.0) -> tuple[float, float]:
    return customers.experience(
        state.firm, np.int64(0), np.int64(0), np.int64(customers.ANSWER), float(service), float(hurt)
    )


@pytest.mark.parametrize("live_deals", [0.0, 3.0])
def test_experience_is_that_computed_by_hand(live_deals):
    """X = ω·fit + (1 − ω)·service; half of `complement` is reached at deal_half deals. Equal to rounding."""
    state = one_customer("world.fit_weight=0.3", "world.breadth=1.5", "world.complement=0.4",
                         "world.deal_half_per_seat=3.0")  # fmt: skip
    state.customers["taste"][0], state.market["taste"], state.market["product"] = (0.5, -0.2), (0.3, 0.1), (-0.4, 0.9)
    state.market["live_deals"], state.customers["expectation"] = live_deals, 0.6
    breadth = 1.5 * (1 + 0.4 * (0.5 if live_deals else 0.0))
    square = (0.5 + 0.3 + 0.4) ** 2 + (-0.2 + 0.1 - 0.9) ** 2
    x = 0.3 * math.exp(-square / (2 * breadth**2)) + 0.7 * 0.25
    surprise, experience = experienced(state, 0.25)
    assert experience == pytest.approx(x, abs=1e-12)
    assert surprise == pytest.approx(x - 0.6, abs=1e-12)
    assert customers.speed(20.0, 10.0) == 0.25


@pytest.mark.parametrize(("service", "expected"), [(0.9, 0.5), (0.2, 0.5), (0.6, 0.6)])
def test_one_experience_moves_satisfaction_and_expectation_by_hand(service, expected):
    """T = clip(X + η·d), η twice as much where d < 0; S += α(T − S); E += β(X + promise·selling − E)."""
    state = one_customer("world.fit_weight=0.0", "world.satisfaction_pace=0.15", "world.disconfirmation=0.3",
                         "world.loss_aversion=2.0", "world.expectation_pace=0.2", "world.promise=0.04")  # fmt: skip
    state.customers["satisfaction"], state.customers["expectation"] = 0.7, expected
    experienced(state, service)
    d = service - expected
    target = min(1.0, max(0.0, service + 0.3 * (2.0 if d < 0 else 1.0) * d))
    assert state.customers["satisfaction"][0] == pytest.approx(0.7 + 0.15 * (target - 0.7), abs=1e-12)
    assert state.customers["expectation"][0] == pytest.approx(expected + 0.2 * (service + 0.04 - expected), abs=1e-12)


@pytest.mark.parametrize("selling", [0.0, 1.0, 2.0])
def test_satisfaction_relaxes_to_a_fixed_point_however_many_experiences(selling):
    """E → X + promise·selling, so d → −promise·selling for good, and S → X − η·loss·promise·selling: not to 0."""
    scenario = world(*ONE_CUSTOMER, "world.fit_weight=0.0", "world.disconfirmation=0.3", "world.loss_aversion=2.0",
                     "world.promise=0.05")  # fmt: skip
    state = start(scenario, Design(selling=selling), seed=SEED)
    for _ in range(2000):
        experienced(state, 0.7)
    assert state.customers["expectation"][0] == pytest.approx(0.7 + 0.05 * selling, abs=1e-9)
    assert state.customers["satisfaction"][0] == pytest.approx(0.7 - 0.3 * 2.0 * 0.05 * selling, abs=1e-9)


def test_satisfaction_stays_between_0_and_1_whatever_happens():
    """Experiences at both ends, hurting once or twice, with the strongest reactions the world allows."""
    state = one_customer("world.satisfaction_pace=1.0", "world.disconfirmation=2.0", "world.loss_aversion=10.0",
                         "world.expectation_pace=1.0", "world.promise=1.0", "world.fit_weight=0.0")  # fmt: skip
    draws = np.random.default_rng(1)
    for _ in range(2000):
        experienced(state, draws.choice([0.0, draws.random(), 1.0]), draws.choice([1.0, 2.0]))
        for column in ("satisfaction", "expectation"):
            assert 0.0 <= state.customers[column][0] <= 1.0


def test_a_word_moves_a_friend_and_a_prospect():
    """S += influence·(X − S) of a customer; convert·(X − neutral) of a prospect's life is spent, or given back."""
    scenario = world("world.market_per_seat=3.0", "world.friends=2", "world.rewire=0.0", "world.influence=0.1",
                     "world.convert=0.2", "world.neutral=0.6", "world.visibility=1.0")  # fmt: skip
    state = start(scenario, "traditional", seed=SEED)
    state.customers["active"], state.customers["satisfaction"] = (1, 1, 0), 0.5
    life = state.customers["life"].copy()
    customers.in_public(state.firm, np.int64(0), np.int64(0), np.int64(customers.REPLY), 0.9)
    assert state.customers["satisfaction"].tolist() == pytest.approx([0.5, 0.5 + 0.1 * (0.9 - 0.5), 0.5])
    assert (life - state.customers["life"]).tolist() == pytest.approx([0.0, 0.0, 0.2 * 0.3])


def test_churn_is_exponential_at_week_ends():
    """Hazard churn·exp(−slope·(S − reference)) of a satisfaction that stays: S(k) = e^(−hk/50). 4 errors of a share."""
    scenario = world("world.staff=4", "world.market_per_seat=1000.0", "world.active_share=1.0",
                     "world.request_rate=0.0", "world.churn=0.3", "world.churn_slope=2.0",
                     "world.churn_reference=0.7", "world.join=0.0", "world.first_satisfaction=0.5")  # fmt: skip
    state = start(scenario, "traditional", seed=SEED)
    for weeks in (20, 50, 100):
        while state.clock["weeks"][0] < weeks:
            state = advance(state, DAYS_A_WEEK)
        stay = math.exp(-0.3 * math.exp(2.0 * 0.2) * weeks / WEEKS_A_YEAR)
        assert abs(state.customers["active"].mean() - stay) < four_errors(stay, 4000)


# --- platform ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [0.0, 1.0, 4.0, 20.0])
def test_a_pair_finds_each_other_with_probability_n_over_n_plus_half(members):
    """And not later than its patience, at a time that has an exponential's median. 4 standard errors of a share."""
    pairs, patience, half = 4000, 16 * TICKS, 4.0
    state = start(world(f"world.find_half_per_seat={half}", "world.partners_per_seat=2.0"), "traditional", seed=SEED)
    state.market["platform"] = members
    found = []
    for key in range(pairs):
        step = ask(connect, state, key=key, kind=Kind.DEAL, phase=Phase.CONNECT, open=1, deadline=patience,
                   did=Activity.ENTER, status=Status.LIVE)  # fmt: skip
        assert step[0] == Verb.WAIT
        assert step[2] == Clock.FOUND
        found.append(int(state.cases["until"][0]))
    found = np.array(found)
    in_time = members / (members + half)
    assert found.min() >= 0
    assert found.max() <= patience
    assert abs((found < patience).mean() - in_time) < four_errors(max(in_time, 1e-9), pairs) + 1e-12
    if members:
        rate = math.log((members + half) / half) / patience
        soon = 1 - math.exp(-rate * patience / 2)
        assert abs((found < patience / 2).mean() - soon) < four_errors(soon, pairs)


@pytest.mark.parametrize("half_news", [1.0, 5.0])
def test_news_is_worth_half_after_half_news_weeks(half_news):
    state = one_customer(f"world.half_news_weeks={half_news}")
    state.customers["voice_at"], state.clock["now"] = 0, int(2 * half_news * WEEK)
    assert news_is_worth(state.firm, np.int64(0), 1.0) == pytest.approx(0.25, abs=1e-9)
    assert news_is_worth(state.firm, np.int64(0), 0.0) == 0.0
