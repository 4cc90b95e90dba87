"""The lines of reporting: who is above whom, and the way from one seat to another."""

import numpy as np

from sim.compiled import njit


@njit
def is_above(state, manager, seat):
    """Does `manager` stand anywhere above a seat?"""
    above = state.seats[seat].parent
    while above >= 0 and above != manager:
        above = state.seats[above].parent
    return above >= 0


@njit
def toward(state, seat, goal):
    """The next seat on the way from one seat to another."""
    step = goal
    while step >= 0 and state.seats[step].parent != seat:
        step = state.seats[step].parent
    return np.int64(step) if step >= 0 else np.int64(state.seats[seat].parent)
