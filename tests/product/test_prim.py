"""Patient rule induction on made boxes: what is found is what was put there."""

import numpy as np
import pytest

from sim.study.prim import boxes, quasi_p

# A limit is off by less than the slice in which it lies, and no slice is wider than 5 % of a factor's range.
SLICE = 0.05


def cube(seed, points=1000, factors=5):
    return np.random.default_rng(seed).random((points, factors))


def noise(seed, points, share=0.5):
    return np.random.default_rng(1000 + seed).random(points) < share


def band(points):
    return (points[:, 0] > 0.3) & (points[:, 0] < 0.7) & (points[:, 2] > 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_a_box_in_two_of_five_factors(seed):
    points = cube(seed)
    wins = band(points)
    (box,) = boxes(points, wins)
    assert box.restricted.tolist() == [0, 2]
    assert np.isinf(box.upper[2])
    assert box.lower[0] == pytest.approx(0.3, abs=SLICE)
    assert box.upper[0] == pytest.approx(0.7, abs=SLICE)
    assert box.lower[2] == pytest.approx(0.5, abs=SLICE)
    assert min(box.density, box.coverage) > 0.9  # three limits, each less than 5 % of the box's points off
    inside = box.contains(points)
    assert (box.density, box.mass) == (wins[inside].mean(), inside.mean())
    assert box.coverage == wins[inside].sum() / wins.sum()


def test_every_limit_that_stays_has_a_small_quasi_p_and_no_other_has_one():
    (box,) = boxes(cube(0), band(cube(0)))
    assert max(box.lower_p[0], box.upper_p[0], box.lower_p[2]) < 0.05 / 10
    assert np.isnan(box.upper_p[2])
    assert np.isnan(box.lower_p[[1, 3, 4]]).all()


def test_the_trajectory_goes_from_all_points_to_the_least_mass():
    points = cube(1)
    (box,) = boxes(points, band(points), least_mass=0.1)
    coverage, density, mass = box.trajectory.T
    assert tuple(box.trajectory[0]) == (1.0, band(points).mean(), 1.0)
    assert (np.diff(mass) < 0).all()
    assert (np.diff(coverage) <= 0).all()
    assert 0.1 <= mass[-1] < 0.1 / 0.95 + 0.002  # one more slice, rounded up to a whole point, would leave too few
    assert density.max() == 1.0


def test_two_boxes_one_after_the_other():
    points = cube(2, 2000)
    left = (points[:, 0] < 0.3) & (points[:, 1] < 0.4)
    right = (points[:, 0] > 0.6) & (points[:, 1] > 0.5)
    first, second = boxes(points, left | right)
    assert first.lower[:2] == pytest.approx([0.6, 0.5], abs=SLICE)
    assert second.upper[:2] == pytest.approx([0.3, 0.4], abs=SLICE)
    assert first.restricted.tolist() == second.restricted.tolist() == [0, 1]
    assert first.coverage + second.coverage > 0.9
    assert second.trajectory[0, 2] == pytest.approx(1 - first.mass)
    assert len(boxes(points, left | right, most=1)) == 1


def test_noise_has_no_box_more_often_than_the_significance_says():
    found = [len(boxes(cube(seed, 300), noise(seed, 300))) > 0 for seed in range(40)]
    assert np.mean(found) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 40)  # two standard errors
    easily = [len(boxes(cube(seed, 300), noise(seed, 300), significance=5.0)) > 0 for seed in range(40)]
    assert np.mean(easily) > 0.5, "without a demand on the limits, noise looks like boxes"


@pytest.mark.parametrize("seed", range(5))
def test_a_noisy_box_among_twenty_factors(seed):
    points = cube(seed, factors=20)
    wins = noise(seed, 1000, np.where((points[:, 3] < 0.5) & (points[:, 11] > 0.4), 0.9, 0.3))
    box = boxes(points, wins)[0]
    assert box.restricted.tolist() == [3, 11]
    assert box.density == pytest.approx(0.9, abs=0.08)  # 3 standard errors of 300 points: .05; a slice too much: .03
    assert box.coverage > 0.5  # .27 / (.27 + .21) = .56 of the wins lie there


def test_one_limit_among_twenty_factors_is_found_alone():
    """Wins 3 in 4 below ½ and 7 in 20 above, ten standard errors apart, though a slice of 30 points shows little."""
    found = []
    for seed in range(20):
        points = cube(seed, 600, 20)
        (box,) = boxes(points, noise(seed, 600, np.where(points[:, 7] < 0.5, 0.75, 0.35)), most=1) or [None]
        found.append(box and box.restricted.tolist() == [7] and bool(np.isinf(box.lower[7])))
    assert found.count(True) >= 18


@pytest.mark.parametrize("seed", range(5))
def test_the_box_chosen_is_neither_the_purest_nor_the_smallest(seed):
    points = cube(seed)
    box = boxes(points, noise(seed, 1000, np.where(band(points), 0.9, 0.2)), paste=0.001)[0]  # next to no pasting
    assert 0.15 < box.mass < 0.25  # a fifth of the points; a slice too much or too few on each side is .02 or so


def test_levels_stay_whole():
    points = cube(3)
    points[:, 1] = np.floor(5 * points[:, 1])
    points[:, 4] = np.floor(2 * points[:, 4])
    wins = np.isin(points[:, 1], (2, 3)) & (points[:, 4] == 1)
    (box,) = boxes(points, wins)
    assert box.restricted.tolist() == [1, 4]
    assert (box.lower[1], box.upper[1], box.lower[4]) == (2, 3, 1)
    assert (box.density, box.coverage) == (1, 1)


def test_one_level_only_is_no_factor():
    points = np.column_stack([np.full(400, 3.0), cube(4, 400, 1)])
    (box,) = boxes(points, points[:, 1] > 0.5)
    assert box.restricted.tolist() == [1]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_wins_everywhere_or_nowhere_need_no_conditions(share):
    assert boxes(cube(5), np.full(1000, share)) == []


def test_pasting_gives_back_what_thick_slices_took():
    points = cube(6, factors=2)
    (box,) = boxes(points, (points[:, 0] > 0.3) & (points[:, 0] < 0.7), peel=0.4, paste=0.02)
    assert box.upper[0] == pytest.approx(0.7, abs=0.01)  # 2 % of the box's points are .008 wide
    assert box.coverage > 0.98  # the peels alone end with a box that has three quarters of the wins


def test_a_real_target():
    points = cube(7)
    target = 5 + 2 * band(points) + np.random.default_rng(7).normal(0, 1, 1000)
    box = boxes(points, target)[0]
    assert box.restricted.tolist() == [0, 2]
    assert box.density == pytest.approx(7, abs=0.3)  # 200 points: 3 standard errors are .21; a slice too much .1


def test_quasi_p_is_a_one_sided_binomial_tail():
    assert quasi_p(np.ones(10), np.repeat([0, 1], 10)) == pytest.approx(0.5**10)
    assert quasi_p(np.array([1, 1, 0]), np.array([1, 1, 0, 0])) == pytest.approx(0.5)  # P(X ≥ 2), X ~ B(3, ½)
    assert quasi_p(np.ones(10), np.ones(20)) == 1
    assert quasi_p(np.full(4, 1.0), np.tile([-1.0, 3.0], 8)) == pytest.approx(0.5)  # the mean is that of all
    assert quasi_p(np.full(4, 2.96), np.tile([-1.0, 3.0], 8)) == pytest.approx(0.025, abs=1e-4)  # 1.96 errors above


def test_a_point_without_a_value_is_refused():
    wins = np.append(np.ones(999), np.nan)
    with pytest.raises(ValueError, match="leave out"):
        boxes(cube(8), wins)
