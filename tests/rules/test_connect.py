"""Connect: the brokers' book, the platform, peers, what a deal leaves behind. Shares: 4 standard errors."""

import math

import numpy as np
import pytest

from sim.engine import start
from sim.rules import connect as rule
from sim.scenario import Design
from sim.state import TICKS, WEEKS_A_YEAR, Activity, Disposition, Kind, Phase, Pool, Role, Verb
from tests.firms import firm
from tests.rules import again, ask, four_errors

DRAWS, SEED = 3000, 4
NEW = {"kind": Kind.DEAL, "phase": Phase.CONNECT, "did": Activity.ENTER}
PARTNERS = "world.partners_per_seat=3.0"


def firm_of(*settings: str, design="traditional"):
    return start(firm(PARTNERS, *settings, burn_in=0), design, seed=SEED)


def served(state, one: int, other: int, key: int = 0, with_customer: int = 0) -> bool:
    step = ask(rule.connect, state, key=key, opener=one, other=other, with_customer=with_customer, open=0, **NEW)
    assert step[0] in (Verb.POOL, Verb.CLOSE)
    assert step[2] == (Pool.BROKERS if step[0] == Verb.POOL else Disposition.UNMET)
    return step[0] == Verb.POOL


def test_brokers_serve_the_pairs_in_their_book():
    """A share broker_reach of all pairs; whoever of the two begins, and however often: it is a matter of the pair."""
    state = firm_of("world.broker_reach=0.4")
    pairs = [(one, other) for one in range(90) for other in range(one)]
    book = [served(state, *pair) for pair in pairs]
    assert abs(np.mean(book) - 0.4) < four_errors(0.4, len(pairs))
    assert [served(state, other, one, key=9) for one, other in pairs] == book
    with_customers = [served(state, one, other, with_customer=1) for one, other in pairs]
    assert with_customers != book  # partner 5 and customer 3 are another pair than partners 5 and 3


def test_without_brokers_every_pair_stays_unmet():
    state = firm_of("world.brokers=0.0", "world.broker_reach=1.0")
    assert not any(served(state, 1, other) for other in range(2, 40))


@pytest.mark.parametrize("lever", [0, 1])
def test_a_match_is_good_with_the_rules_own_probability(lever):
    """match_vetted at the brokers', match_open on the platform; the fee is a share of what good ones are worth."""
    state = firm_of("world.match_vetted=0.9", "world.match_open=0.6", "world.leak=0.0")
    for key in range(DRAWS):
        ask_to_strike(state, key, lever)
    books, chance = state.books[0], 0.6 if lever else 0.9
    assert abs(books["good_matches"] / DRAWS - chance) < four_errors(chance, DRAWS)
    assert books["fees"] == pytest.approx((0.05 if lever else 0.15) * books["deal_value"], rel=1e-9)
    assert books["deal_value"] == pytest.approx(30.0 * books["good_matches"], rel=1e-9)  # all stakes are 1


def ask_to_strike(state, key: int, lever: int) -> None:
    ask(rule.connect, state, key=key, opener=0, other=1, slot=0, open=lever, **NEW)
    rule.strike(state.firm, np.int64(0))


@pytest.mark.parametrize("known", [0.0, 0.7])
def test_the_familiar_close_beside_the_platform_more_often(known):
    """leak·(.3 + familiarity) of all that is worth anything; brokers' deals never do."""
    state = firm_of("world.leak=0.4", "world.match_open=1.0", "world.match_vetted=1.0", "world.tie_growth=0.0")
    state.familiar[0, 0] = known
    for key in range(DRAWS):
        ask_to_strike(state, key, 1)
    leaked = state.books["leaked"][0] / state.books["deal_value"][0]
    assert abs(leaked - 0.4 * (0.3 + known)) < four_errors(0.4 * (0.3 + known), DRAWS)
    ask_to_strike(state, 0, 0)
    assert state.books["leaked"][0] / 30.0 == pytest.approx(leaked * DRAWS)


def test_familiarity_grows_with_every_deal_and_fades_weekly():
    state = firm_of("world.tie_growth=0.2", "world.tie_decay=0.9")
    for key in range(3):
        ask_to_strike(state, key, 1)
    assert state.familiar[0, 0] == pytest.approx(1 - 0.8**3, abs=1e-12)
    rule.partners_come_and_go(state.firm, np.int64(0))
    assert state.familiar[0, 0] == pytest.approx(0.9 * (1 - 0.8**3), abs=1e-12)
    assert np.count_nonzero(state.familiar) == 1


def test_a_deal_pleases_both_and_waiting_for_nothing_the_opener_alone_not():
    """S += pace·(content − S), content 2^(−hours/half) of a good match, 0 of a bad one or none."""
    state = firm_of("world.match_open=1.0", "world.partner_pace=0.2", "world.half_patience_hours=10.0")
    state.partners["satisfaction"], state.clock["now"] = 0.5, 20 * TICKS
    ask_to_strike(state, 0, 1)  # born at tick 0, so 20 hours ago
    assert state.partners["satisfaction"][:3].tolist() == pytest.approx([0.5 + 0.2 * (0.25 - 0.5)] * 2 + [0.5])
    rule.lapse(state.firm, np.int64(0))
    assert state.partners["satisfaction"][0] == pytest.approx((0.5 + 0.2 * (0.25 - 0.5)) * 0.8)


@pytest.mark.parametrize(("lever", "peer"), [(0, 0.5), (1, 0.5), (1, 0.0)])
def test_another_customer_answers_a_share_of_the_questions_on_the_platform(lever, peer):
    """After an exponential time of mean peer_wait_hours (4 standard errors); the others go to the firm."""
    state = firm_of(f"world.peer={peer}", "world.peer_wait_hours=3.0", design=Design(connect=1.0))
    hours = []
    for key in range(DRAWS):
        step = ask(rule.connect, state, key=key, **{**NEW, "kind": Kind.REQUEST, "open": lever})
        assert (step[0], step[2]) == (Verb.PHASE, Phase.CONTACT) or step[0] == Verb.WAIT
        if step[0] == Verb.WAIT:
            hours.append(state.cases["until"][0] / TICKS)
            assert again(rule.connect, state, did=Activity.CLOCK)[2] == Disposition.ANSWERED
    share = peer * lever
    assert abs(len(hours) / DRAWS - share) < four_errors(share, DRAWS) + 1e-12
    if hours:
        assert abs(np.mean(hours) - 3.0) < 4 * 3.0 / math.sqrt(len(hours))


def test_content_partners_stay():
    """One week spends leave/50·exp(−slope·(S − ½)) of a life, times (alike / usual)^crowding; by hand, crowding 0."""
    state = firm_of("world.partner_leave=0.2", "world.partner_slope=2.5", "world.crowding=0.0",
                    "world.partner_join=0.3", "world.draw_of_customers=0.0")  # fmt: skip
    state.partners["life"], state.partners["satisfaction"] = 5.0, np.linspace(0, 1, len(state.partners))
    active = state.partners["active"] == 1
    rule.partners_come_and_go(state.firm, np.int64(0))
    spent = 5.0 - state.partners["life"]
    leaving = 0.2 / WEEKS_A_YEAR * np.exp(-2.5 * (state.partners["satisfaction"] - 0.5))
    assert spent[active].tolist() == pytest.approx(leaving[active].tolist(), abs=1e-12)
    assert spent[~active].tolist() == pytest.approx([0.3 / WEEKS_A_YEAR] * int((~active).sum()), abs=1e-12)
    assert (state.seats["role"] == Role.BROKER).any()
