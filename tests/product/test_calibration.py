"""The traditional baseline shows what it was calibrated to; no other design is looked at."""

import importlib.util
from pathlib import Path

import pytest

from sim.scenario import Scenario

FIRMS = 12
HERE = Path(__file__).parents[2] / "docs" / "calibration.py"
spec = importlib.util.spec_from_file_location("calibration", HERE)
calibration = importlib.util.module_from_spec(spec)
spec.loader.exec_module(calibration)


@pytest.fixture(scope="module")
def values():
    return calibration.read(FIRMS)


@pytest.mark.parametrize("target", calibration.TARGETS, ids=lambda target: target.name)
def test_targets_are_reached(values, target):
    """The mean of 12 firms lies in the accepted range, which is wider than its interval."""
    found = values[target.name]
    assert target.low <= found.mean() <= target.high
    assert found.std(ddof=1) < target.high - target.low


@pytest.mark.parametrize("norm", calibration.NORMS, ids=lambda norm: norm.key)
def test_norms_are_those_of_the_baseline(values, norm):
    frozen = getattr(Scenario.load("baseline").world, norm.key)
    assert abs(values[norm.key].mean() - frozen) <= calibration.TOLERANCE
