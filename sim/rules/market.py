"""The market's taste, which drifts, and the firm's accounts, which are kept weekly."""

import math

from sim.compiled import njit
from sim.draws import Stream, normal
from sim.state import DAYS_A_WEEK, DIMENSIONS, HOURS_A_DAY, LOAD_WEEKS, TICKS, WEEKS_A_YEAR

HOURS_A_WEEK = HOURS_A_DAY * DAYS_A_WEEK


@njit
def drift(state, week):
    """One week of the market's mean taste: an Ornstein–Uhlenbeck step, exact, in each dimension."""
    rules = state.rules[0]
    kept = math.exp(-rules.reversion / WEEKS_A_YEAR)
    variance = rules.turbulence**2 / WEEKS_A_YEAR
    if rules.reversion > 0.0:
        variance = rules.turbulence**2 * (1.0 - kept**2) / (2.0 * rules.reversion)
    for d in range(DIMENSIONS):
        step = math.sqrt(variance) * normal(state.clock[0].seed, Stream.DRIFT, d, week)
        state.market[0].taste[d] = kept * state.market[0].taste[d] + step


@njit
def keep_accounts(state, week):
    """One week's money, in hours' wages. What is not done of routine work is not earned, by whomever.

    Every hour of cases, of finding back to work, of circles, introductions and building is an hour without output.
    """
    rules, market, books = state.rules[0], state.market[0], state.books[0]
    people, on_cases, resuming = 0, 0.0, 0.0
    for seat in range(len(state.seats)):
        people += 1 - state.seats[seat].vacant
        on_cases += state.loads[seat, week % LOAD_WEEKS] / TICKS
        resuming += state.seats[seat].interrupted * rules.resume_hours
    routine = people * HOURS_A_WEEK - on_cases - resuming - market.away
    market.away = 0.0
    books.case_hours += on_cases
    books.resume_hours += resuming
    books.output += rules.output_value * routine
    books.wages += people * HOURS_A_WEEK
    books.margin += rules.margin * market.active_customers / WEEKS_A_YEAR
    books.selling += rules.selling_per_seat * rules.size * rules.selling / WEEKS_A_YEAR
