"""Judging: yes or no, right or wrong, and how well a person knows a topic."""

import math

from sim.compiled import njit
from sim.draws import Stream, normal
from sim.state import Role

OUTSIDER = 2**32 - 1  # stands for a person without a seat in draws by (case, person)


@njit
def knowledge(state, seat, topic):
    """How well a person knows a topic, in [0, 1]: own, second or former field, else a layman's."""
    level = state.rules[0].other_level
    for slot in range(state.know_topic.shape[1]):
        if state.know_topic[seat, slot] == topic:
            level = max(level, state.know_level[seat, slot])
    if state.seats[seat].role == Role.DESK and state.topics[topic].scripted:
        level = max(level, state.rules[0].script_level)
    return level


@njit
def is_expert(state, seat, topic):
    """Does she know enough to be asked, to sit on a panel, to be found by profile? Scripts do not count."""
    for slot in range(state.know_topic.shape[1]):
        if state.know_topic[seat, slot] == topic and state.know_level[seat, slot] >= state.rules[0].expert_threshold:
            return True
    return False


@njit
def can_answer(state, seat, topic):
    """Can she answer an outsider, or go on with a case of this topic, without asking anybody?"""
    return (state.seats[seat].role == Role.DESK and state.topics[topic].scripted == 1) or is_expert(state, seat, topic)


@njit
def stake(state, case):
    """What is at stake: a Pareto number with least value 1 and tail exponent world.stake_alpha."""
    return (1.0 - state.cases[case].quantile) ** (-1.0 / state.rules[0].stake_alpha)


@njit
def peer_is_right(state, case):
    """Is another customer's answer right? She knows the topic by world.peer_level, and errs as staff do."""
    rules, record = state.rules[0], state.cases[case]
    sigma = rules.noise * (1.5 - rules.peer_level)
    return 1.0 + sigma * normal(state.clock[0].seed, Stream.JUDGEMENT, record.key, OUTSIDER) > rules.bar


@njit
def judges_good(state, case, seat, good):
    """One person's judgement of a case whose true merit is +1 (good) or −1.

    Yes when merit + σ·z > bar, σ = σ0·(1.5 − e)·sqrt(1 + γ·r): e the better of her own knowledge and κ times that of
    the answer the consult brought, r relays of content, z by (case, person). With equal e and γ = 0 this is screening:
    Sah & Stiglitz, "The architecture of economic systems", American Economic Review 76 (1986).
    """
    rules, record = state.rules[0], state.cases[case]
    expertise = max(knowledge(state, seat, record.topic), rules.answer_weight * record.answer)
    sigma = rules.noise * (1.5 - expertise) * math.sqrt(1.0 + rules.garbling * record.relays)
    merit = 1.0 if good else -1.0
    return merit + sigma * normal(state.clock[0].seed, Stream.JUDGEMENT, record.key, seat) > rules.bar
