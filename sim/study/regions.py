"""Where a design wins: at each point of a plan, and in what share of the points.

A point is a setting of the factors; its values are paired differences, design minus reference, one a replication.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.study.paired import CONFIDENCE, benjamini_hochberg, interval

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Wins:
    """In what share of the points a design wins.

    points: how many have the measure. dropped: how many have it in no replication. share: points whose mean difference
    is on the better side (a mean of exactly 0 is no win). low, high: 95 % Wilson interval of that share, for points as
    independent draws from the ranges: it does not know that all points share their replications. pair_low, pair_high:
    the share in the single replication with fewest and with most wins, which shows what that is worth. wins, loses,
    undecided: shares of points by their own interval (see `verdict`).
    """

    points: int
    dropped: int
    share: float
    low: float
    high: float
    pair_low: float
    pair_high: float
    wins: float
    loses: float
    undecided: float


def verdict(low: float, high: float, better: str) -> str:
    """ "wins" or "loses" where the interval of the difference lies wholly on one side of 0, else "undecided"."""
    if low > 0 or high < 0:
        return "wins" if (low > 0) == (better == "more") else "loses"
    return "undecided"


def share_of_wins(differences: Array, better: str) -> Wins:
    """Share of points in which the design wins. differences: points × replications; NaN where the measure is undefined.
    better: "more" or "less".

    A point stands for its replications that have the measure; with one only, its own verdict is "undecided". Wilson's
    score interval (1927, Journal of the American Statistical Association 22) stays within 0 and 1 and keeps its
    coverage at shares near them.
    """
    from scipy.stats import binomtest

    estimates = [interval(point[~np.isnan(point)]) for point in differences if not np.isnan(point).all()]
    points, dropped = len(estimates), len(differences) - len(estimates)
    if not points:
        return Wins(0, dropped, *[np.nan] * 8)
    side = 1 if better == "more" else -1
    won = sum(side * mean > 0 for mean, _, _ in estimates)
    low, high = binomtest(won, points).proportion_ci(CONFIDENCE, method="wilson")
    verdicts = [verdict(below, above, better) for _, below, above in estimates]
    shares = (verdicts.count(name) / points for name in ("wins", "loses", "undecided"))
    in_pairs = (side * differences > 0).sum(axis=0) / np.maximum(1, (~np.isnan(differences)).sum(axis=0))
    pairs = (float(in_pairs.min()), float(in_pairs.max()))
    return Wins(points, dropped, won / points, float(low), float(high), *pairs, *shares)


def map_of_wins(points: "pd.DataFrame") -> "pd.DataFrame":
    """The same rows with `p_adjusted` and `verdict` for having looked at all points of a measure and design.

    points: rows of `paired.tabulate`, of many points. A point is decided where its p, adjusted by Benjamini & Hochberg
    over all points of its measure and design, is at most .05: of the decided ones 5 % are wrong on average.
    """
    together = points.groupby(["measure", "design"], sort=False)["p"]
    points = points.assign(p_adjusted=together.transform(lambda p: benjamini_hochberg(p.to_numpy())))
    gain = points["difference"] * points["better"].map({"more": 1, "less": -1, "neither": np.nan})
    decided = (points["p_adjusted"] <= 1 - CONFIDENCE) & gain.notna()
    return points.assign(verdict=np.where(decided, np.where(gain > 0, "wins", "loses"), "undecided"))
