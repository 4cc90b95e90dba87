"""The lines of reporting: who is above whom, and the way from one seat to another, past vacant seats."""

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
def _next_seat(state, seat, goal):
    """The next seat on the way from one seat to another."""
    step = goal
    while step >= 0 and state.seats[step].parent != seat:
        step = state.seats[step].parent
    return np.int64(step) if step >= 0 else np.int64(state.seats[seat].parent)


@njit
def toward(state, seat, goal):
    """The next person on the way from one seat to another; `seat` itself when nobody else stands between.

    A vacant seat on the way is passed by whoever acts for it.
    """
    at = seat
    while at != goal:
        at = _next_seat(state, at, goal)
        who = np.int64(state.seats[at].acting)
        if who != seat:
            return who
    return np.int64(seat)


@njit
def superior(state, seat):
    """The seat above at which somebody sits who is not oneself; -1 at the top. Vacant ones are passed over."""
    above = np.int64(state.seats[seat].parent)
    while above >= 0 and state.seats[above].acting == seat:
        above = np.int64(state.seats[above].parent)
    while above >= 0 and state.seats[above].vacant and state.seats[above].parent >= 0:
        above = np.int64(state.seats[above].parent)
    return above if above >= 0 and state.seats[above].acting != seat else np.int64(-1)
