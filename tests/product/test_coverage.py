"""Intervals of 95 % hold the truth in 95 % of cases, with a fixed number of pairs and with one found on the way."""

from functools import partial
from multiprocessing import get_context

import numpy as np

from sim.engine import simulate
from sim.study.paired import HEADLINES, interval
from sim.study.stopping import BATCH, Until
from tests.firms import firm

PAIRS = 2000
REPEATS = 500
FIXED = (30, 60)
UNTIL = {
    "decision_hours_median": Until("decision_hours_median", half_width=0.043),
    "retention_12m": Until("retention_12m", half_width=0.009),
    "satisfaction": Until("satisfaction", half_width=0.54),
}


def test_intervals_cover_the_truth():
    """Pairs drawn, with replacement, from 2 000 whose mean is then the truth. One test, so that one process has them.

    Half the work and many quits, both ends of what their keys call worth trying: little work is quick to simulate, and
    at the baseline's rate nine pairs of ten of so small and so short-lived a firm keep the same people. Then 30 pairs
    often hold no difference at all, or one, and the t interval of retention covers 90 % (ten pairs: 61 %). Here ten
    pairs cover 89 %, and 30 are honest. The standard error of a share of 500 repeats is one percentage point.
    """
    rng = np.random.default_rng(1)
    report, wrong = [], []
    for measure, pool in pool_of_differences().items():
        draws = rng.choice(pool, (REPEATS, UNTIL[measure].most))
        stops = [pairs_until(UNTIL[measure], draw) for draw in draws]
        assert UNTIL[measure].least <= min(stops) < np.mean(stops) < max(stops) <= UNTIL[measure].most
        for rule, sizes in {**{f"{n} pairs": [n] * REPEATS for n in FIXED}, "adaptive": stops}.items():
            coverage = np.mean([covers(draw[:n], pool.mean()) for draw, n in zip(draws, sizes, strict=True)])
            report.append(f"{measure:21} {rule:8} {np.mean(sizes):5.1f} pairs, covered {coverage:.1%}")
            if not 0.92 <= coverage <= 0.98:
                wrong.append(report[-1])
    print(*report, sep="\n")
    assert not wrong


def pool_of_differences():
    """Social minus traditional in 2 000 firms, by headline; from two processes."""
    scenario = firm("world.load=0.5", "world.quit_rate=0.4", staff=20, burn_in=0, weeks=50)
    with get_context("spawn").Pool(2) as processes:
        pairs = np.array(processes.map(partial(pair, scenario), range(PAIRS), chunksize=50))
    return {name: column[~np.isnan(column)] for name, column in zip(HEADLINES, pairs.T, strict=True)}


def pair(scenario, replication):
    traditional, social = simulate(scenario, ["traditional", "social"], seed=1, replication=replication)
    return [social[name] - traditional[name] for name in HEADLINES]


def pairs_until(until, differences):
    """Pairs that an adaptive study runs."""
    return next(n for n in range(BATCH, until.most + 1, BATCH) if until.enough(differences[:n]))


def covers(differences, truth):
    _, low, high = interval(differences)
    return low <= truth <= high


# --- the rule itself --------------------------------------------------------------------------------------------------

NARROW = np.tile([1.0, -1.0], 100)  # half-width of 20 pairs: 2.093·√(20/19)/√20 = .480; of 10: 2.262·√(10/9)/√10 = .754


def test_two_looks_in_a_row_have_to_be_precise():
    assert not Until("nps", 0.76).enough(NARROW[:10]), "one look"
    assert Until("nps", 0.76).enough(NARROW[:20])
    assert not Until("nps", 0.75).enough(NARROW[:20]), "ten were not precise"
    assert Until("nps", 0.75).enough(NARROW[:30])


def test_never_below_the_least_and_never_above_the_most():
    assert not Until("nps", 10.0, least=50).enough(NARROW[:40])
    assert Until("nps", 10.0, least=50).enough(NARROW[:50])
    assert not Until("nps", 1e-9, most=60).enough(NARROW[:50])
    assert Until("nps", 1e-9, most=60).enough(NARROW[:60])


def test_pairs_that_differ_alike_say_nothing_of_their_spread():
    placebo = np.zeros(200)
    assert [Until("nps", 1.0).enough(placebo[:n]) for n in (20, 190, 200)] == [False, False, True]


def test_pairs_without_the_measure_count_towards_the_most_only():
    gaps = NARROW.copy()
    gaps[:15] = np.nan
    assert not Until("nps", 10.0, least=10).enough(gaps[:20]), "five are known"
    assert Until("nps", 10.0, least=10).enough(gaps[:30])
    assert Until("nps", 10.0).enough(np.full(200, np.nan)), "never defined, still an end"
