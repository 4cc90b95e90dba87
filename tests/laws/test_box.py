"""Anywhere in the box of worlds and designs, and at all 64 corners of the levers: nothing breaks, nothing is lost.

A world is drawn key by key: within the range worth trying where its line has one, else within all that is allowed, cut
to sizes that run in no time. Two weeks of burn-in and four more are enough for every kind of case and for quits.
"""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.engine import advance, horizon_days, start
from sim.measures import summary
from sim.scenario import Design, Scenario, World
from sim.state import NEVER, TABLES, Disposition, Kind, Status
from tests.firms import firm

# Where all that is allowed would take too long, or where six weeks would show too little of it.
CUT = {
    "staff": (1, 60), "span": (1, 12), "topics_per_team": (1, 4), "market_per_seat": (0.0, 12.0),
    "partners_per_seat": (0.0, 2.0), "quit_rate": (0.0, 10.0), "vacancy_weeks": (0.0, 4.0), "tie_limit": (0, 16),
    "interest_kinds": (1, 30), "study_weeks": (1, 4), "rework_rounds": (0, 1000), "retell_hops": (0, 1000),
    "discovery_hours": (0.01, 200.0), "feedback": (0.0, 1.0), "cocreate": (0.0, 1.0), "suggestion": (0.0, 0.2),
    "friends": (0, 64), "told_to": (0, 64), "churn": (0.0, 10.0), "join": (0.0, 10.0), "partner_leave": (0.0, 10.0),
    "partner_join": (0.0, 10.0), "complain": (0.0, 1.0), "moment_rate": (0.0, 20.0), "exposed": (0.0, 1.0),
    "breadth": (0.05, 3.0), "person_sd": (0.0, 2.0),
}  # fmt: skip
SMALL_ENOUGH = 8.0  # times its value in the baseline, for a key without a range worth trying and without a bound


def one_key(name: str) -> st.SearchStrategy:
    """Values of one key of the world."""
    field = World.model_fields[name]
    kinds = ("ge", "gt", "le")
    limits = {kind: getattr(rule, kind) for rule in field.metadata for kind in kinds if hasattr(rule, kind)}
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", math.inf)
    if name in CUT:
        low, high = CUT[name]
    elif "typical" in field.json_schema_extra:
        low, high = field.json_schema_extra["typical"]
    elif high > 1:
        high = min(high, SMALL_ENOUGH * max(1.0, field.default))
    if field.annotation is int:
        return st.integers(int(low), int(high))
    numbers = st.floats(max(low, 0.01) if "gt" in limits else low, high).map(lambda value: round(value, 6))
    return numbers | st.just(math.inf) if "le" not in limits else numbers


def agreeing(keys: dict) -> World:
    """What two keys have to agree on is made to agree."""
    keys["brokers"] = min(keys["brokers"], 1.0 - keys["desk"])
    keys["expertise_low"] = min(keys["expertise_low"], keys["expertise_high"])
    keys["quorum"] = min(keys["quorum"], keys["panel"])
    return World(**keys)


NUMBERS = [name for name in World.model_fields if name != "authority"]
WORLDS = st.fixed_dictionaries({
    "authority": st.lists(st.floats(0, 1), min_size=1, max_size=5).map(sorted).map(tuple),
    **{name: one_key(name) for name in NUMBERS},
}).map(agreeing)  # fmt: skip
LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet")
LEVER = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)
FORMS = st.builds(
    Design, **dict.fromkeys((*LEVERS, "channel", "reserve"), LEVER), selling=st.floats(0, 2), inside=st.integers(0, 1)
)


def newborn(state) -> list[int]:
    """Cases that the end of a week gave birth to, which are opened in the morning."""
    found, case = [], int(state.clock["newborn_head"][0])
    while case >= 0:
        found.append(case)
        case = int(state.cases["free_next"][case])
    return found


def open_cases(state) -> np.ndarray:
    """How many cases of each kind are in the firm."""
    live = state.cases["status"] == Status.LIVE
    live[newborn(state)] = False
    return np.bincount(state.cases["kind"][live], minlength=len(Kind))


def is_sound(scenario: Scenario, form: Design, seed: int) -> None:
    """Runs to the horizon, and what is there then makes sense."""
    state = start(scenario, form, seed=seed)
    inherited = open_cases(state)
    state = advance(state, horizon_days(scenario.run))
    no_column_has_a_nan(state)
    no_time_is_negative(state)
    shares_are_shares(state)
    closed, opened = state.clock["closed"][0], state.clock["opened"][0]
    assert (inherited + opened).tolist() == (closed.sum(axis=1) + open_cases(state)).tolist()
    assert not closed[:, Disposition.OPEN].any()
    assert state.clock["live"][0] == open_cases(state).sum()
    assert np.count_nonzero(state.customers["voice_at"] >= 0) == state.clock["voices"][0]
    assert all(math.isfinite(value) or math.isnan(value) for value in summary(state).values())


def no_column_has_a_nan(state) -> None:
    for name, (dtype, _) in TABLES.items():
        table = getattr(state, name)
        for column in dtype.names or (None,):
            values = table if column is None else table[column]
            if values.dtype.kind == "f":
                assert not np.isnan(values).any(), f"{name}.{column}"


def no_time_is_negative(state) -> None:
    now, closed = state.clock["now"][0], state.ledger[: state.clock["closed_rows"][0]]
    pending = state.nodes["time"][state.nodes["time"] >= 0]
    assert (pending >= now).all()
    assert (pending < NEVER).all()
    assert (closed["birth"] <= closed["closed"]).all()
    assert (closed["closed"] <= now).all()
    assert (closed["touch"] >= 0).all()
    assert (closed["touch"] <= closed["closed"] - closed["birth"]).all()
    assert (closed["work"] >= 0).all()
    for column in ("busy", "today", "this_week", "share", "look_ups", "help"):
        assert (state.seats[column] >= 0).all()
    assert (state.loads >= 0).all()
    assert (state.queues["length"] >= 0).all()
    assert state.market["live_deals"][0] >= 0
    assert (state.topics["voices"] >= 0).all()


def shares_are_shares(state) -> None:
    shares = [
        *(state.customers[column] for column in ("satisfaction", "expectation", "lift")),
        *(state.seats[column] for column in ("attachment", "friendship", "autonomy", "progress")),
        *(state.seats[column] for column in ("exposure", "standing")),
        state.partners["satisfaction"], state.familiar, state.tie_weight,
    ]  # fmt: skip
    for values in shares:
        assert (values >= 0).all()
        assert (values <= 1).all()
    assert (np.abs(state.seats["thanks"]) <= 1).all()


@settings(max_examples=120, deadline=None, database=None, derandomize=True, print_blob=False,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(world=WORLDS, form=FORMS, seed=st.integers(0, 2**32 - 1))
def test_anywhere_in_the_box(world, form, seed):
    scenario = firm(staff=world.staff, burn_in=2, weeks=4)
    is_sound(scenario.model_copy(update={"world": world}), form, seed)


def test_what_hardly_ever_happens_is_far_away():
    """A rate so small that its next birth lies beyond all ticks still has one, in the future."""
    state = start(firm("world.moment_rate=1e-300", "world.request_rate=1e-12", burn_in=0), "traditional", seed=8)
    ticking = np.flatnonzero(state.sources["rate"] > 0)
    assert (state.nodes["time"][ticking] > 0).all()
    assert (state.nodes["time"][ticking] < NEVER).all()


def test_who_never_looks_up_waits_in_the_future():
    """Hours a day so few that a look-up after them lies beyond all ticks: it is still no time before the case."""
    scenario = firm("world.quiet_hours=1e-6", "world.look_up_hours=200.0", "world.busy_share=inf", "world.load=3.0")
    state = advance(start(scenario, "traditional", seed=8), 20)
    no_time_is_negative(state)


RESTLESS = firm("world.quit_rate=3.0", "world.vacancy_weeks=1.0", "world.feedback=0.2", "world.cocreate=0.1",
                "world.suggestion=0.05", "world.study_weeks=2", staff=31, burn_in=2, weeks=4)  # fmt: skip


@pytest.mark.parametrize("corner", list(product((0.0, 1.0), repeat=len(LEVERS))), ids=lambda corner: "".join(
    str(int(lever)) for lever in corner
))  # fmt: skip
def test_every_corner_of_the_levers(corner):
    is_sound(RESTLESS, Design(**dict(zip(LEVERS, corner, strict=True))), 8)
