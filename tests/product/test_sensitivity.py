"""Elementary effects and Sobol' indices against functions whose values are known, and the warnings beside them."""

import numpy as np
import pandas as pd
import pytest

from sim.scenario import ScenarioError
from sim.study.sampling import morris, saltelli
from sim.study.sensitivity import morris_effects, noise_share, sobol_indices, warnings
from tests.conftest import require

NAMES = ["z", "a", "m", "idle"]  # not in alphabetical order; the last one does nothing


@pytest.fixture(autouse=True)
def _salib():
    require("SALib")


def ishigami(points):
    """sin x₁ + 7 sin² x₂ + .1 x₃⁴ sin x₁ on (−π, π)³ (Ishigami & Homma 1990)."""
    x = np.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


G = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(points):
    """Π (|4x − 2| + a) / (1 + a): Saltelli & Sobol' 1995."""
    return np.prod((np.abs(4 * points - 2) + G) / (1 + G), axis=1)


def linear(points):
    """Variances of the terms: 9, 4, 1 and 0 twelfths."""
    return 5 + points @ [3.0, -2.0, 1.0, 0.0]


def indices(function, base=1024, seed=0):
    return sobol_indices(NAMES, function(saltelli(4, base, seed)), seed)


def effects(function, trajectories=20, seed=0, levels=4):
    points = morris(4, trajectories, seed, levels)
    return morris_effects(NAMES, points, function(points), levels, seed)


def in_order(table, column):
    return table.set_index("factor")[column][NAMES].to_numpy()


ISHIGAMI = ([0.3139, 0.4424, 0, 0], [0.5576, 0.4424, 0.2437, 0])  # of a = 7, b = .1
VARIANCES = 1 / (3 * (1 + G) ** 2)
ALL = np.prod(1 + VARIANCES) - 1
SOBOL_G = (VARIANCES / ALL, VARIANCES * np.prod(1 + VARIANCES) / (1 + VARIANCES) / ALL)
LINEAR = ([9 / 14, 4 / 14, 1 / 14, 0], [9 / 14, 4 / 14, 1 / 14, 0])


# .04: with 1024 base rows the worst index of 40 seeds is .035 off.
@pytest.mark.parametrize(("function", "known"), [(ishigami, ISHIGAMI), (sobol_g, SOBOL_G), (linear, LINEAR)])
def test_sobol_indices_are_the_published(function, known):
    table = indices(function)
    for index, values in zip(("first", "total"), known, strict=True):
        assert in_order(table, index) == pytest.approx(np.array(values), abs=0.04)
        assert (in_order(table, f"{index}_low") <= np.array(values) + 1e-9).all()
        assert (in_order(table, f"{index}_high") >= np.array(values) - 1e-9).all()
    assert table["total"].is_monotonic_decreasing
    assert (table["total_high"] - table["total_low"])[0] > 0.01, "an interval has a width"


def test_the_idle_factor_has_no_index_and_no_effect():
    for table in (indices(ishigami, 64), effects(ishigami)):
        idle = table.set_index("factor").loc["idle"].drop(["used", "dropped"])
        assert (idle == 0).all()


@pytest.mark.parametrize("levels", [2, 4, 6])
def test_morris_of_a_linear_function_gives_its_coefficients(levels):
    table = effects(linear, levels=levels)
    assert table["factor"].tolist() == NAMES
    assert table["mu"].to_numpy() == pytest.approx([3, -2, 1, 0])
    for column in ("mu_star", "mu_star_low", "mu_star_high"):
        assert table[column].to_numpy() == pytest.approx([3, 2, 1, 0])
    assert table["sigma"].to_numpy() == pytest.approx(0, abs=1e-12)


def test_morris_of_an_interaction_has_its_mean_and_spread():
    table = effects(lambda points: points[:, 0] * points[:, 1], trajectories=2000).set_index("factor")
    levels = np.array([0, 1, 2, 3]) / 3  # the effect of one factor is the other's level
    assert table["mu"]["z"] == pytest.approx(levels.mean(), abs=0.035)  # four standard errors of .0083
    assert table["sigma"]["z"] == pytest.approx(levels.std(), abs=0.02)
    half = pytest.approx(1.96 * levels.std() / 2000**0.5, rel=0.1)
    assert table["mu_star_high"]["z"] - table["mu_star"]["z"] == half
    assert table["mu_star"]["z"] - table["mu_star_low"]["z"] == half


def test_opposite_effects_cancel_in_mu_only():
    table = effects(lambda points: np.abs(points[:, 0] - 0.5) * 6, trajectories=400).set_index("factor")
    assert abs(table["mu"]["z"]) < 0.2 * table["mu_star"]["z"]


def test_points_of_another_order_or_step_are_refused():
    points = morris(4, 10, 1)
    values = linear(points)
    with pytest.raises(ScenarioError, match="no trajectories of 6 levels"):
        morris_effects(NAMES, points, values, 6, 1)
    with pytest.raises(ScenarioError, match="no trajectories of 4 levels"):
        morris_effects(NAMES, points[::-1].reshape(5, 10, 4).swapaxes(0, 1).reshape(50, 4), values, 4, 1)
    with pytest.raises(ScenarioError, match="49 values are not base rows of 6 points; give one value a point"):
        sobol_indices(NAMES, values[:-1], 1)


@pytest.mark.parametrize("seed", [0, 3])
def test_one_seed_gives_one_table_and_leaves_the_global_state_alone(seed):
    before = np.random.get_state()[1].copy()
    tables = [(indices(ishigami, 16, seed), effects(ishigami, 8, seed)) for _ in range(2)]
    assert (np.random.get_state()[1] == before).all()
    for one, other in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    points = saltelli(4, 16, seed)
    other = sobol_indices(NAMES, ishigami(points), seed + 1)
    assert (other["first_low"] != tables[0][0]["first_low"]).any(), "the bootstrap is drawn with the seed"


def test_undefined_values_drop_their_whole_block():
    points = morris(4, 20, 1)
    values = ishigami(points)
    values[[7, 9, 60]] = np.nan  # trajectories 1, 1 and 12
    table = morris_effects(NAMES, points, values, 4, 1)
    rest = np.delete(np.arange(100).reshape(20, 5), [1, 12], axis=0).ravel()
    expected = morris_effects(NAMES, points[rest], values[rest], 4, 1)
    assert set(table["used"]) == {18}
    assert set(table["dropped"]) == {2}
    pd.testing.assert_frame_equal(table.drop(columns="dropped"), expected.drop(columns="dropped"))
    assert warnings(table)[-1].startswith("2 of 20 trajectories are dropped")


def test_undefined_values_drop_their_whole_base_row():
    values = ishigami(saltelli(4, 16, 1))
    values[[5, 6, 95]] = np.nan  # base rows 0, 1 and 15
    table = sobol_indices(NAMES, values, 1)
    pd.testing.assert_frame_equal(
        table.drop(columns="dropped"), sobol_indices(NAMES, values[12:90], 1).drop(columns="dropped")
    )
    assert set(table["dropped"]) == {3}
    assert warnings(table)[-1].startswith("3 of 16 base rows are dropped")


def test_too_few_whole_blocks_are_refused():
    values = ishigami(saltelli(4, 4, 1))
    values[[0, 1, 6, 12]] = np.nan
    with pytest.raises(ScenarioError, match=r"not defined at 4 of 24 points, so that 1 of 4 base rows are whole and 2"):
        sobol_indices(NAMES, values, 1)
    with pytest.raises(ScenarioError, match="equal at all points"):
        sobol_indices(NAMES, np.ones(24), 1)


def test_noise_share_is_that_of_made_data():
    differences = np.array([[1.0, 3.0], [4.0, 6.0], [9.0, 9.0]])  # means 2, 5, 9; s² 2, 2, 0
    assert noise_share(differences) == pytest.approx((1 + 1 + 0) / 3 / np.var([2, 5, 9], ddof=1))
    gap = np.array([[1.0, 3.0, np.nan], [4.0, 6.0, 5.0], [7.0, np.nan, np.nan]])  # s²/R 2/2, 1/3; the last is left out
    assert noise_share(gap) == pytest.approx((1 + 1 / 3) / 2 / np.var([2, 5], ddof=1))
    assert np.isnan(noise_share(np.ones((3, 2))))
    assert np.isnan(noise_share(np.array([[1.0], [2.0]])))


def test_noise_share_says_what_noise_does_to_indices_and_effects():
    rng = np.random.default_rng(1)
    points = saltelli(4, 2048, 1)
    noisy = linear(points)[:, None] + rng.normal(0, 1.5, (len(points), 4))  # variance 14/12 and 2.25/4
    share = noise_share(noisy)
    assert share == pytest.approx(0.5625 / (0.5625 + 14 / 12), abs=0.02)
    table = sobol_indices(NAMES, noisy.mean(axis=1), 1)
    true = np.array(LINEAR[0])
    assert in_order(table, "total") == pytest.approx(share + (1 - share) * true, abs=0.03)
    assert in_order(table, "first") == pytest.approx((1 - share) * true, abs=0.05)
    points = morris(4, 2000, 1)
    table = morris_effects(NAMES, points, linear(points) + rng.normal(0, 0.75, len(points)), 4, 1)
    floor = 2 * 0.75 / (np.sqrt(np.pi) * 2 / 3)
    assert table.set_index("factor")["mu_star"]["idle"] == pytest.approx(floor, rel=0.06)


# --- warnings ---------------------------------------------------------------------------------------------------------


def of_sobol(**rows):
    """A table of indices from (first, half width, total, half width) by factor."""
    columns = ("factor", "first", "first_low", "first_high", "total", "total_low", "total_high", "used", "dropped")
    told = [(n, f, f - hf, f + hf, t, t - ht, t + ht, 64, 0) for n, (f, hf, t, ht) in rows.items()]
    return pd.DataFrame(told, columns=columns)


def of_morris(**rows):
    told = [(name, 0.0, mu, mu - half, mu + half, 1.0, 20, 0) for name, (mu, half) in rows.items()]
    return pd.DataFrame(
        told, columns=["factor", "mu", "mu_star", "mu_star_low", "mu_star_high", "sigma", "used", "dropped"]
    )


GOOD = {"x": (0.6, 0.05, 0.7, 0.05), "y": (0.3, 0.05, 0.4, 0.05), "idle": (0.0, 0.01, 0.001, 0.01)}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"y": (0.3, 0.05, 0.4, 0.41)}, "y: the interval of total reaches below 0; double base."),
        ({"y": (0.3, 0.31, 0.4, 0.05)}, "y: the interval of first reaches below 0; double base."),
        ({"idle": (0.0, 0.01, 0.03, 0.026)}, "idle: total is small, but its interval too wide to leave it out; double"),
        ({"y": (-0.1, 0.05, 0.4, 0.05)}, "y: first is clearly below 0; double base."),
        ({"y": (0.3, 0.05, 0.2, 0.05)}, "y: total is clearly below first; double base."),
        ({"y": (0.5, 0.05, 0.5, 0.05)}, "first adds up to 1.10, clearly above 1; double base."),
    ],
)
def test_each_fault_of_indices_is_told_with_its_factor(change, sentence):
    assert warnings(of_sobol(**GOOD)) == []
    (told,) = warnings(of_sobol(**GOOD | change))
    assert told.startswith(sentence)


def test_what_the_intervals_explain_is_no_fault():
    explained = {
        "x": (0.6, 0.2, 0.55, 0.2),  # total below first by less than the intervals
        "y": (0.5, 0.2, 0.5, 0.2),  # first adds up to 1.1 ± .28
        "idle": (-0.04, 0.01, 0.001, 0.01),  # below 0 by less than what screening overlooks
    }
    assert warnings(of_sobol(**explained)) == []


def test_each_fault_of_effects_is_told_with_its_factor():
    good = {"x": (10.0, 9.0), "y": (0.6, 0.5), "idle": (0.4, 0.2)}  # from .5 on a factor is influential
    assert warnings(of_morris(**good)) == []
    (told,) = warnings(of_morris(**good | {"y": (0.6, 0.7)}))
    assert told == "y: the interval of mu_star reaches below 0; double trajectories."
    (told,) = warnings(of_morris(**good | {"idle": (0.4, 0.3)}))
    assert told == "idle: mu_star is small, but its interval too wide to leave it out; double trajectories."


def test_a_large_plan_of_a_known_function_has_no_warning_and_a_small_one_has():
    assert warnings(indices(ishigami)) == []
    assert warnings(effects(linear)) == []
    assert warnings(indices(ishigami, 8))


def test_a_warning_about_many_factors_stays_readable():
    names = [f"f{number}" for number in range(60)]
    table = pd.DataFrame({"factor": names, "mu_star": 1.0, "mu_star_high": 3.0, "used": 2, "dropped": 0})
    (told,) = warnings(table)
    assert told.startswith("f0, f1, f2, f3, f4 and 55 more: the interval of mu_star reaches below 0")
