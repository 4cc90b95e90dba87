"""Errors of decisions: many who must agree, or few."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from sim.engine import advance, horizon_days, start
from sim.scenario import Design, Scenario
from sim.state import TICKS, Disposition
from tests.patterns import DECISIONS_ALONE, REPLICATIONS, SEED, closed, is_above_0, of_twins
from tests.theory.rows import EQUAL, QUEUES, binomial_tail, per_day

MEMBERS = 5
NOISE = 2.0  # so much that five who agree may still be wrong
GOOD, BAD = (float(norm.cdf(merit / (NOISE * (1.5 - 0.7)))) for merit in (1, -1))  # a yes of one, at knowledge .7


@cache
def panel(quorum: int) -> np.ndarray:
    """Omission, commission and hours of a good case (three rows) with a panel of five of whom `quorum` must agree."""
    # Few topics, so that for each there are five experts beside the asker and those above her.
    settings = (
        "world.staff=31", "world.topics_per_team=1", "world.own_authority=0.0", f"world.panel={MEMBERS}",
        f"world.quorum={quorum}", "world.good_share=0.5", "world.act_hours=0.0", "world.screen_hours=1.0",
        "world.garbling=0.0", f"world.noise={NOISE}", per_day(0.05), *EQUAL,
    )  # fmt: skip
    spans = ("run.weeks=500", "run.warm_up_weeks=1")
    scenario = Scenario.load("baseline").override([*QUEUES, *DECISIONS_ALONE, *spans, *settings])
    found = []
    for replication in range(REPLICATIONS):
        state = start(scenario, Design(approve=1.0), seed=SEED, replication=replication)
        ledger = closed(advance(state, horizon_days(scenario.run)))
        yes, good = ledger["disposition"] == Disposition.ACCEPTED, ledger["good"] == 1
        took = (ledger["closed"] - ledger["birth"])[yes & good] / TICKS
        found.append(((~yes)[good].mean(), yes[~good].mean(), took.mean()))
    return np.array(found).T


@pytest.mark.parametrize("quorum", range(1, MEMBERS))
def test_who_needs_fewer_voices_is_faster_and_lets_more_bad_through(quorum):
    """SF4: commission rises, omission and the latency of good cases fall with k (Sah & Stiglitz 1986; Csaszar 2012).

    Statistic: the three between k and k + 1 of a panel of five, the asker's own judgement first. Tolerance: the sign of
    each, in every one of the replications, which share their cases.
    """
    omission, commission, took = panel(quorum + 1) - panel(quorum)
    assert omission.min() > 0 > commission.max()
    assert took.min() > 0


@pytest.mark.parametrize("quorum", range(1, MEMBERS + 1))
def test_both_errors_are_those_of_a_committee(quorum):
    """SF4, size: the asker's own yes, then a binomial tail. Tolerance: 5 % of each rate, .01 at
    least (some 12 000 cases each).
    """
    omission, commission, _ = panel(quorum).mean(axis=1)
    assert omission == pytest.approx(1 - GOOD * binomial_tail(MEMBERS, quorum, GOOD), rel=0.05, abs=0.01)
    assert commission == pytest.approx(BAD * binomial_tail(MEMBERS, quorum, BAD), rel=0.05, abs=0.01)


def test_trust_instead_of_screens_is_fast_and_sloppy_in_the_whole_firm():
    """SF4 in the baseline: `approve` alone opened. Fewer omissions, more commissions, quicker (4 standard errors)."""
    assert is_above_0(of_twins("traditional", "omission_rate", less="trust"))
    assert is_above_0(of_twins("trust", "commission_rate", less="traditional"))
    assert is_above_0(of_twins("traditional", "decision_hours_mean", less="trust"))
