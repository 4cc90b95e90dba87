"""Connect: how do outsiders meet?

Gatekeeper: brokers serve the pairs in their book, vet them and keep a high fee; other pairs stay unmet.
Open: any pair can find each other on a platform, the likelier the more are there; nobody vets, the fee is low, and
some, most of all those who know each other, close beside it. A customer's question may be answered by another customer.
"""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, exponential, uniform
from sim.judgement import stake
from sim.state import TICKS, WEEKS_A_YEAR, Activity, Clock, Disposition, Kind, Phase, Pool, close, phase, pool, wait

STRANGERS_LEAK = 0.3  # share of world.leak at which strangers close beside the platform


@njit
def connect(state, case, seat):
    """The next step of a deal, or of a question that another customer might answer. Returns a Step."""
    record = state.cases[case]
    if record.kind == Kind.REQUEST:
        return _asks_a_peer(state, case)
    if record.did == Activity.VET:
        return close(Disposition.ACCEPTED)
    if record.did == Activity.CLOCK:  # found, or not in time
        found = record.until < record.deadline
        return close(Disposition.ACCEPTED if found else Disposition.LAPSED)
    if record.open:
        return _looks_on_the_platform(state, case)
    if _in_the_book(state, case) and state.pools[Pool.BROKERS].people > 0:
        return pool(Pool.BROKERS, Activity.VET)
    return close(Disposition.UNMET)


@njit
def _asks_a_peer(state, case):
    record, rules, clock = state.cases[case], state.rules[0], state.clock[0]
    if record.did == Activity.CLOCK:
        return close(Disposition.ANSWERED)
    if not record.open or uniform(clock.seed, Stream.PEER, record.key, 0) >= rules.peer:
        return phase(Phase.CONTACT)
    record.peer = 1
    hours = rules.peer_wait_hours * exponential(clock.seed, Stream.PEER, record.key, 1)
    record.until = clock.now + np.int64(round(hours * TICKS))
    return wait(Clock.FOUND)


@njit
def _in_the_book(state, case):
    """Is the pair in the brokers' book? A matter of the two, not of this deal."""
    record = state.cases[case]
    ours, theirs = np.uint64(record.opener), np.uint64(record.other)
    if record.with_customer:
        pair = ours << np.uint64(32) | theirs | np.uint64(1) << np.uint64(63)
    else:
        pair = min(ours, theirs) << np.uint64(32) | max(ours, theirs)
    return uniform(state.clock[0].seed, Stream.BOOK, pair, 0) < state.rules[0].broker_reach


@njit
def _looks_on_the_platform(state, case):
    """Two find each other after an exponential time, in time with probability n / (n + find_half), n members."""
    record, rules, clock = state.cases[case], state.rules[0], state.clock[0]
    half = rules.find_half_per_seat * rules.size
    members = state.market[0].platform
    patience = np.float64(record.deadline - clock.now)
    if members <= 0.0:
        record.until = record.deadline
        return wait(Clock.FOUND)
    rate = math.log((members + half) / half) / patience
    time = exponential(clock.seed, Stream.FIND, record.key, 0) / rate
    record.until = clock.now + np.int64(round(min(time, patience)))
    return wait(Clock.FOUND)


@njit
def strike(state, case):
    """A deal is done: fee or leak, partners content or not. Returns what the customer in it experiences (0 to 1).

    A match is good with probability match_vetted or match_open. Beside the platform close the share
    leak·(.3 + familiarity); familiarity grows with each deal of the same two.
    """
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    books = state.books[0]
    good = uniform(seed, Stream.MATCH, record.key, 0) < (rules.match_open if record.open else rules.match_vetted)
    hours = (state.clock[0].now - record.birth) / TICKS
    worth = rules.deal_value * stake(state, case) * good
    known = 0.0
    if not record.with_customer:
        known = state.familiar[record.opener, record.slot]
        state.familiar[record.opener, record.slot] += rules.tie_growth * (1.0 - known)
    books.matches += 1.0
    books.good_matches += good
    books.deal_value += worth
    if not record.open:
        books.fees += rules.fee_broker * worth
    elif uniform(seed, Stream.LEAK, record.key, 0) < rules.leak * (STRANGERS_LEAK + known):
        books.leaked += worth
    else:
        books.fees += rules.fee_platform * worth
    state.market[0].live_deals += good
    content = good * math.exp2(-hours / rules.half_patience_hours)
    _feels(state, np.int64(record.opener), content)
    if not record.with_customer:
        _feels(state, np.int64(record.other), content)
    return content


@njit
def lapse(state, case):
    """Nobody was found in time, or no broker was free: the partner has waited for nothing."""
    _feels(state, np.int64(state.cases[case].opener), 0.0)


@njit
def _feels(state, partner, content):
    record = state.partners[partner]
    record.satisfaction += state.rules[0].partner_pace * (content - record.satisfaction)


@njit
def partners_come_and_go(state, week):
    """One week of the partners: who leaves, who joins, how many are there, how many deals live.

    Leaving: partner_leave·exp(−slope·(S − ½))·(how crowded the own capability is)^crowding. Joining: partner_join, more
    where there are more customers (draw_of_customers).
    """
    rules, market, clock = state.rules[0], state.market[0], state.clock[0]
    alike = np.zeros(len(state.topics))
    for partner in range(len(state.partners)):
        alike[state.partners[partner].topic] += state.partners[partner].active
    pairs = max(1.0, market.active_partners * market.active_partners)
    usual = max(1e-9, market.first_partners * (alike * alike).sum() / pairs)
    joining = rules.partner_join / WEEKS_A_YEAR
    if market.first_customers > 0:
        joining *= (market.active_customers / market.first_customers) ** rules.draw_of_customers
    for partner in range(len(state.partners)):
        record = state.partners[partner]
        if record.active:
            crowded = (max(1.0, alike[record.topic]) / max(1.0, usual)) ** rules.crowding
            drawn = math.exp(-rules.partner_slope * (record.satisfaction - 0.5))
            record.life -= rules.partner_leave / WEEKS_A_YEAR * drawn * crowded
        else:
            record.life -= joining
        if record.life <= 0.0:
            record.lives += 1
            record.life = exponential(clock.seed, Stream.PARTNER_LIFE, partner, record.lives)
            record.active = 1 - record.active
            record.satisfaction = 0.5
            market.active_partners += 1 if record.active else -1
            if record.active == 0 and record.left < 0:
                record.left = clock.now
    for partner in range(len(state.partners)):
        for slot in range(state.familiar.shape[1]):
            state.familiar[partner, slot] *= rules.tie_decay
    market.live_deals *= math.exp(-1.0 / rules.deal_weeks)
