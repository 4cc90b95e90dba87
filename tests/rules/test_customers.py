"""Customers: what is left of a case with the one who brought it."""

import numpy as np
import pytest

from sim.engine import start
from sim.rules.customers import answered
from sim.state import Kind
from tests.firms import firm


@pytest.mark.parametrize(("right", "counted"), [(-1, 0), (0, 1), (1, 1)])
def test_a_complaint_that_nobody_answered_is_not_an_answered_one(right, counted):
    """Who left before being received does not complain the sooner for it; an answer counts, right or wrong."""
    state = start(firm(burn_in=0), "traditional", seed=1)
    state.cases["kind"][0], state.cases["opener"][0] = Kind.COMPLAINT, 5
    before = state.customers["satisfaction"][5]
    for time in range(1, 5):
        answered(state.firm, np.int64(0), np.int64(right))
        assert state.customers["answered"][5] == min(3, time * counted)
    assert (state.customers["satisfaction"][5] > before) == (right == 1)
    assert state.customers["recovered"][5] == (right == 1)
