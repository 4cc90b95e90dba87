"""Birth: what a case is about, what is at stake, whether it is good. Of the world alone: no lever is read here."""

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.state import Kind


@njit
def decision(state, case, seat):
    """A decision of one's own field, but for a share `interdependence` that needs another team's knowledge."""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    record.kind, record.opener, record.holder = Kind.DECISION, seat, seat
    record.unit = state.seats[seat].unit
    record.topic = _own_topic(state, record.key, seat)
    if uniform(seed, Stream.ELSEWHERE, record.key, 0) < rules.interdependence:
        record.topic = _topic_of_another_team(state, record.key, seat, record.topic)
    record.quantile = uniform(seed, Stream.STAKE, record.key, 0)
    record.good = uniform(seed, Stream.MERIT, record.key, 0) < rules.good_share


@njit
def request(state, case, customer):
    """A customer's question or problem: her home topic with `focus`, else any by its weight. All deserve an answer."""
    record, seed = state.cases[case], state.clock[0].seed
    record.kind, record.opener, record.holder, record.good = Kind.REQUEST, customer, -1, 1
    record.topic = state.customers[customer].topic
    if uniform(seed, Stream.ELSEWHERE, record.key, 0) >= state.rules[0].focus:
        count = len(state.topics)
        drawn = count * uniform(seed, Stream.TOPIC, record.key, 0) ** state.rules[0].topic_skew
        record.topic = min(count - 1, np.int64(drawn))


@njit
def _at(weights, low, high, value):
    """Row of a cumulative weight in which a value falls: weights[row] <= value < weights[row + 1]."""
    while high - low > 1:
        middle = (low + high) // 2
        if weights[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@njit
def _own_topic(state, key, seat):
    """A topic of the own team by weight; at the desk one of its script; without either any topic."""
    u, person = uniform(state.clock[0].seed, Stream.TOPIC, key, 0), state.seats[seat]
    low, high = person.own_low, person.own_high
    if high > low:
        start = state.order_weight[low]
        return state.order[_at(state.order_weight, low, high, start + u * (state.order_weight[high] - start))]
    scripted = state.script_weight[-1]
    if scripted > 0.0:
        return np.int64(_at(state.script_weight, 0, len(state.topics), u * scripted))
    return state.order[_at(state.order_weight, 0, len(state.topics), u * state.order_weight[-1])]


@njit
def _topic_of_another_team(state, key, seat, own):
    """The height D = 2, 3 … of the common manager is drawn first, P(D) ∝ exp(−D/ξ), then a topic by weight.

    A height below which no other team owns a topic passes to the next (near-decomposability: Simon 1962).
    """
    seed, decay = state.clock[0].seed, state.rules[0].reach_decay
    below = state.seats[seat].team
    top = state.seats[below].parent
    if top < 0:
        return own
    heights = state.seats[below].level
    left = uniform(seed, Stream.HEIGHT, key, 0)
    total, chance = 0.0, 1.0
    for _ in range(heights):
        total += chance
        chance *= decay
    chance = 1.0 / total
    for _ in range(heights - 1):
        left -= chance
        if left < 0.0:
            break
        chance *= decay
        below, top = top, state.seats[top].parent
    weights = state.order_weight
    while top >= 0:
        low, high = state.seats[top].topic_low, state.seats[top].topic_high
        out_low, out_high = state.seats[below].topic_low, state.seats[below].topic_high
        before, after = weights[out_low] - weights[low], weights[high] - weights[out_high]
        if out_low - low + high - out_high > 0:
            value = uniform(seed, Stream.TOPIC, key, 1) * (before + after)
            if (value < before and out_low > low) or high == out_high:
                return state.order[_at(weights, low, out_low, weights[low] + value)]
            return state.order[_at(weights, out_high, high, weights[out_high] + value - before)]
        below, top = top, state.seats[top].parent
    return own
