"""What differs between firms: turnover and performance, and where open rules pay."""

import numpy as np
import pytest

from sim.engine import simulate
from tests.patterns import SEED, baseline, difference, is_above_0, of_twins

SMALL = ("world.staff=31", "run.burn_in_weeks=25", "run.warm_up_weeks=0", "run.weeks=50")
# Worlds drawn evenly: (key, low, high), within what each key says is worth trying.
APART = (("quit_rate", 0.05, 0.4), ("load", 0.5, 1.5), ("turbulence", 0.0, 1.2), ("error_cost", 0.5, 5.0),
         ("interdependence", 0.1, 0.6))  # fmt: skip


def one_world(draw: np.random.Generator) -> list[str]:
    """Settings of a firm unlike the others."""
    return [f"world.{key}={draw.uniform(low, high)!r}" for key, low, high in APART]


def correlation(firms: int, *, alike: bool) -> float:
    """Of turnover and profit a seat in one year, over so many firms."""
    draw, found = np.random.default_rng(SEED), []
    for replication in range(firms):
        scenario = baseline(*SMALL, *([] if alike else one_world(draw)))
        (run,) = simulate(scenario, ["traditional"], seed=SEED, replication=replication)
        found.append((run["turnover"], run["profit_per_seat"]))
    return float(np.corrcoef(np.array(found).T)[0, 1])


@pytest.mark.xfail(strict=True, reason=(
    "Too strong: −.35 over 100 replicates (−.39 ± .04 over 400; −.34 ± .06 over 200 firms of 156) and −.75 over 40 "
    "worlds (−.77 over 400). Profit is booked without error, and a quit costs .21 of a year's wages and eight weeks of "
    "a seat; field studies have noisier measures. With satisfaction for performance it is −.15 over replicates."
))  # fmt: skip
@pytest.mark.parametrize(("firms", "alike"), [(100, True), (40, False)])
def test_turnover_goes_a_little_with_worse_performance(firms, alike):
    """SF19: turnover and organizational performance correlate at about −.15 (Park & Shaw 2013, 110 samples).

    Statistic: correlation over firms of 31 in one year of turnover and profit a seat: replicates of the baseline, and
    firms in worlds of their own. Tolerance, as the fact is stated: −.3 … −.05.
    """
    found = correlation(firms, alike=alike)
    assert -0.3 < found < -0.05


@pytest.mark.xfail(strict=True, reason=(
    "No flip: open rules earn as much more a seat in a still market as in a turbulent one (+171 ± 21, +170 ± 18 over "
    "10 pairs). They earn it by decisions and hours, which turbulence does not touch; customers, whom it does, are as "
    "many in both firms, about. Satisfaction turns with turbulence (−3.9 ± .3 to +1.5 ± 1.4), profit with load and "
    "error cost (next test)."
))  # fmt: skip
def test_open_rules_pay_under_turbulence_only():
    """SF34: decentralization pays under turbulence (Aghion et al. 2021; Siggelkow & Rivkin 2005).

    Statistic: profit a seat of the social firm less its traditional twin's, in a market that stands still and in one
    that drifts fast. Tolerance: below 0 in the first and above 0 in the second, by 2 standard errors.
    """
    still, fast = (difference(baseline(f"world.turbulence={t}"), "profit_per_seat", 3) for t in (0.0, 1.2))
    assert is_above_0(-still, 2)
    assert is_above_0(fast, 2)


@pytest.mark.parametrize("change", ["load=0.5", "error_cost=20.0"])
def test_where_open_rules_do_not_pay(change):
    """SF34, other axes (domain §3.8: load and error costs matter too): open rules pay in the baseline, not there.

    Statistic and tolerance as above. A model whose sign never flipped would be suspect.
    """
    there = difference(baseline(f"world.{change}"), "profit_per_seat", 3)
    assert is_above_0(of_twins("social", "profit_per_seat", less="traditional"), 2)
    assert is_above_0(-there, 2)
