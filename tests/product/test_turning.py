"""The tornado, where the sign turns, and the dip on the way: against models whose answer is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.report.stored import Stored
from sim.report.transition import quarters, way
from sim.report.turning import break_even, tornado
from sim.scenario import Design, Scenario

LEVELS = {
    "world.load": [1.0, 0.5, 2.5],
    "world.error_cost": [2.0, 0.5, 8.0, 20.0],
    "world.turbulence": [0.35, 0.0, 1.2],
}


def study(difference, pairs=10, noise=0.2, levels=LEVELS):
    """A one-at-a-time study of a made-up model: `difference` gives the social firm's lead at a point."""
    draws = np.random.default_rng(3).normal(0, noise, pairs)
    base = {key: values[0] for key, values in levels.items()}
    points = [base, *({**base, key: value} for key, values in levels.items() for value in values[1:])]
    rows = []
    for number, point in enumerate(points):
        for replication, error in enumerate(draws):
            about = {"point": number, **point, "replication": replication}
            rows.append(about | {"design": "traditional", "satisfaction": 70.0})
            rows.append(about | {"design": "social", "satisfaction": 70.0 + difference(point) + error})
    designs = {"traditional": {}, "social": Design.social().model_dump()}
    manifest = {"factors": dict.fromkeys(levels), "designs": designs}
    found = Stored(None, manifest, Scenario())
    found.__dict__["runs"] = pd.DataFrame(rows)
    return found


def linear(point):
    """Load moves it most, then error cost; turbulence not at all. Zero at load 1.6 and at error cost -4 (never)."""
    return 5.0 * (point["world.load"] - 1.6) - 0.05 * (point["world.error_cost"] - 2.0)


def test_order_and_break_even_of_a_linear_model():
    table = tornado(study(linear, noise=0.0), "satisfaction", "traditional", "social").set_index("factor")
    assert list(table.index) == ["world.load", "world.error_cost", "world.turbulence"]
    assert table.loc["world.load", "turns"] == pytest.approx(1.6, rel=0.01)
    assert np.isnan(table.loc["world.error_cost", "turns"])
    assert table.loc["world.load", ["low", "high"]].tolist() == pytest.approx([-5.5, 4.5])
    assert table.loc["world.error_cost", "swing"] == pytest.approx(0.05 * 19.5)
    assert table["base"].tolist() == pytest.approx([-3.0] * 3)
    assert table.loc["world.turbulence", "swing"] == pytest.approx(0.0)


def test_the_interval_of_the_break_even_covers_it():
    pairs, slope = 200, 5.0
    hits = 0
    for seed in range(100):
        noise = np.random.default_rng(seed).normal(0, 1.0, (1, pairs))
        levels = np.array([0.5, 1.0, 2.5])
        _, low, high = break_even(levels, slope * (levels[:, None] - 1.6) + noise, 1.0)
        hits += low <= 1.6 <= high
    assert hits >= 88  # 95 expected; 3 standard deviations of a binomial are 6.5


def test_the_crossing_nearest_to_today_is_named():
    levels = np.array([0.0, 1.0, 2.0, 3.0])
    differences = np.array([[1.0], [-1.0], [-1.0], [1.0]]) @ np.ones((1, 5))
    assert break_even(levels, differences, 2.2)[0] == pytest.approx(2.5)
    assert break_even(levels, differences, 0.2)[0] == pytest.approx(0.5)


def test_a_mean_of_exactly_zero_at_a_level_is_a_crossing_only_where_the_sign_turns():
    levels = np.array([0.0, 1.0, 2.0])
    assert break_even(levels, np.array([[1.0], [0.0], [-1.0]]) @ np.ones((1, 4)), 0.0)[0] == pytest.approx(1.0)
    assert np.isnan(break_even(levels, np.array([[1.0], [0.0], [1.0]]) @ np.ones((1, 4)), 0.0)[0])


def test_a_measure_that_is_nowhere_defined_has_no_table():
    nothing = study(linear)
    nothing.runs["satisfaction"] = np.nan
    assert tornado(nothing, "satisfaction", "traditional", "social").empty


def test_a_crossing_that_may_be_chance_is_none():
    noise = np.random.default_rng(1).normal(0, 3.0, (2, 10))
    assert np.isnan(break_even(np.array([0.0, 1.0]), np.array([[0.3], [-0.3]]) + noise, 0.0)[0])


def firms(paths, days=260, pairs=6):
    """A study over time: each path gives a design's satisfaction by day."""
    rows = [
        {"design": design, "replication": pair, "day": day, "satisfaction": path(day) + 0.1 * pair,
         "decision_hours": 5.0, "decisions": 10.0, "retained": 1.0 - day / 1000}
        for design, path in paths.items() for pair in range(pairs) for day in range(1, days + 1)
    ]  # fmt: skip
    return SimpleNamespace(series=pd.DataFrame(rows), designs=dict.fromkeys(paths))


def wobbled(value):
    return lambda day: value(day) + 0.01 * ((day * 7) % 5)


@pytest.mark.parametrize(
    ("path", "kind", "quarter"),
    [
        (lambda day: 70.0 - 3.0 * (65 < day <= 130), "dip", 2),  # down in the second quarter, and back
        (lambda day: 70.0 - 1.0 * (day > 130) - 1.0 * (day > 195), "behind", 4),  # down, and stays
        (lambda day: 70.0 - 5.0 * (65 < day <= 130) - 1.0 * (day > 130), "dip", 2),  # down, and halfway back
        (lambda day: 70.0 + day / 100, "never", None),  # up
    ],
    ids=["dip", "fall", "dip and behind", "rise"],
)
def test_dips(path, kind, quarter):
    table = quarters(firms({"traditional": lambda day: 70.0, "programme": wobbled(path)}))
    found = way(table, "satisfaction", "programme")
    assert (found.kind, found.worst if quarter is None else found.worst["quarter"]) == (kind, quarter)


def test_behind_for_a_time_without_a_clear_recovery_is_open():
    """Clearly behind in the second quarter; in the last one the interval holds both zero and the depth of the dip."""
    table = quarters(firms({"traditional": lambda day: 70.0, "programme": lambda day: 70.0 - 1.0 * (65 < day <= 130)}))
    last = (table["design"] == "programme") & (table["column"] == "satisfaction") & (table["quarter"] == 4)
    table.loc[last, ["difference_low", "difference_high"]] = [-2.0, 2.0]
    found = way(table, "satisfaction", "programme")
    assert (found.kind, found.worst["quarter"]) == ("open", 2)


def test_a_quarter_is_weighed_by_decisions_and_staff_are_those_of_its_last_day():
    made = firms({"traditional": lambda day: 70.0, "programme": lambda day: 70.0}, days=65)
    made.series.loc[made.series["day"] == 1, ["decision_hours", "decisions"]] = [100.0, 640.0]
    table = quarters(made).set_index(["column", "design"])
    assert table.loc[("decision_hours", "programme"), "estimate"] == pytest.approx((640 * 100 + 64 * 10 * 5) / 1280)
    assert table.loc[("retained", "programme"), "estimate"] == pytest.approx(1 - 0.065)
