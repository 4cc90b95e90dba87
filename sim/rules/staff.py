"""Staff: what attaches people, when they quit, who follows, and how a newcomer learns."""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, exponential, normal, normal_quantile, uniform
from sim.state import (
    DAYS_A_WEEK,
    MONTHS_A_YEAR,
    WEEK,
    WEEKS_A_YEAR,
    YEAR,
    Role,
)

QUARTER_WEEKS, FIRST_YEAR_WEEKS = WEEKS_A_YEAR / 4, WEEKS_A_YEAR
PEAK_MONTH = 3.0  # of the hazard of quitting (Farber, NBER 4262, 1994)
GRID = 200  # steps of a distribution that is inverted numerically
LONG_WEEKS = 500  # tenure of everybody where nobody quits
MONTH = YEAR / MONTHS_A_YEAR


@njit
def person_key(state, seat):
    """Identity of who sits there: (seat, generation)."""
    return np.uint64(state.seats[seat].generation) << np.uint64(32) | np.uint64(seat)


@njit
def decided(state, case, accepted):
    """A decision of hers has ended: did she decide it herself, did it come through?

    Alone counts 1, with a panel of her choice of field ½, under screens from above 0. What she rejected herself she did
    not put forward.
    """
    record = state.cases[case]
    person = state.seats[record.holder]
    alone = record.height == 0 and record.members == 0
    person.decided += 1
    person.alone += 1.0 if alone else (0.5 if record.height == 0 else 0.0)
    if accepted or not alone:
        person.put += 1
        person.through += accepted


@njit
def feel(state, week):
    """One week: what people found, and what it does to their attachment.

    A += κ(target − A), target = logistic(person + Σ weight·(feature − norm)). Friendship: 1 − exp(−Σ w/3) over ties
    with a shared interest. Exposure: 1 − exp(−n/2), n interruptions and angry outsiders a day. Standing of managers:
    cases' share of their hours against `manager_case_share`, and what introductions give back.
    """
    rules, now = state.rules[0], state.clock[0].now
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.vacant:
            continue
        _impressions(state, seat)
        role = np.int64(person.role)
        pull = rules.weight_friendship * (person.friendship - rules.friendship_norm)
        pull += rules.weight_autonomy * (person.autonomy - rules.autonomy_norm)
        pull += rules.weight_progress * (person.progress - rules.progress_norm)
        pull += rules.weight_thanks * (person.thanks - rules.thanks_norm)
        pull -= rules.weight_exposure * (person.exposure - rules.exposure_norm[role])
        pull -= rules.weight_overload * max(0.0, person.share - rules.overload_from)
        if role == Role.MANAGER:
            pull += rules.weight_standing * (person.standing - rules.standing_norm)
        target = 1.0 / (1.0 + math.exp(-person.person - pull))
        weeks = (now - person.joined) / WEEK
        if person.promised and weeks < FIRST_YEAR_WEEKS:
            target = max(0.0, target - rules.promise_open)
        pace = rules.early_pace if weeks < QUARTER_WEEKS else rules.attachment_pace
        person.attachment += pace * (target - person.attachment)
        person.pace = 1.0 + rules.learning * math.exp(-weeks / rules.learning_weeks)
        _keep_books_of(state, seat)
        person.interrupted, person.angry, person.met, person.praise = 0, 0, 0, 0
        person.decided, person.alone, person.put, person.through, person.introduced = 0, 0.0, 0, 0, 0.0


@njit
def _impressions(state, seat):
    rules, person = state.rules[0], state.seats[seat]
    person.friendship = _friendship(state, seat)
    person.exposure = 1.0 - math.exp(-(person.interrupted + person.angry) / (2.0 * DAYS_A_WEEK))
    if person.decided > 0:
        person.autonomy += rules.impression_pace * (person.alone / person.decided - person.autonomy)
    if person.put > 0:
        person.progress += rules.impression_pace * (person.through / person.put - person.progress)
    thanked = person.praise / person.met if person.met > 0 else 0.0
    person.thanks += rules.impression_pace * (thanked - person.thanks)
    if person.role == Role.MANAGER:
        introducing = person.introduced / rules.introductions if rules.introductions > 0.0 else 0.0
        busy = min(1.0, person.share / rules.manager_case_share) if rules.manager_case_share > 0.0 else 1.0
        person.standing = min(1.0, busy + rules.facilitator_standing * introducing)


@njit
def _friendship(state, seat):
    close = 0.0
    for slot in range(state.tie_to.shape[1]):
        other = state.tie_to[seat, slot]
        if other >= 0 and _share_an_interest(state, seat, other):
            close += state.tie_weight[seat, slot]
    return 1.0 - math.exp(-close / 3.0)


@njit
def _share_an_interest(state, seat, other):
    for one in state.seats[seat].interests:
        if one < 0:
            return False
        for two in state.seats[other].interests:
            if one == two:
                return True
    return False


@njit
def _keep_books_of(state, seat):
    books, person = state.books[0], state.seats[seat]
    books.person_weeks += 1.0
    books.attachment += person.attachment
    books.friendship += person.friendship
    books.thanks += person.thanks
    books.exposure[person.role] += person.exposure
    books.role_weeks[person.role] += 1.0
    if person.role == Role.MANAGER:
        books.attachment_managers += person.attachment
        books.standing += person.standing
    else:
        books.autonomy += person.autonomy
        books.progress += person.progress


# --- quitting ---------------------------------------------------------------------------------------------------------


@njit
def tenure_shape(ticks, peak):
    """How the hazard of quitting varies with tenure: 1 + peak·(m/3)·exp(1 − m/3), m months."""
    m = ticks / MONTH / PEAK_MONTH
    return 1.0 + peak * m * math.exp(1.0 - m)


@njit
def stationary_ages(rate, peak):
    """How the tenures of those who are there are spread: share of them with at most so many weeks, week by week.

    Their density is proportional to the chance to stay so long, exp(−∫ rate·shape). Without quits all are old hands.
    """
    weeks = np.int64(min(100.0, 8.0 / rate) * WEEKS_A_YEAR) if rate > 0.0 else np.int64(LONG_WEEKS)
    shares, spent, total = np.empty(weeks), 0.0, 0.0
    for week in range(weeks):
        total += math.exp(-spent) if rate > 0.0 else week == weeks - 1
        shares[week] = total
        spent += rate * tenure_shape((week + 0.5) * WEEK, peak) / WEEKS_A_YEAR
    return shares / total


@njit
def age_at(shares, u):
    """Tenure in ticks below which the share u of people lies."""
    week = np.searchsorted(shares, u)
    before = shares[week - 1] if week > 0 else 0.0
    inside = (u - before) / (shares[week] - before)
    return np.int64((week + inside) * WEEK)


@njit
def survivor(state, seat, ticks):
    """Own inclination and attachment of somebody who has stayed so long: those who are inclined to leave have left.

    Density ∝ φ(p)·exp(−H·exp(−b(A(p) − norm))), H the baseline's hazard summed over her tenure, A(p) = logistic(p): by
    its inverse on a grid, from one uniform.
    """
    rules, person = state.rules[0], state.seats[seat]
    months = ticks / MONTH / PEAK_MONTH
    years = ticks / YEAR
    bump = rules.quit_peak * math.e * PEAK_MONTH / MONTHS_A_YEAR * (1.0 - (1.0 + months) * math.exp(-months))
    spent = rules.quit_rate * (years + bump)
    shares, total, least = np.empty(GRID), 0.0, 0.0
    for i in range(GRID - 1, -1, -1):  # from who is inclined most: relative to her, so that no share is too small
        inclination = rules.person_sd * normal_quantile((i + 0.5) / GRID)
        attachment = 1.0 / (1.0 + math.exp(-inclination))
        shares[i] = spent * math.exp(-rules.quit_slope * (attachment - rules.attachment_norm))
        least = shares[i] if i == GRID - 1 else least
    for i in range(GRID):
        total += math.exp(least - shares[i])
        shares[i] = total
    u = uniform(state.clock[0].seed, Stream.INCLINATION, person_key(state, seat), 0) * total
    i = np.searchsorted(shares, u)
    before = shares[i - 1] if i > 0 else 0.0
    person.person = rules.person_sd * normal_quantile((i + (u - before) / (shares[i] - before)) / GRID)
    person.attachment = 1.0 / (1.0 + math.exp(-person.person))


@njit
def hazard(state, seat):
    """Yearly hazard of quitting: h0·shape(tenure)·exp(−b(A − norm))·(1 + contagion·quits of ties, fading)."""
    rules, person = state.rules[0], state.seats[seat]
    kept = math.exp(-rules.quit_slope * (person.attachment - rules.attachment_norm))
    shape = tenure_shape(np.float64(state.clock[0].now - person.joined), rules.quit_peak)
    return rules.quit_rate * shape * kept * (1.0 + rules.contagion * math.e * person.echo)


@njit
def who_quits(state, week):
    """One week of everybody's hazard; who has spent her draw leaves. Earlier quits of ties wear off."""
    rules = state.rules[0]
    fades = math.exp(-1.0 / rules.contagion_weeks)
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.vacant:
            continue
        person.life -= hazard(state, seat) / WEEKS_A_YEAR
        person.leaving = person.life <= 0.0
        person.echo = (person.echo + person.shock / rules.contagion_weeks) * fades
        person.shock *= fades


@njit
def lose_ties(state, week):
    """Ties to who leaves end, on both sides, and shake those who had them."""
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        for slot in range(state.tie_to.shape[1]):
            other = state.tie_to[seat, slot]
            if other >= 0 and (person.leaving or state.seats[other].leaving):
                state.tie_to[seat, slot], state.tie_weight[seat, slot] = -1, 0.0
                person.shock += state.seats[other].leaving


@njit
def sit_down(state, seat, joined):
    """A person takes a seat: everything of hers is drawn by (seat, generation), or begins at the ordinary."""
    rules, clock, person = state.rules[0], state.clock[0], state.seats[seat]
    who = person_key(state, seat)
    honest = rules.trustworthy + rules.hire_vetting * (1.0 - rules.trustworthy)
    person.honest = uniform(clock.seed, Stream.HONESTY, who, 0) < honest
    person.person = rules.person_sd * normal(clock.seed, Stream.INCLINATION, who, 0)
    person.attachment = 1.0 / (1.0 + math.exp(-person.person))
    person.life = exponential(clock.seed, Stream.QUITTING, who, 0)
    face = rules.channel * (1.0 - rules.inside)
    person.promised = uniform(clock.seed, Stream.RECRUIT, who, 0) < face
    person.vacant, person.leaving, person.acting, person.joined = 0, 0, seat, joined
    person.friendship, person.autonomy, person.progress = 0.0, rules.autonomy_norm, rules.progress_norm
    person.thanks, person.exposure, person.standing = 0.0, 0.0, rules.standing_norm
    person.shock, person.echo, person.fame, person.share = 0.0, 0.0, 0.0, 0.0
    person.today, person.this_week, person.introduced = 0, 0, 0.0
    state.loads[seat, :] = 0
    person.interrupted, person.angry, person.met, person.praise = 0, 0, 0, 0
    person.decided, person.alone, person.put, person.through = 0, 0.0, 0, 0
    person.pace = 1.0 + rules.learning * math.exp(-(clock.now - joined) / WEEK / rules.learning_weeks)
    _draw_interests(state, seat, who)


@njit
def _draw_interests(state, seat, who):
    """Different interests, all alike: the j-th is drawn among those not yet taken."""
    rules, seed, interests = state.rules[0], state.clock[0].seed, state.seats[seat].interests
    kinds, wanted = np.int64(rules.interest_kinds), np.int64(rules.interests)
    interests[:] = -1
    for j in range(min(wanted, kinds)):
        drawn = np.int64(uniform(seed, Stream.INTEREST, who, j) * (kinds - j))
        interests[j] = _nth_free(interests, j, drawn)


@njit
def _nth_free(interests, count, nth):
    candidate = nth
    moved = True
    while moved:
        below = 0
        for i in range(count):
            below += interests[i] <= candidate
        moved = candidate != nth + below
        candidate = nth + below
    return candidate
