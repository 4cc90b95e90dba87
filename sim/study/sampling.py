"""Sampling plans: points of the unit cube, or indices of levels. Rows are points, columns factors.

With one seed, a larger plan of Sobol', Morris or Saltelli begins with the points of the smaller one, so that a study
that is made larger finds its runs in the store again.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from sim.scenario import ScenarioError

Array = np.ndarray[Any, Any]


def grid(levels: Sequence[int]) -> Array:
    """Full factorial: every combination of levels once, as indices of levels, the last factor fastest."""
    _at_least(1, factors=len(levels), levels=min(levels, default=1))
    return np.indices(levels).reshape(len(levels), -1).T


def one_at_a_time(levels: Sequence[int], base: Sequence[int]) -> Array:
    """The base point, then every other level of each factor alone, as indices of levels; blind to interactions."""
    for number, (count, index) in enumerate(zip(levels, base, strict=True), 1):
        if not 0 <= index < count:
            raise ScenarioError(f"base = {index} is no level of factor {number}; its levels are 0 to {count - 1}.")
    points = [list(base)]
    for factor, count in enumerate(levels):
        points += [[*base[:factor], level, *base[factor + 1 :]] for level in range(count) if level != base[factor]]
    return np.array(points)


def latin_hypercube(factors: int, points: int, seed: int) -> Array:
    """Each factor has one point in each of `points` equal strata (McKay, Beckman & Conover, Technometrics 21, 1979)."""
    from scipy.stats import qmc

    _at_least(1, factors=factors, points=points)
    return qmc.LatinHypercube(factors, rng=seed).random(points)


def sobol(factors: int, points: int, seed: int) -> Array:
    """Sobol' points, scrambled (Matoušek, Journal of Complexity 14, 1998): equally many in every half of every factor.

    Only a power of two keeps that balance (Owen, On dropping the first Sobol' point, 2020).
    """
    from scipy.stats import qmc

    _at_least(1, factors=factors, points=points)
    _power_of_two("points", points)
    return qmc.Sobol(factors, rng=seed).random(points)


def morris(factors: int, trajectories: int, seed: int, levels: int = 4) -> Array:
    """Trajectories of factors + 1 points, one after the other; each step moves one factor by levels / 2 (levels − 1).

    Morris, Technometrics 33, 1991. `levels` is even, so that all levels are equally likely. Trajectories are as drawn,
    not chosen to lie far apart, since those of a larger plan would be others.
    """
    _at_least(1, factors=factors)
    _at_least(2, trajectories=trajectories, levels=levels)
    if levels % 2:
        raise ScenarioError(f"levels = {levels} is odd, and Morris' steps need an even number; take {levels + 1}.")
    points = salib("sample.morris").sample(unit_cube(range(factors)), trajectories, num_levels=levels, seed=seed)
    return np.round(points * (levels - 1)) / (levels - 1)  # equal levels are equal to the last bit


def saltelli(factors: int, base: int, seed: int) -> Array:
    """Blocks of factors + 2 points: a, then a with factor j taken from b for each j, then b; (a, b) are Sobol' points.

    The radial plan for first-order and total indices of Saltelli et al., Computer Physics Communications 181, 2010.
    """
    _at_least(1, factors=factors)
    _at_least(2, base=base)
    _power_of_two("base", base)
    return salib("sample.sobol").sample(unit_cube(range(factors)), base, calc_second_order=False, seed=seed)


def unit_cube(names: Sequence[object]) -> dict[str, Any]:
    """What SALib calls a problem: factors by name, each between 0 and 1."""
    return {"num_vars": len(names), "names": [str(name) for name in names], "bounds": [[0.0, 1.0]] * len(names)}


def salib(module: str) -> Any:
    """A module of SALib (Herman & Usher, Journal of Open Source Software 2, 2017), which not everybody installs."""
    try:
        return import_module(f"SALib.{module}")
    except ImportError as error:
        raise ScenarioError("this needs SALib; python -m pip install 'firmlab[study]' installs it.") from error


def _at_least(least: int, **sizes: int) -> None:
    for name, size in sizes.items():
        if size < least:
            raise ScenarioError(f"{name} = {size} is below {least}; take {least} or more.")


def _power_of_two(name: str, size: int) -> None:
    lower = 1 << (size.bit_length() - 1)
    if size != lower:
        raise ScenarioError(f"{name} = {size} is no power of 2, which Sobol' points need; take {lower} or {2 * lower}.")
