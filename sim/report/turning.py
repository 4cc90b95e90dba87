"""What decides the answer: how far each assumption alone moves the difference, and where it turns the sign."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.stored import Stored
from sim.study.paired import CONFIDENCE, interval

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
SMALLEST = 1e-300  # in place of zero; times a mean it is still a number
SEED = 1  # of the resamples, so that equal studies give equal pages

Array = np.ndarray[Any, Any]


def tornado(study: Stored, measure: str, reference: str, design: str) -> "pd.DataFrame":
    """Of a plan by one factor at a time: a row a factor, the one that moves the difference most first.

    Columns: factor, value (the scenario's), at_low, at_high (its lowest and highest level), base, base_low, base_high
    (paired difference where nothing is changed, with its 95 % interval), low, low_low, low_high and high, high_low,
    high_high (the same at the two levels), swing (largest less smallest of those three means), turns (the
    value nearest to the scenario's at which the mean difference is zero, between levels by straight line; NaN where it
    keeps its sign), turns_low, turns_high (95 % percentile interval over resampled pairs).
    """
    import pandas as pd

    base = dict(
        zip(("base", "base_low", "base_high"), _of(study.differences_at_base(measure, reference, design)), strict=True)
    )
    rows = []
    for factor, (levels, differences) in along_factors(study, measure, reference, design).items():
        row: dict[str, Any] = {"factor": factor, "value": study.base_value(factor)}
        row |= {"at_low": levels[0], "at_high": levels[-1], **base}
        row |= dict(zip(("low", "low_low", "low_high"), _of(differences[0]), strict=True))
        row |= dict(zip(("high", "high_low", "high_high"), _of(differences[-1]), strict=True))
        row["swing"] = float(np.ptp([row["low"], row["base"], row["high"]]))
        rows.append(
            row
            | dict(
                zip(("turns", "turns_low", "turns_high"), break_even(levels, differences, row["value"]), strict=True)
            )
        )
    table = pd.DataFrame(rows)
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True) if len(table) else table


def along_factors(study: Stored, measure: str, reference: str, design: str) -> dict[str, tuple[Array, Array]]:
    """For each factor its levels, ascending, and the paired differences there (level × pair), all others at base.

    A pair that lacks the measure at any level of the factor is left out of it.
    """
    differences = study.points(measure, reference, design)
    values = differences.index.to_frame(index=False)
    base = np.array([study.base_value(factor) for factor in study.factors])
    at_base = values[list(study.factors)].to_numpy() == base
    found = {}
    for number, factor in enumerate(study.factors):
        alone = np.delete(at_base, number, axis=1).all(axis=1)
        order = np.argsort(values[factor].to_numpy()[alone])
        rows = differences.to_numpy(float)[alone][order]
        complete = ~np.isnan(rows).any(axis=0)
        if len(order) > 1 and complete.any():
            found[factor] = (values[factor].to_numpy(float)[alone][order], rows[:, complete])
    return found


def break_even(levels: Array, differences: Array, base: float) -> tuple[float, float, float]:
    """Where the mean difference is zero, nearest to `base`, with a 95 % interval; three NaN where it keeps its sign.

    differences: level × pair. Between two levels the mean is taken as a straight line. The interval is the percentile
    bootstrap over pairs (Efron & Tibshirani 1993); a crossing that fewer than 95 % of the resamples have is none.
    """
    there = _crossing(levels, differences.mean(axis=1)[:, None], base)[0]
    if np.isnan(there):
        return np.nan, np.nan, np.nan
    pairs = differences.shape[1]
    drawn = np.random.default_rng(SEED).integers(pairs, size=(RESAMPLES, pairs))
    crossings = _crossing(levels, differences[:, drawn].mean(axis=2), base)
    known = crossings[~np.isnan(crossings)]
    if len(known) < CONFIDENCE * RESAMPLES:
        return np.nan, np.nan, np.nan
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(there), float(low), float(high)


def _crossing(levels: Array, means: Array, base: float) -> Array:
    """Of each column of means (level × resample) the crossing of zero nearest to base; NaN where there is none."""
    means = means.copy()
    for level in range(1, len(means)):  # a mean of exactly zero counts as the side it comes from, so it crosses there
        means[level] = np.where(means[level] == 0, np.sign(means[level - 1]) * SMALLEST, means[level])
    left, right = means[:-1], means[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = levels[:-1, None] + (levels[1:] - levels[:-1])[:, None] * left / (left - right)
    at = np.where(left * right < 0, at, np.nan)
    distance = np.where(np.isnan(at), np.inf, abs(at - base))
    return np.asarray(np.take_along_axis(at, distance.argmin(axis=0)[None], axis=0)[0])


def _of(differences: Array) -> tuple[float, float, float]:
    return interval(differences[~np.isnan(differences)])
