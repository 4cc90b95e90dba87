"""Attribution of a difference to the six levers, from all 64 corners of open and closed (a full 2⁶ factorial).

Every effect is a contrast: a fixed row of 64 weights times the measure at the corners. Corners are paired (the same
index is the same twins), so an effect has one value a replication and the interval is that of these values.
"""

from collections.abc import Mapping
from itertools import combinations, product
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.study.paired import interval

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]
Effect = tuple[str, str, str]  # kind, lever, the other lever of an interaction or ""

LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet")
CORNERS = tuple(product((0, 1), repeat=len(LEVERS)))
OPEN = np.array(CORNERS, dtype=bool)  # corner × lever
SIGN = np.where(OPEN, 1.0, -1.0)
ALL_OPEN, ALL_CLOSED = CORNERS[-1], CORNERS[0]


def main_effect(lever: int) -> Array:
    """Mean over the 32 pairs of corners that differ in this lever alone: open less closed. Σ z y / 32, z = ±1."""
    return SIGN[:, lever] / (len(CORNERS) / 2)


def interaction(lever: int, other: int) -> Array:
    """Half the difference of differences, ½ [(y₁₁ − y₀₁) − (y₁₀ − y₀₀)], averaged over the other levers.

    Σ zᵢ zⱼ y / 32, the 2ᵏ factorial contrast (Box, Hunter & Hunter 2005, Statistics for Experimenters, chapter 5).
    """
    return SIGN[:, lever] * SIGN[:, other] / (len(CORNERS) / 2)


def shapley(lever: int) -> Array:
    """Mean of what the lever adds when opened, over all 6! orders of opening the levers (Shapley 1953).

    Σ over sets S of the other levers of |S|! (5 − |S|)! / 6! · [y(S and lever) − y(S)]. The six sum to the total.
    """
    levers = len(LEVERS)
    others = OPEN.sum(axis=1) - OPEN[:, lever]
    orders = [factorial(size) * factorial(levers - 1 - size) for size in range(levers)]
    return SIGN[:, lever] * np.array(orders)[others] / factorial(levers)


def total() -> Array:
    """All six open less all closed."""
    return _corner(ALL_OPEN) - _corner(ALL_CLOSED)


def alone(lever: int) -> Array:
    """One lever alone: the corner with only this lever open less all closed."""
    return _corner(_turned(ALL_CLOSED, lever)) - _corner(ALL_CLOSED)


def last(lever: int) -> Array:
    """The last lever: all six open less all but this one."""
    return _corner(ALL_OPEN) - _corner(_turned(ALL_OPEN, lever))


def attribution(corners: Mapping[tuple[int, ...], Array], settings: Array | None = None) -> "pd.DataFrame":
    """Main effects, pairwise interactions, Shapley values and the total: one row an effect.

    Columns: kind, lever, other, estimate, low, high (mean over replications and its 95 % t interval), replications
    (those in which every corner has the measure). settings: values of the design that is all six levers open plus
    settings; gives the row "settings", that design less all six open, beside the attribution and not in its sum.
    """
    contrasts: dict[Effect, Array] = {("main", name, ""): main_effect(i) for i, name in enumerate(LEVERS)}
    for i, j in combinations(range(len(LEVERS)), 2):
        contrasts["interaction", LEVERS[i], LEVERS[j]] = interaction(i, j)
    contrasts |= {("shapley", name, ""): shapley(i) for i, name in enumerate(LEVERS)}
    effects = per_replication(corners, contrasts | {("total", "", ""): total()})
    if settings is not None:
        if len(settings) != len(corners[ALL_OPEN]):
            raise ValueError("settings needs as many replications as the corners, in the same order.")
        complete = ~np.isnan(effects["total", "", ""])
        effects["settings", "", ""] = np.where(complete, np.subtract(settings, corners[ALL_OPEN]), np.nan)
    return _table(effects)


def alone_and_last(corners: Mapping[tuple[int, ...], Array]) -> "pd.DataFrame":
    """What each lever does alone and as the last of six, in the columns of `attribution`: kinds "alone" and "last"."""
    contrasts: dict[Effect, Array] = {("alone", name, ""): alone(i) for i, name in enumerate(LEVERS)}
    return _table(per_replication(corners, contrasts | {("last", name, ""): last(i) for i, name in enumerate(LEVERS)}))


def per_replication(
    corners: Mapping[tuple[int, ...], Array], contrasts: Mapping[Effect, Array]
) -> dict[Effect, Array]:
    """Each contrast in each replication; NaN in all of them where any corner lacks the measure."""
    missing = [corner for corner in CORNERS if corner not in corners]
    lengths = {len(corners[corner]) for corner in CORNERS if corner in corners}
    if missing or len(lengths) > 1:
        lacking = f"{len(missing)} of them are missing" if missing else f"they have {sorted(lengths)}"
        raise ValueError(f"an attribution needs all {len(CORNERS)} corners, equally many replications each; {lacking}.")
    values = np.array([corners[corner] for corner in CORNERS], dtype=float)
    values[:, np.isnan(values).any(axis=0)] = np.nan
    return dict(zip(contrasts, np.array(list(contrasts.values())) @ values, strict=True))


def _table(effects: Mapping[Effect, Array]) -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for effect, values in effects.items():
        known = values[~np.isnan(values)]
        rows.append((*effect, *interval(known), len(known)))
    return pd.DataFrame(rows, columns=["kind", "lever", "other", "estimate", "low", "high", "replications"])


def _corner(corner: tuple[int, ...]) -> Array:
    return np.array([float(other == corner) for other in CORNERS])


def _turned(corner: tuple[int, ...], lever: int) -> tuple[int, ...]:
    """The corner with one lever the other way round."""
    return (*corner[:lever], 1 - corner[lever], *corner[lever + 1 :])
