"""Sampling plans: where their points lie, how many there are, and that one seed always gives the same."""

import sys

import numpy as np
import pytest

from sim.scenario import ScenarioError
from sim.study import sampling
from tests.conftest import require


def test_grid_holds_every_combination_once_the_last_factor_fastest():
    assert sampling.grid([2, 3]).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    points = sampling.grid([3, 1, 4, 2])
    assert len(np.unique(points, axis=0)) == len(points) == 24
    assert (points.max(axis=0) == [2, 0, 3, 1]).all()


def test_one_at_a_time_leaves_the_base_point_by_one_factor():
    assert sampling.one_at_a_time([2, 3], [1, 0]).tolist() == [[1, 0], [0, 0], [1, 1], [1, 2]]
    with pytest.raises(ScenarioError, match=r"base = 3 is no level of factor 2; its levels are 0 to 2\."):
        sampling.one_at_a_time([2, 3], [1, 3])


def test_latin_hypercube_has_one_point_a_stratum():
    points = sampling.latin_hypercube(5, 37, seed=1)
    strata = np.sort(np.floor(points * 37).astype(int), axis=0)
    assert (strata == np.arange(37)[:, None]).all()
    assert not np.allclose(points * 37 % 1, 0.5), "points lie anywhere in their stratum, not in its middle"


def test_sobol_points_fill_halves_and_boxes_alike():
    points = sampling.sobol(6, 64, seed=1)
    strata = np.sort(np.floor(points * 64).astype(int), axis=0)
    assert (strata == np.arange(64)[:, None]).all(), "one point in each 64th of each factor"
    boxes = np.floor(points[:, :2] * 8).astype(int) @ [8, 1]  # the first two factors are a (0, 6, 2) net
    assert (np.bincount(boxes, minlength=64) == 1).all()


@pytest.mark.parametrize("levels", [2, 4, 8])
def test_morris_steps_move_each_factor_once_by_the_step(levels):
    require("SALib")
    points = sampling.morris(5, 30, seed=1, levels=levels)
    assert (points * (levels - 1) == np.round(points * (levels - 1))).all(), "on the levels to the last bit"
    assert points.min() == 0
    assert points.max() == 1
    moved = np.abs(np.diff(points.reshape(30, 6, 5), axis=1))
    assert ((moved > 0).sum(axis=2) == 1).all()
    assert ((moved > 0).sum(axis=1) == 1).all()
    assert moved[moved > 0] == pytest.approx(levels / 2 / (levels - 1))


def test_morris_levels_are_equally_likely():
    require("SALib")
    counts = np.unique(np.round(sampling.morris(10, 500, seed=1) * 3), return_counts=True)[1]
    assert counts / counts.sum() == pytest.approx(0.25, abs=0.018)  # four standard errors of .311 / √5000


def test_saltelli_blocks_are_a_then_each_factor_of_b_then_b():
    require("SALib")
    blocks = sampling.saltelli(3, 16, seed=1).reshape(16, 5, 3)
    a, b = blocks[:, 0], blocks[:, -1]
    for factor in range(3):
        mixed = np.where(np.arange(3) == factor, b, a)
        assert (blocks[:, 1 + factor] == mixed).all()
    both = np.floor(np.hstack([a, b]) * 16).astype(int)
    assert (np.sort(both, axis=0) == np.arange(16)[:, None]).all(), "a and b together are Sobol' points"


PLANS = {
    "latin_hypercube": lambda size, seed: sampling.latin_hypercube(3, size, seed),
    "sobol": lambda size, seed: sampling.sobol(3, size, seed),
    "morris": lambda size, seed: sampling.morris(3, size, seed),
    "saltelli": lambda size, seed: sampling.saltelli(3, size, seed),
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("seed", [0, 7])
def test_one_seed_gives_one_plan_and_leaves_the_global_state_alone(plan, seed):
    require("SALib")
    before = np.random.get_state()[1].copy()
    first = PLANS[plan](8, seed)
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(99)
    assert (PLANS[plan](8, seed) == first).all()
    assert (PLANS[plan](8, seed + 1) != first).any()
    assert first.min() >= 0
    assert first.max() <= 1


@pytest.mark.parametrize("plan", ["sobol", "morris", "saltelli"])
def test_a_larger_plan_begins_with_the_smaller(plan):
    require("SALib")
    small, large = PLANS[plan](8, 5), PLANS[plan](16, 5)
    assert (large[: len(small)] == small).all()


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: sampling.sobol(2, 100, 1),
         "points = 100 is no power of 2, which Sobol' points need; take 64 or 128."),
        (lambda: sampling.saltelli(2, 5, 1), "base = 5 is no power of 2, which Sobol' points need; take 4 or 8."),
        (lambda: sampling.morris(2, 4, 1, 5), "levels = 5 is odd, and Morris' steps need an even number; take 6."),
        (lambda: sampling.morris(2, 1, 1), "trajectories = 1 is below 2; take 2 or more."),
        (lambda: sampling.latin_hypercube(2, 0, 1), "points = 0 is below 1; take 1 or more."),
    ],
)  # fmt: skip
def test_refused_sizes_name_those_allowed(draw, sentence):
    with pytest.raises(ScenarioError) as refused:
        draw()
    assert str(refused.value) == sentence


def test_without_salib_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.sample.morris", None)
    with pytest.raises(ScenarioError, match=r"python -m pip install 'firmlab\[study\]'"):
        sampling.morris(2, 4, 1)
