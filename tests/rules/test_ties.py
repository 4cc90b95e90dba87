"""Ties: where they begin, how they grow and fade, who gets one by working together, which slots are kept."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from sim.engine import advance, start
from sim.population import build
from sim.scenario import Design
from sim.state import Activity
from sim.ties import fade_and_meet, work_together
from tests.firms import OF_TWO_KINDS, firm
from tests.rules import rows, services, superiors

SEEDS = 600


def strangers(*settings, design="traditional", **options):
    """A firm in which nobody knows anybody, with room for everybody, whose ties do not fade."""
    still = ("world.tie_limit=64", "world.tie_decay=1.0", "world.chance_meetings=0.0", "world.tie_reserved=0.0",
             "world.team_meetings=0.0", "world.patience_hours=inf", "world.rework=0.0", "world.market_per_seat=0.0",
             *OF_TWO_KINDS)  # fmt: skip
    state = start(firm(*still, *settings, burn_in=0), design, seed=3, **options)
    state.tie_to[:] = -1
    return state


def pairs(state):
    """Who knows whom, both ways."""
    seat, slot = np.nonzero(state.tie_to >= 0)
    return {(int(one), int(state.tie_to[one, place])) for one, place in zip(seat, slot, strict=True)}


def both_ways(known):
    return {(one, other) for one, other in known if one != other} | {
        (other, one) for one, other in known if one != other
    }


def law(state, seat, scale_depth, scale_distance, away):
    """P(seat, other) by brute force: D the level of the lowest common manager, x = sqrt(d² + d'² − 2) through it."""
    lines = [[other, *superiors(state, other)] for other in range(len(state.seats))]
    chances = np.zeros(len(state.seats))
    for other in range(len(state.seats)):
        if other == seat or (away and state.seats["department"][other] == state.seats["department"][seat]):
            continue
        common = next(manager for manager in lines[seat] if manager in lines[other])
        down, up = lines[other].index(common), lines[seat].index(common)
        distance = np.sqrt(max(0, up**2 + down**2 - 2))
        chances[other] = np.exp(-state.seats["level"][common] / scale_depth - distance / scale_distance)
    return chances / chances.sum()


@pytest.mark.parametrize(("reserved", "scale_depth", "scale_distance"), [(0.0, 0.5, 0.5), (0.0, 2.0, 1.0), (1.0, 1, 1)])
def test_starting_ties_follow_their_law(reserved, scale_depth, scale_distance):
    """P(i, j) ∝ exp(−D/λ)·exp(−x/ζ) in a tree whose last row is not full; kept slots look to other departments only.

    One slot and many firms, so that draws are independent: chi-square, p > .001 is a property of these seeds.
    """
    world = firm("world.tie_limit=1", "world.span=3", f"world.tie_reserved={reserved}", "world.market_per_seat=0.0",
                 f"world.tie_depth={scale_depth}", f"world.tie_distance={scale_distance}", staff=33).world  # fmt: skip
    firms = [build(world, Design.traditional(), seed=seed, replication=0) for seed in range(SEEDS)]
    met = np.array([state.tie_to[:, 0] for state in firms])
    for seat in (0, 2, 5, 13, 20, 32):
        expected = SEEDS * law(firms[0], seat, scale_depth, scale_distance, reserved == 1.0)
        observed = np.bincount(met[:, seat], minlength=33)
        assert not observed[expected == 0].any()
        common = expected >= 5
        counts = np.append(observed[common], observed[~common].sum())
        means = np.append(expected[common], expected[~common].sum())
        assert chisquare(counts[means > 0], means[means > 0]).pvalue > 0.001, seat


def test_a_tie_grows_by_a_share_of_what_is_missing_both_ways():
    state = strangers("world.tie_growth=0.2")
    for weight in (0.2, 0.36, 0.488):  # 1 − .8^n
        work_together(state.firm, np.int64(8), np.int64(20))
        assert pairs(state) == {(8, 20), (20, 8)}
        assert state.tie_weight[8, 0] == state.tie_weight[20, 0] == pytest.approx(weight, rel=1e-12)
    work_together(state.firm, np.int64(8), np.int64(8))
    assert len(pairs(state)) == 2


@pytest.mark.parametrize(("chance", "left"), [(0.0, 0.45), (1.0, 0.45 + 0.2 * 0.55)])
def test_a_tie_fades_and_grows_by_chance_meetings(chance, left):
    state = start(firm("world.tie_decay=0.9", "world.tie_growth=0.2", f"world.chance_meetings={chance}", burn_in=0),
                  "traditional", seed=3)  # fmt: skip
    fade_and_meet(state.firm, np.int64(0))
    assert np.allclose(state.tie_weight[state.tie_to >= 0], left, rtol=1e-12, atol=0)


def test_a_new_tie_takes_the_place_of_the_weakest_if_that_is_weaker():
    state = strangers("world.tie_growth=0.2")
    others = [seat for seat in range(31) if state.seats["department"][seat] != state.seats["department"][8]]
    slots = state.tie_to.shape[1]
    state.tie_to[8] = 0  # a full list: what stands in it does not matter here
    state.tie_weight[8] = 0.5
    state.tie_to[8, 3], state.tie_weight[8, 3] = others[1], 0.19
    state.tie_to[8, 9], state.tie_weight[8, 9] = others[2], 0.15
    work_together(state.firm, np.int64(8), np.int64(others[3]))
    assert state.tie_to[8, 9] == others[3]
    assert state.tie_to[8, 3] == others[1]
    work_together(state.firm, np.int64(8), np.int64(others[4]))
    assert state.tie_to[8, 3] == others[4]
    work_together(state.firm, np.int64(8), np.int64(others[5]))  # nobody is weaker than a first meeting now
    assert others[5] not in state.tie_to[8]
    assert np.count_nonzero(state.tie_to[8] == 0) == slots - 2


def test_a_share_of_the_slots_is_kept_for_other_departments():
    """At home a person never has more ties than the slots that are not kept, whatever she works on with colleagues."""
    settings = ("world.tie_limit=4", "world.tie_reserved=0.25", "world.tie_start=0.01", "world.load=2.0")
    state = advance(start(firm(*settings), "social", seed=3), 30)
    home = state.seats["department"]
    at_home = [(home[known[known >= 0]] == home[seat]).sum() for seat, known in enumerate(state.tie_to)]
    assert max(at_home) == 3


def test_a_colleague_from_home_takes_a_kept_slot_from_nobody():
    state = strangers("world.tie_growth=0.2", "world.tie_limit=4")
    state.rules["tie_reserved"] = 0.25
    home = [seat for seat in range(31) if state.seats["department"][seat] == state.seats["department"][8] and seat != 8]
    away = [seat for seat in range(31) if state.seats["department"][seat] != state.seats["department"][8]]
    state.tie_to[8], state.tie_weight[8] = [*home[:3], away[0]], [0.5, 0.18, 0.5, 0.01]
    work_together(state.firm, np.int64(8), np.int64(home[3]))
    assert state.tie_to[8].tolist() == [home[0], home[3], home[2], away[0]]
    work_together(state.firm, np.int64(8), np.int64(home[4]))
    assert home[4] not in state.tie_to[8]
    work_together(state.firm, np.int64(8), np.int64(away[1]))
    assert state.tie_to[8].tolist() == [home[0], home[3], home[2], away[1]]


def test_panel_members_who_counted_know_the_asker_and_nobody_else_new():
    """Ties after the run are exactly these; a member who ended after the decision was not needed."""
    state = strangers("world.interdependence=0.0", "world.own_authority=0.2", "world.load=2.0",
                      design=Design(approve=1.0), trace=True)  # fmt: skip
    state = advance(state, 30)
    end = dict(zip(rows(state)["key"].tolist(), rows(state)["closed"].tolist(), strict=True))
    known, late = set(), 0
    for key, case in services(state).items():
        in_line = [int(touch["seat"]) for touch in case if touch["activity"] != Activity.PANEL]
        known |= set(pairwise(in_line))
        for touch in case:
            if touch["activity"] == Activity.PANEL:
                counted = touch["end"] <= end.get(key, state.clock["now"][0])
                known |= {(int(touch["seat"]), in_line[0])} if counted else set()
                late += not counted
    assert late > 0
    assert len(known) > 20
    assert pairs(state) == both_ways(known)


def test_after_asks_in_vain_who_helps_on_the_platform_knows_the_asker():
    """Along ties each knows the next, and who answers knows the asker; the platform's helper not the last one asked."""
    state = strangers("world.authority=[1.0]", "world.interdependence=0.8", "world.platform_half=0.01",
                      "world.wrong_belief=0.5", "world.load=2.0", design=Design(consult=1.0), trace=True)  # fmt: skip
    state = advance(state, 30)
    known, in_vain = set(), 0
    for case in services(state).values():
        asker, *asked = [int(touch["seat"]) for touch in case if touch["activity"] in (Activity.ACT, Activity.ASK)]
        known |= set(pairwise([asker, *asked]))
        if case[-1]["activity"] == Activity.HELP:
            helper = int(case[-1]["seat"])
            known.add((asker, helper))
            in_vain += bool(asked) and helper != asked[-1]
        assert Activity.RELAY not in [touch["activity"] for touch in case]
    assert in_vain > 20
    assert pairs(state) == both_ways(known)
