"""The calendar queue is a sorted list, only faster."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import start
from sim.events import cancel, next_event, schedule
from tests.firms import firm

FIRM = firm(staff=7, burn_in=0)
actions = st.lists(
    st.tuples(
        st.sampled_from(("schedule", "cancel", "next")), st.integers(0, 6), st.integers(0, 400_000), st.integers(0, 3)
    ),
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(actions)
def test_events_come_in_the_order_of_time_kind_and_key(steps):
    state = start(FIRM, "traditional", seed=1)
    state.nodes["time"], state.nodes["next"], state.nodes["previous"] = -1, -1, -1
    state.buckets[:] = -1
    state.nodes["key"][:7] = [5, 3, 6, 0, 2, 4, 1]
    clock, pending, now = state.clock[0], {}, 0
    clock["now"] = clock["cursor"] = 0
    for action, node, ahead, kind in steps:
        if action == "schedule" and node not in pending:
            schedule(state.firm, np.int64(node), np.int64(now + ahead), np.int64(kind))
            pending[node] = (now + ahead, kind, int(state.nodes["key"][node]))
        elif action == "cancel":
            cancel(state.firm, np.int64(node))
            pending.pop(node, None)
        elif action == "next":
            until = now + ahead
            due = [node for node in pending if pending[node][0] < until]
            expected = min(due, key=pending.__getitem__) if due else -1
            assert next_event(state.firm, np.int64(until)) == expected
            if due:
                now = pending.pop(expected)[0]
                assert clock["now"] == now
    assert np.count_nonzero(state.nodes["time"] >= 0) == len(pending)
