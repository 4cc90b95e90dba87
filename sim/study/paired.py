"""The statistics of paired twins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95
HEADLINES = ("decision_hours_median", "retention_12m", "satisfaction")


def tabulate(
    runs: "pd.DataFrame", designs: Sequence[str], measures: Sequence[Measure] = MEASURES
) -> "pd.DataFrame":
    """Estimates and paired differences: one row a measure and design, the first design being the reference.

    estimate, low, high: mean over runs with its 95 % t interval. difference, …: the same of the paired differences.
    twins_better, twins_equal, twins_worse: shares of pairs, by the measure's direction. effect: Cohen's d, the mean
    difference over the pooled standard deviation of the two designs. pairing_gain: variance of the difference of
    independent runs over that of the paired ones, so how many times more runs it would take without common random
    numbers. pairs: pairs in which both firms have the measure.
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
    return pd.DataFrame(rows)


def _difference(
    measure: Measure, values: "pd.Series[float]", reference: "pd.Series[float]", itself: bool
) -> dict[str, Any]:
    names = ("difference", "difference_low", "difference_high", "twins_better", "twins_equal", "twins_worse", "effect")
    row: dict[str, Any] = dict.fromkeys((*names, "pairing_gain"), np.nan)
    both = values.to_frame("own").join(reference.rename("reference"), how="inner").dropna()
    row["pairs"] = len(both)
    if itself or not len(both):
        return row
    own, theirs = both["own"].to_numpy(), both["reference"].to_numpy()
    differences = own - theirs
    row |= dict(zip(names[:3], interval(differences), strict=True))
    if measure.better != "neither":
        sign = 1.0 if measure.better == "more" else -1.0
        row["twins_better"] = float((sign * differences > 0).mean())
        row["twins_equal"] = float((differences == 0).mean())
        row["twins_worse"] = float((sign * differences < 0).mean())
    if len(both) > 1:
        apart = own.var(ddof=1) + theirs.var(ddof=1)
        together = differences.var(ddof=1)
        row["effect"] = differences.mean() / np.sqrt(apart / 2) if apart > 0 else np.nan
        row["pairing_gain"] = apart / together if together > 0 else np.nan
    return row


def interval(values: "np.ndarray[Any, Any]") -> tuple[float, float, float]:
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
