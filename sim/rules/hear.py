"""Hear: what becomes of what outsiders say and show?

Gatekeeper: the desk thanks politely; a study asks customers drawn evenly, a few times a year; the desk rarely notices a
date in a customer's life.
Open: what is said becomes an idea, or joins the open one of the same topic, and what came of it is told back publicly;
customers may work on an idea themselves; any employee who follows may notice a date. Ideas are load, and those who
speak are not those who stay silent.
"""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, normal, uniform
from sim.state import (
    DIMENSIONS,
    USUAL_TOPICS,
    WEEK,
    Activity,
    Clock,
    Disposition,
    Phase,
    close,
    phase,
    wait,
)

MOST_TRIED = 8  # market members drawn for each customer who is wanted
SILENT, THANKED, HEARD = 0, 1, 2  # what became of an outsider's case beside its answer


# --- moments ----------------------------------------------------------------------------------------------------------


@njit
def hear(state, case, seat):
    """The next step of a moment in a customer's life: somebody notices it, or its date passes. Returns a Step."""
    record = state.cases[case]
    if record.did == Activity.CLOCK:
        return close(Disposition.LAPSED)
    rules, seed = state.rules[0], state.clock[0].seed
    chance = rules.notice_open if record.open else rules.notice_desk
    who = np.int64(-1)
    if uniform(seed, Stream.NOTICE, record.key, 0) < chance:
        who = _follower(state, case) if record.open else _at_the_desk(state, case)
    if who < 0:
        record.until = record.date
        return wait(Clock.LAPSE)
    record.holder = who
    return phase(Phase.ACT)


@njit
def _at_the_desk(state, case):
    if not len(state.desk_seats):
        return np.int64(0)
    u = uniform(state.clock[0].seed, Stream.FOLLOWER, state.cases[case].key, 0)
    return np.int64(state.seats[state.desk_seats[np.int64(u * len(state.desk_seats))]].acting)


@njit
def _follower(state, case):
    """The employee whom the customer knows, or any employee."""
    record = state.cases[case]
    known = np.int64(state.customers[record.opener].knows)
    if known >= 0:
        return known
    u = uniform(state.clock[0].seed, Stream.FOLLOWER, record.key, 0)
    seat, span = np.int64(u * len(state.seats)), np.int64(state.rules[0].span)
    while seat * span + 1 < len(state.seats):  # a manager has it from one of hers
        seat = seat * span + 1
    return np.int64(state.seats[seat].acting)


# --- voices -----------------------------------------------------------------------------------------------------------


@njit
def feedback(state, case):
    """Does an outsider whose case has ended say what should be better, and what becomes of it?"""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    works = uniform(seed, Stream.COCREATE, record.key, 0) < rules.cocreate
    if not works and uniform(seed, Stream.FEEDBACK, record.key, 0) >= rules.feedback:
        return SILENT
    if uniform(seed, Stream.RULE, record.key, Phase.HEAR) < rules.hear:
        return HEARD
    person = state.customers[record.opener]
    if not works:  # nobody invites her to work on anything
        person.satisfaction += rules.satisfaction_pace * rules.polite * (1.0 - person.satisfaction)
    return THANKED


@njit
def voice(state, case, topic):
    """A customer speaks for the open idea of a topic: her taste, with some noise; who works on it leaves no doubt.

    She is told later what came of it, once; a voice that still waits for news is not heard twice.
    """
    record, rules, market, clock = state.cases[case], state.rules[0], state.market[0], state.clock[0]
    customer = np.int64(record.opener)
    person, theirs = state.customers[customer], state.topics[topic]
    if person.voice_at >= 0:
        return
    works = uniform(clock.seed, Stream.COCREATE, record.key, 0) < rules.cocreate
    noise = 0.0 if works else rules.voice_noise
    for d in range(DIMENSIONS):
        said = market.taste[d] + person.taste[d] + noise * normal(clock.seed, Stream.VOICE, record.key, d)
        theirs.aim[d] += said
    theirs.voices += 1
    person.voice_at, person.own_idea, person.voice_next = clock.now, works, theirs.first_voice
    theirs.first_voice = customer
    clock.voices += 1
    state.books[0].voices += 1.0


@njit
def suggest(state, case, topic):
    """An employee's own idea: what she takes the market's taste to be."""
    record, rules = state.cases[case], state.rules[0]
    for d in range(DIMENSIONS):
        said = rules.voice_noise * normal(state.clock[0].seed, Stream.VOICE, record.key, d)
        state.topics[topic].aim[d] += state.market[0].taste[d] + said
    state.topics[topic].voices += 1


@njit
def studies(state, topic, week):
    """A study's idea: the mean of customers drawn evenly; they are not told what comes of it.

    Returns whether there is one. What would be heard anyway (lever `hear`) is not studied.
    """
    rules, market, seed = state.rules[0], state.market[0], state.clock[0].seed
    ideas, asked = rules.study_ideas_per_seat * rules.size, rules.study_asked_per_seat * rules.size
    people = np.maximum(1, np.int64(round(asked / max(1.0, ideas))))
    entity = np.uint64(topic) << np.uint64(32) | np.uint64(week)
    theirs = state.topics[topic]
    if uniform(seed, Stream.RULE, entity, Phase.HEAR) < rules.hear:
        return False
    for person in range(MOST_TRIED * people):
        u = uniform(seed, Stream.ASKED, entity, person * (DIMENSIONS + 1))
        customer = np.int64(u * len(state.customers))
        if state.customers[customer].active == 0 or theirs.voices == people:
            continue
        for d in range(DIMENSIONS):
            noise = normal(seed, Stream.ASKED, entity, person * (DIMENSIONS + 1) + 1 + d)
            theirs.aim[d] += market.taste[d] + state.customers[customer].taste[d] + rules.voice_noise * noise
        theirs.voices += 1
    return theirs.voices > 0


@njit
def topics_of_study(state, week):
    """A rank for each topic: a study takes those that come first, if none is open there.

    By weight, through one uniform a topic (−ln u / weight, smallest first).
    """
    seed, count = state.clock[0].seed, len(state.topics)
    ranks = np.empty(count)
    for topic in range(count):
        entity = np.uint64(topic) << np.uint64(32) | np.uint64(week)
        ranks[topic] = -math.log(uniform(seed, Stream.STUDY, entity, 0)) / state.topics[topic].weight
    return ranks


# --- the product ------------------------------------------------------------------------------------------------------


@njit
def improve(state, case):
    """An idea is built: product += step·min(3, 1 + ln voices)·(aim − product); a bad one moves it anywhere.

    In a firm with more topics one of them is less of the product: step·42/K.
    """
    record, rules, market = state.cases[case], state.rules[0], state.market[0]
    theirs = state.topics[record.topic]
    share = USUAL_TOPICS / len(state.topics)
    state.books[0].ideas_built += 1.0
    if record.good:
        pull = min(1.0, rules.step * share * min(3.0, 1.0 + math.log(theirs.voices)))
        for d in range(DIMENSIONS):
            market.product[d] += pull * (theirs.aim[d] / theirs.voices - market.product[d])
    else:
        angle = 2.0 * math.pi * uniform(state.clock[0].seed, Stream.ASIDE, record.key, 0)
        market.product[0] += rules.bad_step * share * math.cos(angle)
        market.product[1] += rules.bad_step * share * math.sin(angle)


@njit
def build(state, week):
    """One week of building: each accepted idea gets `build_pace_hours` of its team's routine time until it is built."""
    rules = state.rules[0]
    for topic in range(len(state.topics)):
        left = state.topics[topic].build_left
        if left > 0.0:
            spent = min(left, rules.build_pace_hours)
            state.topics[topic].build_left = left - spent
            state.books[0].build_hours += spent
            state.market[0].away += spent


@njit
def news_is_worth(state, customer, built):
    """What a voice's news is worth as service: right·2^(−wait / half_news)."""
    weeks = (state.clock[0].now - state.customers[customer].voice_at) / WEEK
    return built * math.exp2(-weeks / state.rules[0].half_news_weeks)
