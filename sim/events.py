"""The calendar queue: every pending event, in the order (time, kind, key).

A node (a source, a seat, a case) has at most one pending event, so the links live in the node and nothing is
allocated. A bucket holds the events of one stretch of time of every lap, sorted; buckets are compared by number,
never by recomputed bounds. R. Brown, "Calendar queues", Communications of the ACM 31 (1988).
"""

import numpy as np

from sim.compiled import inlined, njit
from sim.state import NEVER


@inlined
def _earlier(nodes, a, b):
    x, y = nodes[a], nodes[b]
    if x.time != y.time:
        return x.time < y.time
    if x.kind != y.kind:
        return x.kind < y.kind
    return x.key < y.key


@inlined
def _insert(nodes, buckets, bucket, node):
    before, after = np.int32(-1), buckets[bucket]
    while after >= 0 and _earlier(nodes, after, node):
        before, after = after, nodes[after].next
    nodes[node].previous, nodes[node].next = before, after
    if before >= 0:
        nodes[before].next = node
    else:
        buckets[bucket] = node
    if after >= 0:
        nodes[after].previous = node


@njit
def schedule(state, node, time, kind):
    """Let an event of `kind` happen to a node at tick `time`. It must have none pending."""
    clock = state.clock[0]
    state.nodes[node].time = time
    state.nodes[node].kind = kind
    number = time >> clock.shift
    if number < clock.cursor:
        clock.cursor = number
    _insert(state.nodes, state.buckets, number & (len(state.buckets) - 1), node)


@njit
def _unlink(state, node):
    record = state.nodes[node]
    if record.previous >= 0:
        state.nodes[record.previous].next = record.next
    else:
        state.buckets[(record.time >> state.clock[0].shift) & (len(state.buckets) - 1)] = record.next
    if record.next >= 0:
        state.nodes[record.next].previous = record.previous
    record.time = -1


@njit
def cancel(state, node):
    """Take a node's pending event out; nothing happens if it has none."""
    if state.nodes[node].time >= 0:
        _unlink(state, node)


@njit
def _first_bucket(nodes, buckets, shift):
    """Number of the bucket of the earliest event of all laps."""
    least = np.int64(NEVER)
    for head in buckets:
        if head >= 0 and nodes[head].time < least:
            least = nodes[head].time
    return least >> shift


@inlined
def next_event(state, until):
    """Take the next event before tick `until` out of the calendar: its node, or -1."""
    clock = state.clock[0]
    mask = len(state.buckets) - 1
    last = (until - 1) >> clock.shift
    empty = 0
    while clock.cursor <= last:
        node = state.buckets[clock.cursor & mask]
        if node >= 0 and state.nodes[node].time >> clock.shift == clock.cursor:
            time = state.nodes[node].time
            if time >= until:
                return np.int64(-1)
            clock.now = time
            state.buckets[clock.cursor & mask] = state.nodes[node].next
            if state.nodes[node].next >= 0:
                state.nodes[state.nodes[node].next].previous = -1
            state.nodes[node].time = -1
            return np.int64(node)
        clock.cursor += 1
        empty += 1
        if empty > mask:  # a whole lap without an event: go where the next one is
            clock.cursor = min(_first_bucket(state.nodes, state.buckets, clock.shift), last + 1)
            empty = 0
    return np.int64(-1)


def size_calendar(nodes: int, events_per_tick: float) -> tuple[int, int]:
    """Number of buckets (a power of two, about two a node) and log2 of their width (about one event in each)."""
    buckets = 1 << max(8, int(np.ceil(np.log2(2 * nodes))))
    gap = 1.0 / events_per_tick if events_per_tick > 0 else 1e6
    return buckets, int(np.clip(np.round(np.log2(gap)), 0, 40))


