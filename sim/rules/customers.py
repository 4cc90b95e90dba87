"""Customers: what they experience, whether it satisfies them, what they tell others, and when they come and go.

Satisfaction relaxes towards experience and surprise, it does not accumulate: as a sum it would run away, and sooner
where there are more contacts. Words travel along friendships; what happens in public is seen by more people than
friends.
"""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, bits, exponential, uniform
from sim.state import DIMENSIONS, TICKS, WEEKS_A_YEAR, Kind

# Occasions on which one customer can experience, or speak of, one case.
ANSWER, FAILURE, NEWS, DEAL, GIFT, OUTCRY, REPLY = range(7)
OCCASIONS = 8
PROMOTER, DETRACTOR = 0.85, 0.65  # satisfaction of who would give 9 or 10, and 6 or less, of 10
MOST_ANSWERED = 3  # complaints whose answers make a customer complain sooner next time


# --- experience -------------------------------------------------------------------------------------------------------


@njit
def fit(state, customer):
    """How well the product suits a customer: exp(−|taste − product|² / (2·breadth²)).

    Partners complement the offer: live deals widen `breadth` by up to the share `complement`.
    """
    rules, market = state.rules[0], state.market[0]
    half = rules.deal_half_per_seat * rules.size
    breadth = rules.breadth * (1.0 + rules.complement * market.live_deals / (market.live_deals + half))
    square = 0.0
    for d in range(DIMENSIONS):
        square += (market.taste[d] + state.customers[customer].taste[d] - market.product[d]) ** 2
    return math.exp(-square / (2.0 * breadth * breadth))


@njit
def experience(state, customer, case, occasion, service, hurt):
    """A customer experiences X = ω·fit + (1 − ω)·service; she is satisfied or not, and may speak of it.

    Satisfaction relaxes: T = clip(X + η·d), d = X − E the surprise, η times `loss_aversion` where d < 0; S += α(T − S);
    E += β(X + promise·selling − E) (Oliver, Journal of Marketing Research 17, 1980). A bad experience hurts `hurt`
    times: it moves S as so many would. Returns the surprise and the experience.
    """
    rules, books, person = state.rules[0], state.books[0], state.customers[customer]
    x = rules.fit_weight * fit(state, customer) + (1.0 - rules.fit_weight) * service
    surprise = x - person.expectation
    pace, weight = rules.satisfaction_pace, rules.disconfirmation
    if surprise < 0.0:
        pace, weight = 1.0 - (1.0 - pace) ** hurt, weight * rules.loss_aversion
    target = min(1.0, max(0.0, x + weight * surprise))
    person.satisfaction += pace * (target - person.satisfaction)
    person.lift *= 1.0 - pace
    promised = x + rules.promise * _selling(rules)
    person.expectation = min(1.0, person.expectation + rules.expectation_pace * (promised - person.expectation))
    books.experiences += 1.0
    books.experience += x
    books.bad_experiences += surprise < -rules.bad_tolerance
    _tells(state, customer, case, occasion, x, surprise)
    return surprise, x


@njit
def _selling(rules):
    """Selling that is left when hearing has taken its share of the budget."""
    return rules.selling * (1.0 - rules.listen * rules.hear)


@njit
def speed(hours, half):
    """Worth of something after a wait: 2^(−hours / half)."""
    return math.exp2(-hours / half)


@njit
def answered(state, case, right):
    """An outsider has her answer, right (1) or wrong (0), or has left without one (-1).

    Returns the surprise and the experience.
    """
    record, rules, now = state.cases[case], state.rules[0], state.clock[0].now
    customer = np.int64(record.opener)
    service = max(right, 0) * speed((now - record.birth) / TICKS, rules.half_patience_hours)
    again = record.kind == Kind.COMPLAINT
    surprise, x = experience(state, customer, case, ANSWER, service, 2.0 if again else 1.0)
    person = state.customers[customer]
    if again and right >= 0:
        person.answered = min(MOST_ANSWERED, person.answered + 1)
        if right == 1 and person.recovered == 0:
            given = rules.recover * (1.0 - person.satisfaction)
            person.satisfaction += given
            person.lift += given
            person.recovered = 1
        if record.public:
            in_public(state, customer, case, REPLY, x)
    return surprise, x


@njit
def goes_to_server(state, case, right, surprise, x):
    """What an answered outsider leaves with who answered: thanks or anger, and perhaps a personal tie."""
    record, rules = state.cases[case], state.rules[0]
    person = state.seats[record.holder]
    person.met += 1
    person.praise += 1 if x > rules.neutral else -1
    person.angry += surprise < -rules.bad_tolerance
    directly = record.first_contact == 1 and right == 1 and state.customers[record.opener].knows < 0
    if directly and uniform(state.clock[0].seed, Stream.TIE_FORMS, record.key, 0) < rules.tie_forms:
        state.customers[record.opener].knows = record.holder


@njit
def complains(state, customer, case, occasion, surprise, x):
    """Does a customer complain? After a bad experience, the sooner the more of her complaints were answered.

    On the public channel others see it before anything is repaired.
    """
    rules, person = state.rules[0], state.customers[customer]
    if surprise >= -rules.bad_tolerance:
        return False
    chance = rules.complain + rules.squeaky * person.answered
    ordinal = customer * OCCASIONS + occasion
    if uniform(state.clock[0].seed, Stream.COMPLAIN, state.cases[case].key, ordinal) >= chance:
        return False
    if state.cases[case].kind == Kind.COMPLAINT:  # a complaint about a complaint opens nothing
        state.books[0].complaints_again += 1.0
        return False
    state.books[0].complaints += 1.0
    if state.cases[case].public:
        in_public(state, customer, case, OUTCRY, x)
    return True


@njit
def gift(state, case):
    """A gesture has come in time: a delight if it is welcome, else an intrusion. Both are spoken of."""
    record, rules = state.cases[case], state.rules[0]
    customer = np.int64(record.opener)
    person = state.customers[customer]
    if record.good:
        change = rules.delight * (1.0 - person.satisfaction)
        state.books[0].gifts_welcome += 1.0
    else:
        change = -rules.intrusion * person.satisfaction
        state.books[0].gifts_unwelcome += 1.0
    person.satisfaction += change
    x = 1.0 if record.good else 0.0
    _tells(state, customer, case, GIFT, x, x - person.expectation)


# --- word of mouth ----------------------------------------------------------------------------------------------------


@njit
def friend(state, customer, slot):
    """One of a market member's friends: a neighbour on a ring, or with `rewire` anybody.

    Watts & Strogatz, "Collective dynamics of small-world networks", Nature 393 (1998). Drawn, not stored.
    """
    count = len(state.customers)
    u = uniform(state.clock[0].seed, Stream.FRIEND, customer, slot)
    rewire = state.rules[0].rewire
    if u < rewire:
        return min(count - 1, np.int64(u / rewire * count))
    away = slot // 2 + 1
    return (customer + (away if slot % 2 == 0 else -away)) % count


@njit
def _tells(state, customer, case, occasion, x, surprise):
    """She tells `told_to` friends with probability tell_base + tell_slope·|d|."""
    rules, seed = state.rules[0], state.clock[0].seed
    key, ordinal = state.cases[case].key, customer * OCCASIONS + occasion
    if uniform(seed, Stream.TELL, key, ordinal) >= rules.tell_base + rules.tell_slope * abs(surprise):
        return
    word = bits(seed, Stream.WORD, key, ordinal)
    friends = np.int64(rules.friends)
    told = min(np.int64(rules.told_to), friends)
    first = np.int64(uniform(seed, Stream.TOLD, word, 0) * friends)
    _begin_word(state, customer)
    reached = 0
    for i in range(told):
        reached = _hears(state, friend(state, customer, (first + i) % friends), x, reached)
    if x > rules.neutral:
        state.books[0].words_good += told
    else:
        state.books[0].words_bad += told
    _goes_round(state, word, x, reached)


@njit
def in_public(state, customer, case, occasion, x):
    """What happens on the public channel is seen by `visibility` times as many people as a customer has friends."""
    rules, seed = state.rules[0], state.clock[0].seed
    word = bits(seed, Stream.WORD, state.cases[case].key, customer * OCCASIONS + occasion)
    friends, count = np.int64(rules.friends), len(state.customers)
    _begin_word(state, customer)
    reached = 0
    for place in range(np.int64(round(rules.visibility * friends))):
        if place < friends:
            hearer = friend(state, customer, place)
        else:
            hearer = np.int64(uniform(seed, Stream.ONLOOKER, word, place) * count)
        reached = _hears(state, hearer, x, reached)
    _goes_round(state, word, x, reached)


@njit
def _begin_word(state, customer):
    clock = state.clock[0]
    clock.words += 1
    state.customers[customer].heard = clock.words


@njit
def _hears(state, hearer, x, reached):
    """A word reaches somebody, once. Returns how many it has reached."""
    clock, rules, person = state.clock[0], state.rules[0], state.customers[hearer]
    if person.heard == clock.words:
        return reached
    person.heard = clock.words
    state.audience[reached] = hearer
    if person.active:
        person.satisfaction += rules.influence * (x - person.satisfaction)
        person.lift *= 1.0 - rules.influence
    else:
        person.life -= rules.convert * (x - rules.neutral)
    return reached + 1


@njit
def _goes_round(state, word, x, reached):
    """Hearers tell it on, each to each of her friends with probability retell, at most `retell_hops` times."""
    rules, seed = state.rules[0], state.clock[0].seed
    retell = rules.retell_good if x > rules.neutral else rules.retell_bad
    if retell == 0.0:
        return
    first, hops = 0, 0
    while first < reached and hops < rules.retell_hops:
        last = reached
        for place in range(first, last):
            teller = state.audience[place]
            for slot in range(np.int64(rules.friends)):
                if uniform(seed, Stream.RETELL, word + np.uint64(teller), slot) < retell:
                    reached = _hears(state, friend(state, teller, slot), x, reached)
        first, hops = last, hops + 1


# --- coming and going -------------------------------------------------------------------------------------------------


@njit
def come_and_go(state, week):
    """One week: customers leave by their satisfaction, prospects are won by selling and by what they heard.

    Leaving: churn·exp(−slope·(S − lift − reference)); what a recovery gave does not count, so that leaving never falls
    below that of a customer without a failure. Joining: join·selling, more where there are more partners. Each spends
    one unit-rate draw a life; words of others have spent (or given back) some of it.
    """
    rules, market, books, seed = state.rules[0], state.market[0], state.books[0], state.clock[0].seed
    joining = rules.join * _selling(rules) / WEEKS_A_YEAR
    if market.first_partners > 0:
        joining *= (market.active_partners / market.first_partners) ** rules.draw_of_partners
    for customer in range(len(state.customers)):
        person = state.customers[customer]
        if person.active:
            kept_by = person.satisfaction - person.lift - rules.churn_reference
            person.life -= rules.churn / WEEKS_A_YEAR * math.exp(-rules.churn_slope * kept_by)
        else:
            person.life -= joining
        if person.life > 0.0:
            continue
        person.lives += 1
        person.life = exponential(seed, Stream.LIFE, customer, person.lives)
        if person.active:
            _leaves(state, customer)
            books.churned += 1.0
        else:
            _joins(state, customer)
            books.joined += 1.0


@njit
def _leaves(state, customer):
    person = state.customers[customer]
    person.active, person.knows = 0, -1
    state.market[0].active_customers -= 1


@njit
def _joins(state, customer):
    person, first = state.customers[customer], state.rules[0].first_satisfaction
    person.active, person.satisfaction, person.expectation, person.lift = 1, first, first, 0.0
    person.answered, person.recovered = 0, 0
    state.market[0].active_customers += 1


@njit
def miss_the_leaving(state, week):
    """Customers notice that the employee whom they know is gone: satisfaction falls by `tie_lost`."""
    for customer in range(len(state.customers)):
        person = state.customers[customer]
        if person.knows >= 0 and state.seats[person.knows].leaving:
            person.knows = -1
            person.satisfaction = max(0.0, person.satisfaction - state.rules[0].tie_lost)


@njit
def advocate(state, week):
    """Where staff may speak on the public channel, the attached win prospects and the detached warn them."""
    rules, seed = state.rules[0], state.clock[0].seed
    chance = rules.advocacy * rules.channel * rules.inside
    if chance == 0.0 or not len(state.customers):
        return
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.vacant or uniform(seed, Stream.ADVOCATE, seat, 2 * week) >= chance:
            continue
        listener = np.int64(uniform(seed, Stream.ADVOCATE, seat, 2 * week + 1) * len(state.customers))
        if state.customers[listener].active == 0:
            state.customers[listener].life -= rules.convert * (person.attachment - rules.attachment_norm)



@njit
def survey(state, week):
    """One week's figures of the market: how many customers, how satisfied, how well the product suits them."""
    rules, market, books = state.rules[0], state.market[0], state.books[0]
    active, panel, satisfied, of_panel, promoters, detractors, suits = 0, 0, 0.0, 0.0, 0, 0, 0.0
    for customer in range(len(state.customers)):
        person = state.customers[customer]
        if person.panel:
            panel += 1
            of_panel += person.satisfaction
        if person.active:
            active += 1
            satisfied += person.satisfaction
            promoters += person.satisfaction >= PROMOTER
            detractors += person.satisfaction < DETRACTOR
            suits += fit(state, customer)
    gap = 0.0
    for d in range(DIMENSIONS):
        gap += (market.taste[d] - market.product[d]) ** 2
    books.weeks += 1.0
    books.customer_weeks += active
    books.gap += math.sqrt(gap)
    if panel > 0:
        books.panel_satisfaction += of_panel / panel
    books.active_satisfaction += satisfied
    books.promoters += promoters
    books.detractors += detractors
    books.fit += suits
    market.platform = market.active_partners + rules.platform_customers * market.active_customers
