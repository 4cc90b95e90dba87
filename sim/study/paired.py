"""The statistics of paired twins: what a design's runs say of it, and of its difference from the reference.

Twins share their draws (common random numbers), so the pair is the unit: every test and interval is of differences
within pairs (Law, Simulation Modeling and Analysis, 2015, ch. 10.2).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95
HEADLINES = ("decision_hours_median", "retention_12m", "satisfaction")  # the hypotheses; other measures explore

Array = np.ndarray[Any, Any]


def tabulate(
    runs: "pd.DataFrame", designs: Sequence[str], measures: Sequence[Measure] = MEASURES
) -> "pd.DataFrame":
    """Estimates and paired differences: one row a measure and design, the first design being the reference.

    estimate, low, high: mean over runs with its 95 % t interval. difference, …: the same of the paired differences.
    twins_better, twins_equal, twins_worse: shares of pairs, by the measure's direction. effect: Cohen's d, the mean
    difference over the pooled standard deviation of the two designs. pairing_gain: variance of the difference of
    independent runs over that of the paired ones, so how many times more runs it would take without common random
    numbers. pairs: pairs in which both firms have the measure.

    twins_same_sign: share of pairs whose difference has the sign of the mean difference; NaN where that is zero.
    p: of a two-sided paired t test that the mean difference is zero (see `t_test`). p_adjusted: the same for having
    looked at many measures of the design (see `adjusted`).
    """
    import pandas as pd

    by_design = {name: runs[runs["design"] == name].set_index("replication") for name in designs}
    rows = []
    for measure in measures:
        reference = by_design[designs[0]][measure.name]
        for name in designs:
            values = by_design[name][measure.name]
            row: dict[str, Any] = {"measure": measure.name, "unit": measure.unit, "better": measure.better}
            row |= {"design": name, "reference": designs[0]}
            row |= dict(zip(("estimate", "low", "high"), interval(values.dropna().to_numpy()), strict=True))
            rows.append(row | _difference(measure, values, reference, name == designs[0]))
    table = pd.DataFrame(rows)
    return table.assign(p_adjusted=adjusted(table))


def _difference(
    measure: Measure, values: "pd.Series[float]", reference: "pd.Series[float]", itself: bool
) -> dict[str, Any]:
    names = ("difference", "difference_low", "difference_high", "twins_better", "twins_equal", "twins_worse",
             "twins_same_sign", "effect", "pairing_gain", "p")  # fmt: skip
    row: dict[str, Any] = dict.fromkeys(names, np.nan)
    own, theirs = values.to_numpy(float), reference.reindex(values.index).to_numpy(float)
    both = ~(np.isnan(own) | np.isnan(theirs))
    own, theirs = own[both], theirs[both]
    row["pairs"] = len(own)
    if itself or not len(own):
        return row
    differences = own - theirs
    row |= dict(zip(names[:3], interval(differences), strict=True))
    row |= {"twins_same_sign": share_of_sign(differences), "p": t_test(differences)}
    if measure.better != "neither":
        sign = 1.0 if measure.better == "more" else -1.0
        row["twins_better"] = float((sign * differences > 0).mean())
        row["twins_equal"] = float((differences == 0).mean())
        row["twins_worse"] = float((sign * differences < 0).mean())
    if len(own) > 1:
        apart = own.var(ddof=1) + theirs.var(ddof=1)
        together = differences.var(ddof=1)
        row["effect"] = differences.mean() / np.sqrt(apart / 2) if apart > 0 else np.nan
        row["pairing_gain"] = apart / together if together > 0 else np.nan
    return row


def interval(values: Array) -> tuple[float, float, float]:
    """Mean and 95 % t interval; without spread to judge by (one value) the interval is NaN."""
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, np.nan, np.nan
    from scipy.special import stdtrit  # Student's t; as pandas, loaded after the runs

    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2)) * error
    return mean, mean - half, mean + half


def t_test(differences: Array) -> float:
    """Two-sided p of Student's paired t test: mean difference over its standard error, n − 1 degrees of freedom.

    NaN of less than two pairs, and where all pairs differ alike: without spread there is nothing to judge by. So it is
    between twins under the same rules, and a few equal pairs of a count are no proof.
    """
    from scipy.special import stdtr

    if len(differences) < 2 or (differences == differences[0]).all():
        return np.nan
    error = float(differences.std(ddof=1)) / np.sqrt(len(differences))
    return 2.0 * float(stdtr(len(differences) - 1, -abs(differences.mean()) / error))


def share_of_sign(differences: Array) -> float:
    """Share of pairs whose difference has the sign of the mean difference."""
    sign = np.sign(differences.mean())
    return float((np.sign(differences) == sign).mean()) if sign else np.nan


# --- many measures ----------------------------------------------------------------------------------------------------


def adjusted(table: "pd.DataFrame") -> "pd.Series[float]":
    """Adjusted p of every row, each design against the reference apart.

    Its headlines are held to a family-wise error rate (Holm), its other measures to a false discovery rate
    (Benjamini & Hochberg). What has no p belongs to no family.
    """
    headline = table["measure"].isin(HEADLINES)
    families = table.groupby(["design", headline], sort=False)["p"]
    return families.transform(holm).where(headline, families.transform(benjamini_hochberg))


def holm(p: Sequence[float]) -> Array:
    """Step-down adjusted p: the running maximum of (m − k + 1)·p₍ₖ₎, at most 1 (Holm, Scandinavian Journal of
    Statistics 6, 1979). NaN is left out of the family."""
    found = np.array(p, float)
    order = np.argsort(found, kind="stable")[: np.count_nonzero(~np.isnan(found))]  # NaN is sorted to the end
    steps = found[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def benjamini_hochberg(p: Sequence[float]) -> Array:
    """Step-up adjusted p: the running minimum, from the largest, of m/k·p₍ₖ₎ (Benjamini & Hochberg, Journal of the
    Royal Statistical Society B 57, 1995). NaN is left out of the family."""
    from scipy.stats import false_discovery_control

    found = np.array(p, float)
    known = ~np.isnan(found)
    found[known] = false_discovery_control(found[known])
    return found
