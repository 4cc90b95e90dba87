"""Random numbers as a pure function of (seed, stream, entity, ordinal): Philox4x32-10, one uniform a draw.

Nothing here has a state, so no rule can shift another rule's numbers: two firms that differ in one lever meet the
same customers, the same problems and the same judgements (common random numbers).

Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import math
from enum import IntEnum
from typing import Any

import numpy as np

from sim.compiled import inlined, njit


class Stream(IntEnum):
    """What a draw decides. Numbered by hand, append only: a number is never reused."""

    BIRTH = 1  # (source, ordinal): time to the next spontaneous case
    TOPIC = 2  # (case): own field or another, and which
    ELSEWHERE = 3  # (case): does it lie outside the own team (a request: outside the home topic)?
    HEIGHT = 4  # (case): height of the lowest common manager with the team that owns the topic
    STAKE = 5  # (case)
    MERIT = 6  # (case): good or bad
    RULE = 7  # (case, phase): gatekeeper or open
    LOOK_UP = 8  # (seat, ordinal): how long until the inbox is looked at
    JUDGEMENT = 9  # (case, person): noise of one judgement
    BELIEF = 10  # (case, person): is a tie believed to know?
    READER = 11  # (case, person): when does an expert read the platform?
    PROFILE = 12  # (case, person): who is found by public profile
    PROFILE_ERROR = 13  # (case, pick): is the profile wrong?
    STRANGER = 14  # (case, pick): who is found by a wrong profile
    HELPER = 15  # (case, person): who of the owning team answers
    PANEL = 16  # (case, person): who is asked to decide
    ROUTING = 17  # (case): is it handed on near the owner?
    DESK_SEAT = 18  # (case): which seat of the desk it is handed on to
    DISCOVERY = 19  # (case): when an error comes to light
    RETURN = 20  # (case): does it come back?
    EXPERTISE = 21  # (seat, slot): level in an own topic
    SECOND_FIELD = 22  # (seat)
    FORMER_FIELD = 23  # (seat)
    HONESTY = 24  # (person)
    TIE_LEVEL = 25  # (seat, slot): height of the common manager and depth of the other
    TIE_SEAT = 26  # (seat, slot): which of the seats there
    HOME_TOPIC = 27  # (customer)
    CUSTOMER = 28  # (customer): active or a prospect
    SCRIPT = 29  # (topic): order in which topics enter the desk's script
    MEETING = 30  # (pair, week): do two people with a tie meet by chance?
    CHILD = 31  # (parent, kind and ordinal): key of a case born of another
    FRIEND = 32  # (customer, slot): a neighbour, or anybody
    TASTE = 33  # (customer, dimension)
    TELL = 34  # (case, customer and occasion): does she speak of it?
    WORD = 35  # (case, customer and occasion): key of the word that goes round
    TOLD = 36  # (word): which friends hear it first
    RETELL = 37  # (word and teller, hearer)
    ONLOOKER = 38  # (word, place): who sees it in public
    COMPLAIN = 39  # (case, customer and occasion)
    LIFE = 40  # (customer, ordinal): hazard spent until she leaves, or joins
    FELT = 41  # (case, ordinal): who feels a failure; ordinal 2^31: how many
    EXPOSED = 42  # (topic): order in which topics are those whose failures are felt
    TIE_FORMS = 43  # (case): does she know the employee from now on?
    LOYAL = 44  # (case): does she ask her also beyond that field?
    PUBLIC = 45  # (case): on the public channel?
    FEEDBACK = 46  # (case): does she say what should be better?
    COCREATE = 47  # (case): does she work on it herself?
    VOICE = 48  # (case, dimension): what she says apart from what she wants
    OWNER = 49  # (case, person): who of the team takes up an idea
    SUGGEST = 50  # (case): does an employee suggest an idea?
    STUDY = 51  # (topic, week): rank of a topic in a study
    ASKED = 52  # (topic and week, ordinal): whom a study asks
    DRIFT = 53  # (dimension, week): the market's taste
    ASIDE = 54  # (case): where a bad idea moves the product
    BUILD = 55  # (case): hours until an idea is built
    NOTICE = 56  # (case): is a moment noticed?
    FOLLOWER = 57  # (case): by whom
    CAPABILITY = 58  # (partner)
    PARTNER = 59  # (partner): active at the start
    PARTNER_LIFE = 60  # (partner, ordinal)
    OTHER = 61  # (case): who is on the other side of a deal; 1: a customer?
    CIRCLE_OF = 62  # (partner, slot): with whom it may do business
    SERVICE = 64  # + activity (up to 95), (case, ordinal or person): hours of one handling
    BOOK = 96  # (pair): do the brokers have it in their book?
    FIND = 97  # (case): time until two find each other on the platform
    MATCH = 98  # (case): is it a good one?
    LEAK = 99  # (case): is it closed beside the platform?
    PEER = 100  # (case): does another customer answer; 1: when
    TENURE = 101  # (seat): how long those found there have been there
    INCLINATION = 102  # (person)
    QUITTING = 103  # (person): hazard spent until she quits
    INTEREST = 104  # (person, slot)
    ATTEND = 105  # (person): is she in circles?
    TEAM_MEETING = 106  # (seat, twice the week): does she meet one of the team; next: whom
    STRANGER_MET = 107  # (seat, twice the week): does she meet anybody by chance; next: whom
    INTRODUCE = 108  # (seat and week, ordinal): whom a manager introduces to whom
    ADVOCATE = 109  # (seat, twice the week): does she speak; next: to whom
    RECRUIT = 110  # (person): recruited by the public face?


@inlined
def _mulhilo(a: np.uint32, b: np.uint32) -> tuple[np.uint32, np.uint32]:
    product = np.uint64(a) * np.uint64(b)
    return np.uint32(product >> np.uint64(32)), np.uint32(product & np.uint64(0xFFFFFFFF))


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32: counter of four words, key of two, result of four (all uint32)."""
    c0, c1, c2, c3 = np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)
    k0, k1 = np.uint32(k0), np.uint32(k1)
    for _ in range(10):
        high0, low0 = _mulhilo(np.uint32(0xD2511F53), c0)
        high1, low1 = _mulhilo(np.uint32(0xCD9E8D57), c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 = np.uint32(k0 + np.uint32(0x9E3779B9))
        k1 = np.uint32(k1 + np.uint32(0xBB67AE85))
    return c0, c1, c2, c3


@njit
def _bits(seed, stream, entity, ordinal):
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    w0, w1, _, _ = philox(entity & mask, entity >> half, stream, ordinal, seed & mask, seed >> half)
    return (np.uint64(w0) << half) | np.uint64(w1)


@njit
def _uniform(seed, stream, entity, ordinal):
    return (np.float64(_bits(seed, stream, entity, ordinal) >> np.uint64(11)) + 0.5) * 2.0**-53


# What callers see is cast to one set of types and inlined, so that the generator itself is compiled once.


@inlined
def bits(seed, stream, entity, ordinal):
    """64 random bits of a draw. `seed` joins the run's seed (low word) and replication (high word)."""
    return _bits(np.uint64(seed), np.uint32(stream), np.uint64(entity), np.uint32(ordinal))


@inlined
def uniform(seed, stream, entity, ordinal):
    """A uniform number strictly between 0 and 1 (53 bits)."""
    return _uniform(np.uint64(seed), np.uint32(stream), np.uint64(entity), np.uint32(ordinal))


@inlined
def exponential(seed, stream, entity, ordinal):
    """A unit-rate exponential number, by inverse distribution function."""
    return -math.log(1.0 - _uniform(np.uint64(seed), np.uint32(stream), np.uint64(entity), np.uint32(ordinal)))


def pareto(quantile: Any, alpha: float) -> Any:
    """The Pareto number (least value 1, tail exponent `alpha`) at a quantile."""
    return (1.0 - quantile) ** (-1.0 / alpha)


@inlined
def normal(seed, stream, entity, ordinal):
    """A standard normal number, by inverse distribution function."""
    return normal_quantile(uniform(seed, stream, entity, ordinal))


@inlined
def _ratio(x, a, b):
    above, below = a[7], b[7]
    for i in range(6, -1, -1):
        above = above * x + a[i]
        below = below * x + b[i]
    return above / below


@njit
def normal_quantile(p):
    """Inverse of the standard normal distribution function to about 1 part in 10^16.

    Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988).
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(0.180625 - q * q, _CENTRE_A, _CENTRE_B)
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    x = _ratio(r - 1.6, _MIDDLE_A, _MIDDLE_B) if r <= 5.0 else _ratio(r - 5.0, _TAIL_A, _TAIL_B)
    return -x if q < 0.0 else x


_CENTRE_A = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
_CENTRE_B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
_MIDDLE_A = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
_MIDDLE_B = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
_TAIL_A = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
_TAIL_B = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)
