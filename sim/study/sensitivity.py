"""Which factors a difference between the designs depends on: elementary effects and Sobol' indices.

A value is the paired difference (social minus traditional) at a point, averaged over R replications, and keeps some of
their noise. With n = `noise_share` and noise independent from point to point, a total index S becomes n + (1 − n) S, a
first-order index (1 − n) S, and mu_star of a factor without effect 2 s / (√(πR) Δ), s being the standard deviation of
differences at a point and Δ the step of the trajectories. More replications make n smaller; more points do not.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.scenario import ScenarioError
from sim.study.sampling import Array, salib, unit_cube

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 1000  # of the bootstrap, so that the width of an interval is known to 5 % (two standard errors, 2 / √2000)
# Index from which on a factor counts as influential, and widest 95 % interval with which one below it may be left out;
# of mu_star as shares of the largest: Sarrazin, Pianosi & Wagener, Environmental Modelling & Software 79, 2016.
INFLUENTIAL, WIDEST = 0.05, 0.05
MOST_NAMED = 5  # factors in one warning


def morris_effects(
    names: Sequence[str], unit_points: Array, values: Sequence[float] | Array, levels: int, seed: int
) -> "pd.DataFrame":
    """Elementary effects (y(x + Δ) − y(x)) / Δ of each factor over the points of `sampling.morris`, largest first.

    mu: their mean (Morris, Technometrics 33, 1991). mu_star: mean of their absolute values with its 95 % bootstrap
    interval (Campolongo, Cariboni & Saltelli, Environmental Modelling & Software 22, 2007). sigma: their standard
    deviation, which tells of curvature, interactions and noise. All are in the measure's unit, per whole range of the
    factor. used, dropped: trajectories; those with an undefined value are dropped.
    """
    values, size = np.asarray(values, float), len(names) + 1
    whole = whole_blocks(values, size, "trajectories")
    points = np.asarray(unit_points, float).reshape(-1, size, len(names))[whole]
    if not np.allclose(np.abs(np.diff(points, axis=1)).sum(axis=2), levels / (2 * (levels - 1))):
        raise ScenarioError(f"these are no trajectories of {levels} levels; give the points of the plan in its order.")
    kept = (points.reshape(-1, len(names)), values.reshape(-1, size)[whole].ravel())
    analyze = salib("analyze.morris").analyze
    found = analyze(unit_cube(names), *kept, num_resamples=RESAMPLES, num_levels=levels, seed=seed)
    columns = {"mu": found["mu"], **_interval("mu_star", found["mu_star"], found["mu_star_conf"])}
    return _table(names, columns | {"sigma": found["sigma"]}, whole, "mu_star")


def sobol_indices(names: Sequence[str], values: Sequence[float] | Array, seed: int) -> "pd.DataFrame":
    """First-order and total Sobol' indices with 95 % bootstrap intervals, at the points of `saltelli`, largest first.

    first: V(E(y | x_i)) / V(y), what the factor explains alone. total: 1 − V(E(y | all but x_i)) / V(y), what it has a
    part in. Estimators (b) and (f) of Saltelli et al., Computer Physics Communications 181, 2010, table 2. The
    bootstrap takes base rows as independent, so that for Sobol' points the intervals are rather too wide. used,
    dropped: base rows; those with an undefined value are dropped.
    """
    values, size = np.asarray(values, float), len(names) + 2
    whole = whole_blocks(values, size, "base rows")
    kept = values.reshape(-1, size)[whole].ravel()
    if np.ptp(kept) == 0:
        raise ScenarioError("the values are equal at all points; take another measure, wider ranges or other factors.")
    random = np.random.default_rng(seed)  # a seed of 0 would be none to SALib
    analyze = salib("analyze.sobol").analyze
    found = analyze(unit_cube(names), kept, calc_second_order=False, num_resamples=RESAMPLES, seed=random)
    columns = _interval("first", found["S1"], found["S1_conf"]) | _interval("total", found["ST"], found["ST_conf"])
    return _table(names, columns, whole, "total")


def whole_blocks(values: Array, size: int, name: str) -> Array:
    """Which blocks of `size` points (trajectories, base rows) have a value at every point; both methods need all."""
    if values.ndim != 1 or values.size % size:
        raise ScenarioError(f"{values.size} values are not {name} of {size} points; give one value a point, in order.")
    defined = np.isfinite(values).reshape(-1, size)
    whole = np.asarray(defined.all(axis=1))
    if whole.sum() < 2:
        raise ScenarioError(
            f"the measure is not defined at {(~defined).sum()} of {values.size} points, so that {whole.sum()} of "
            f"{len(whole)} {name} are whole and 2 are needed; take narrower ranges, longer runs or another measure."
        )
    return whole


def noise_share(differences: Array) -> float:
    """Share of the variance of point means that is replication noise: mean of s²/R over points / their variance.

    `differences`: points × replications, NaN where undefined; points with fewer than two are left out. Seeds that are
    the same at all points give all means some noise in common, which does not set them apart: the share is then an
    upper bound. NaN where the means do not vary.
    """
    differences = np.asarray(differences, float)
    replications = (~np.isnan(differences)).sum(axis=1)
    known, replications = differences[replications > 1], replications[replications > 1]
    variance = np.nanmean(known, axis=1).var(ddof=1) if len(known) > 1 else 0.0
    return float((np.nanvar(known, axis=1, ddof=1) / replications).mean() / variance) if variance > 0 else float("nan")


def warnings(table: "pd.DataFrame") -> list[str]:
    """What keeps a table of `morris_effects` or `sobol_indices` from being trusted, and what to do; empty if nothing.

    An influential factor's interval that reaches below 0; one too wide to leave a factor out; indices that contradict
    their definition by more than their intervals and more than screening overlooks; dropped points.
    """
    index, blocks, size = "mu_star", "trajectories", "trajectories"
    if "total" in table:
        index, blocks, size = "total", "base rows", "base"
    scale = 1.0 if index == "total" else table[index].max()
    half, influential = table[f"{index}_high"] - table[index], table[index] >= INFLUENTIAL * scale
    found = {
        f"the interval of {index} reaches below 0": influential & (half > table[index]),
        f"{index} is small, but its interval too wide to leave it out": ~influential & (2 * half > WIDEST * scale),
    }
    if index == "total":
        found |= _contradictions(table)
    told = [f"{_named(table['factor'][who])}: {what}; double {size}." for what, who in found.items() if any(who)]
    if index == "total" and (excess := _excess(table)) > 0:
        told.append(f"first adds up to {1 + excess:.2f}, clearly above 1; double base.")
    if dropped := table["dropped"].max():
        of = f"{dropped} of {dropped + table['used'].max()} {blocks}"
        told.append(f"{of} are dropped, being undefined somewhere; the table is of where the measure is defined.")
    return told


def _named(factors: "pd.Series[str]") -> str:
    """The first few, which are the most influential, and how many more."""
    more = len(factors) - MOST_NAMED
    return ", ".join(factors.head(MOST_NAMED)) + (f" and {more} more" if more > 0 else "")


def _contradictions(table: "pd.DataFrame") -> "dict[str, pd.Series[bool]]":
    first, total = table["first"], table["total"]
    half, other = table["first_high"] - first, table["total_high"] - total
    return {
        "the interval of first reaches below 0": (first >= INFLUENTIAL) & (half > first),
        "first is clearly below 0": -first > half.clip(lower=WIDEST),
        "total is clearly below first": first - total > np.hypot(half, other).clip(lower=WIDEST),
    }


def _excess(table: "pd.DataFrame") -> float:
    """How far first-order indices add up to more than 1; 0 where their intervals, as if independent, explain it."""
    excess = table["first"].sum() - 1
    uncertain = np.sqrt(((table["first_high"] - table["first"]) ** 2).sum())
    return float(excess) if excess > max(uncertain, WIDEST) else 0.0


def _interval(name: str, estimate: Array, half: Array) -> dict[str, Array]:
    return {name: estimate, f"{name}_low": estimate - half, f"{name}_high": estimate + half}


def _table(names: Sequence[str], columns: dict[str, Array], whole: Array, by: str) -> "pd.DataFrame":
    import pandas as pd

    table = pd.DataFrame({"factor": list(names), **columns, "used": whole.sum(), "dropped": (~whole).sum()})
    return table.sort_values(by, ascending=False, kind="stable", ignore_index=True)
