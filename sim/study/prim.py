"""Patient rule induction: boxes of a few plain conditions inside which a target is high.

PRIM of Friedman & Fisher (1999, Statistics and Computing 9: 123–143): peel thin slices off the whole, paste some back,
take the box out and go on with the rest. Quasi-p-values after Bryant & Lempert (2010, Technological Forecasting and
Social Change 77: 34–49).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Box:
    """Conditions lower ≤ factor ≤ upper under which the target is high; ±inf where there is none.

    density: mean of the target inside. coverage: share of the whole target inside. mass: share of all points inside;
    all three without the points of earlier boxes. lower_p, upper_p: quasi-p-value of each limit (see `quasi_p`), NaN
    where there is none. trajectory: (coverage, density, mass) after every peel, from all remaining points on.
    """

    lower: Array
    upper: Array
    lower_p: Array
    upper_p: Array
    density: float
    coverage: float
    mass: float
    trajectory: Array

    @property
    def restricted(self) -> Array:
        """Numbers of the factors that have a condition."""
        return np.flatnonzero(np.isfinite(self.lower) | np.isfinite(self.upper))

    def contains(self, points: Array) -> Array:
        """Which points fulfil all conditions."""
        return np.asarray(((points >= self.lower) & (points <= self.upper)).all(axis=1))


def boxes(
    points: Array, wins: Array, *, peel: float = 0.05, paste: float = 0.05, least_mass: float = 0.05, most: int = 3,
    significance: float = 0.05,
) -> list[Box]:  # fmt: skip
    """Boxes in the order found; none where no condition tells high from low.

    points: n × factors, any numbers. wins: 0/1, or a real target (coverage then wants it not negative). peel, paste:
    share of the box's points that a step takes or gives at least; levels of a factor stay whole. least_mass: share of
    all points that a box has at least. Of a trajectory the box with the most Σ (target − overall mean) is taken, the
    weighted relative accuracy of Lavrač, Flach & Zupan (1999, Inductive Logic Programming): a slice belongs to it if it
    wins more often than all points do. Its limits stay if their quasi-p-value is below significance / (2 × factors).
    """
    sides, target = np.hstack([points, -points]).astype(float), np.asarray(wins, dtype=float)
    if np.isnan(sides).any() or np.isnan(target).any():
        raise ValueError("PRIM needs every factor and the target at every point; leave out the points without them.")
    least, level = max(1.0, least_mass * len(target)), significance / sides.shape[1]
    remaining = np.arange(len(target))
    found: list[Box] = []
    while len(found) < most and len(remaining) > least:
        side = sides[remaining]
        peeled, limits = _search(side, target[remaining], target.mean(), peel, paste, least, level)
        limits, quasi = _prune(side, target[remaining], limits, level)
        coverage, density, mass = _statistics(target, remaining[_inside(side, limits)])
        if not np.isfinite(limits).any() or density <= target.mean():
            break
        trajectory = np.array([_statistics(target, remaining[_inside(side, step)]) for step in peeled])
        (lower, upper), (lower_p, upper_p) = np.split(limits, 2), np.split(quasi, 2)
        found.append(Box(lower, -upper, lower_p, upper_p, density, coverage, mass, trajectory))
        remaining = remaining[~_inside(side, limits)]
    return found


def quasi_p(inside: Array, without: Array) -> float:
    """How likely a limit does as well by chance: P(X ≥ wins inside), X ~ binomial(points inside, p).

    p: share of wins in the box without that limit. For a real target the same with the normal approximation of the
    mean. It is quasi: the limit was chosen for these very points.
    """
    from scipy.stats import binomtest, norm

    if np.isin(without, (0, 1)).all():
        return float(binomtest(int(inside.sum()), len(inside), without.mean(), alternative="greater").pvalue)
    error = without.std() / np.sqrt(len(inside))
    return float(norm.sf((inside.mean() - without.mean()) / error)) if error > 0 else 1.0


# Inside this file a box is a row of lower limits on (factors, −factors): an upper limit is a lower one of −factor.
def _inside(side: Array, limits: Array) -> Array:
    return np.asarray((side >= limits).all(axis=1))


def _without(limits: Array, limit: int) -> Array:
    free = limits.copy()
    free[limit] = -np.inf
    return free


def _statistics(target: Array, inside: Array) -> tuple[float, float, float]:
    """Coverage, density, mass."""
    wins = target[inside]
    return float(wins.sum() / (target.sum() or 1.0)), float(wins.mean()), len(wins) / len(target)


def _search(
    side: Array, target: Array, overall: float, peel: float, paste: float, least: float, level: float
) -> tuple[list[Array], Array]:
    """Peel, choose, paste; again without the weaker half of the factors whose limits may be chance, until none may.

    Among many factors the worst slice is often one by chance, and such peels hide the limits that are real.
    """
    allowed, gain = np.ones(side.shape[1], dtype=bool), target - overall
    while True:
        peeled = _peel(side, target, allowed, peel, least)
        best = int(np.argmax([gain[_inside(side, step)].sum() for step in peeled]))
        limits = _paste(side, gain, peeled[best], paste)
        chance = np.tile(np.nan_to_num(_quasi(side, target, limits), nan=1.0).reshape(2, -1).min(axis=0), 2)
        weak = allowed & (chance > level)
        if not weak.any():
            return peeled, limits
        allowed &= ~weak | (chance < np.median(chance[weak]))


def _peel(side: Array, target: Array, allowed: Array, share: float, least: float) -> list[Array]:
    """Limits after each peel. Peeled is the slice with the lowest mean, of equal ones the largest.

    That is the peel with the most rise of the box's mean per mass lost, n′ (ȳ′ − ȳ) / (n − n′) = ȳ − ȳ of the slice:
    Friedman & Fisher's criterion for factors with few levels (14.6), whose slices are larger than others.
    """
    steps = [np.full(side.shape[1], -np.inf)]
    while True:
        inside = _inside(side, steps[-1])
        values = side[inside]
        rank = int(np.ceil(share * len(values))) - 1
        slices = values <= np.partition(values, rank, axis=0)[rank]
        sizes = slices.sum(axis=0)
        means = np.where(allowed & (len(values) - sizes >= least), target[inside] @ slices / sizes, np.inf)
        best = np.lexsort((-sizes, means))[0]
        if np.isinf(means[best]):
            return steps
        steps.append(steps[-1].copy())
        steps[-1][best] = values[~slices[:, best], best].min()


def _paste(side: Array, gain: Array, limits: Array, share: float) -> Array:
    """Move limits out, each time the one that gains most, as long as the box gains."""
    while True:
        size, best, wider = int(np.ceil(share * _inside(side, limits).sum())), 0.0, limits
        for limit in np.flatnonzero(np.isfinite(limits)).tolist():
            free = _without(limits, limit)
            outside = _inside(side, free) & (side[:, limit] < limits[limit])
            if outside.any():
                free[limit] = np.sort(side[outside, limit])[-size:][0]
                gained = gain[outside & _inside(side, free)].sum()
                best, wider = max((best, wider), (gained, free), key=lambda pair: pair[0])
        if wider is limits:
            return limits
        limits = wider


def _quasi(side: Array, target: Array, limits: Array) -> Array:
    inside, quasi = target[_inside(side, limits)], np.full(len(limits), np.nan)
    for limit in np.flatnonzero(np.isfinite(limits)).tolist():
        quasi[limit] = quasi_p(inside, target[_inside(side, _without(limits, limit))])
    return quasi


def _prune(side: Array, target: Array, limits: Array, level: float) -> tuple[Array, Array]:
    """Drop the limit with the largest quasi-p-value until all are below the level; the limits and their values."""
    while ((quasi := _quasi(side, target, limits)) > level).any():
        limits = _without(limits, int(np.nanargmax(quasi)))
    return limits, quasi
