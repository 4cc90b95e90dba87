"""The firm, reduced to a system with a closed form, gives that form (see rows.py for settings and tolerances)."""

import pytest

from tests.theory.rows import ROWS, Row, measured


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_closed_form(row: Row):
    mean, error = measured(row)
    assert abs(mean - row.theory) < 4 * error
    assert error < row.precision * row.theory


def test_a_wrong_form_fails():  # the tolerance is tight enough to tell 5 from 4.75
    row = next(row for row in ROWS if row.name == "M/M/1, load 0.8")
    mean, error = measured(row)
    assert abs(mean - 4.75) > 4 * error
