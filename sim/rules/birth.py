"""Birth: what a case is about, what is at stake, whether it is good. Of the world alone: no lever is read here."""

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.state import TICKS, Kind


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
def complaint(state, case, parent):
    """A customer complains about what became of a case of hers, or of a failure that she felt."""
    record, about = state.cases[case], state.cases[parent]
    record.kind, record.holder, record.good = Kind.COMPLAINT, -1, 1
    record.topic, record.public = about.topic, about.public


@njit
def idea(state, case, topic):
    """What the product should be. It concerns the team that owns the topic; whether it does good shows when built."""
    record, seed = state.cases[case], state.clock[0].seed
    record.kind, record.opener, record.topic = Kind.IDEA, topic, topic
    record.quantile = uniform(seed, Stream.STAKE, record.key, 0)
    record.good = uniform(seed, Stream.MERIT, record.key, 0) < state.rules[0].good_share
    record.holder = _owner(state, record.key, state.topics[topic].team)
    record.unit = state.seats[record.holder].unit


@njit
def _owner(state, key, team):
    """Who of a team takes an idea up: any of its people alike."""
    best, least = np.int64(state.seats[team].acting), np.inf
    for seat in range(team * np.int64(state.rules[0].span) + 1, team * np.int64(state.rules[0].span) + 1
                      + np.int64(state.rules[0].span)):  # fmt: skip
        if seat >= len(state.seats) or state.seats[seat].vacant or state.seats[seat].team != team:
            continue
        score = uniform(state.clock[0].seed, Stream.OWNER, key, seat)
        if score < least:
            best, least = np.int64(seat), score
    return best


@njit
def moment(state, case, customer):
    """A date in a customer's life. A gesture in time would be welcome (good) or an intrusion."""
    record, rules, clock = state.cases[case], state.rules[0], state.clock[0]
    record.kind, record.opener, record.holder = Kind.MOMENT, customer, -1
    record.topic = state.customers[customer].topic
    record.date = clock.now + np.int64(round(rules.window_hours * TICKS))
    record.quantile = uniform(clock.seed, Stream.STAKE, record.key, 0)
    record.good = uniform(clock.seed, Stream.MERIT, record.key, 0) < rules.good_share


@njit
def deal(state, case, partner):
    """A partner's chance of business, with a customer or with a partner of another capability. False: with nobody."""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    record.kind, record.opener, record.holder, record.good = Kind.DEAL, partner, -1, 1
    record.topic = state.partners[partner].topic
    record.quantile = uniform(seed, Stream.STAKE, record.key, 0)
    u = uniform(seed, Stream.OTHER, record.key, 0)
    record.with_customer = uniform(seed, Stream.OTHER, record.key, 1) < rules.deal_with_customer
    if record.with_customer:
        record.other = np.int64(u * len(state.customers))
        return record.other < len(state.customers) and state.customers[record.other].active == 1
    record.slot = np.int64(u * state.familiar.shape[1])
    record.other = _one_of_its_circle(state, partner, record.slot)
    other = state.partners[record.other]
    return other.active == 1 and other.topic != record.topic


@njit
def _one_of_its_circle(state, partner, slot):
    count = len(state.partners)
    u = uniform(state.clock[0].seed, Stream.CIRCLE_OF, partner, slot)
    return (partner + 1 + np.int64(u * (count - 1))) % count


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
