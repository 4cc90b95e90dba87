"""Where messages pass: the reporting tree, and a few links beside it.

Who relays is read off the firm's own consult rule, one question at a time. Questions are uniform: any employee asks
about any topic. (In the baseline far topics are rarer, so that the top seat's load does not grow with the firm.)
"""

from collections import Counter
from functools import cache
from itertools import combinations
from math import inf, sqrt

import numpy as np
import pytest

from sim.engine import start
from sim.rules.consult import consult
from sim.scenario import Design
from sim.state import Activity, Kind, Role, State, Verb
from sim.tree import toward
from tests.firms import firm
from tests.patterns import SEED
from tests.rules import again, ask, superiors

STAFF, SPAN = 156, 5
# Scales (λ, ζ) of P(i, j) ∝ exp(−D/λ)·exp(−x/ζ); a scale so small stands for 0.
NEARLY_0 = 0.02
FAMILIES = {
    "multi-scale": (0.5, 0.5),
    "core-periphery": (NEARLY_0, NEARLY_0),
    "random": (inf, inf),
    "local team": (inf, NEARLY_0),
    "random interdivisional": (NEARLY_0, inf),
}
WELL_PLACED = ("multi-scale", "core-periphery")
NETWORKS, QUESTIONS = 3, 500
# Everybody sees what a tie knows; only product staff; the platform is closed to staff, since Dodds et al. have none.
OPEN_EYES = ("world.metaknowledge=1.0", "world.wrong_belief=0.0", "world.desk=0.0", "world.brokers=0.0",
             "world.tie_limit=64")  # fmt: skip


def bare(staff: int = STAFF, span: int = SPAN) -> State:
    """A firm of product teams without ties."""
    settings = (f"world.span={span}", *OPEN_EYES)
    state = start(firm(*settings, staff=staff, burn_in=0), Design(consult=1.0, inside=0), seed=SEED)
    state.tie_to[:] = -1
    state.tie_weight[:] = 0.0
    return state


def passes(state: State, asker: int, topic: int, *, is_open: bool, key: int = 1) -> set[int]:
    """Seats through which one question passes: who relays it, and who is asked in vain."""
    through, seat = set(), asker
    step = ask(consult, state, key=key, kind=Kind.DECISION, open=is_open, topic=topic, opener=asker, holder=asker)
    while step[0] != Verb.PHASE:
        assert step[0] == Verb.TASK
        if step[1] == Activity.HELP:
            through.discard(step[2])
        else:
            through.add(step[2])
        seat = step[2]
        step = again(consult, state, seat, did=step[1])
    return through


def busiest(state: State, *, is_open: bool) -> float:
    """Share of the questions that pass through the one through whom most pass."""
    draw = np.random.default_rng(SEED)
    employees = np.flatnonzero(state.seats["role"] == Role.PRODUCT)
    load = Counter()
    for key in range(1, QUESTIONS + 1):
        asker, topic = int(draw.choice(employees)), int(draw.integers(len(state.topics)))
        load.update(passes(state, asker, topic, is_open=is_open, key=key))
    return max(load.values()) / QUESTIONS


# --- SF6 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("staff", "span"), [(156, 5), (121, 3), (127, 2)])
def test_congestion_concentrates_at_the_top_of_a_tree(staff, span):
    """SF6: the root of a b-ary tree relays b(b − 1)n₁²/(N(N − 1)) of uniform messages, toward 1 − 1/b (Dodds et al.
    2003).

    Statistic: share of all pairs between which our way through the tree passes the top. Tolerance: exact, as there is
    no chance in it; and with more than two reports each nobody relays more than the top.
    """
    state, load = bare(staff, span), Counter()
    for one in range(staff):
        for other in range(staff):
            seat = int(toward(state.firm, np.int64(one), np.int64(other))) if one != other else other
            while seat != other:
                load[seat] += 1
                seat = int(toward(state.firm, np.int64(seat), np.int64(other)))
    pairs, branch = staff * (staff - 1), (staff - 1) // span
    assert load[0] / pairs == pytest.approx(span * (span - 1) * branch**2 / pairs)
    assert span == 2 or max(load.values()) == load[0]


def test_questions_up_the_chain_pass_the_top_as_often_as_messages_do():
    """SF6 for our consult: employees ask, teams answer, so the share is 1 − 1/b itself. Tolerance 1 %: all pairs are
    asked.
    """
    state = bare()
    employees = np.flatnonzero(state.seats["role"] == Role.PRODUCT)
    one_of_each_team = {int(state.seats["team"][seat]): int(seat) for seat in employees}.values()
    through = [0 in passes(state, asker, topic, is_open=False)
               for asker in one_of_each_team for topic in range(len(state.topics))]  # fmt: skip
    assert np.mean(through) == pytest.approx(1 - 1 / SPAN, rel=0.01)


# --- SF7 --------------------------------------------------------------------------------------------------------------


@cache
def eligible() -> tuple[tuple[int, int, int, float], ...]:
    """Pairs of seats that the tree does not link, with D and x² = d_i² + d_j² − 2 of each."""
    state = bare()
    chains = [[seat, *superiors(state, seat)] for seat in range(STAFF)]
    found = []
    for i, j in combinations(range(STAFF), 2):
        common = next(seat for seat in chains[i] if seat in chains[j])
        d_i, d_j = chains[i].index(common), chains[j].index(common)
        if d_i + d_j >= 2:
            found.append((i, j, len(chains[common]) - 1, sqrt(d_i**2 + d_j**2 - 2)))
    return tuple(found)


def links(family: str, count: int, network: int) -> list[tuple[int, int]]:
    """So many links of a family, drawn without replacement."""
    depth, distance = FAMILIES[family]
    draw = np.random.default_rng([SEED, network])
    # The smallest of Exp(1)/weight are a draw without replacement; in logarithms, since weights may be tiny.
    logs = np.array([-d / depth - x / distance for _, _, d, x in eligible()])
    order = np.argsort(np.log(draw.exponential(size=len(logs))) - logs)
    return [eligible()[row][:2] for row in order[:count]]


def relays_of_nearest(extra: list[tuple[int, int]]) -> float:
    """Dodds et al.: the largest share of messages that one seat relays, each going to the neighbour nearest its
    goal.
    """
    parent = (np.arange(STAFF) - 1) // SPAN
    near = np.zeros((STAFF, STAFF), bool)
    near[np.arange(1, STAFF), parent[1:]] = True
    tree = near | near.T
    apart = np.where(np.eye(STAFF, dtype=bool), 0, np.where(tree, 1, STAFF))
    for middle in range(STAFF):
        apart = np.minimum(apart, apart[:, middle, None] + apart[middle])
    for i, j in extra:
        near[i, j] = True
    near |= near.T
    hop = np.array([np.flatnonzero(near[i])[apart[near[i]].argmin(axis=0)] for i in range(STAFF)])
    at, goal = (grid.ravel() for grid in np.indices((STAFF, STAFF)))
    at, goal, load = at[at != goal], goal[at != goal], np.zeros(STAFF)
    at = hop[at, goal]
    while len(at):
        at, goal = at[at != goal], goal[at != goal]
        load += np.bincount(at, minlength=STAFF)
        at = hop[at, goal]
    return float(load.max() / (STAFF * (STAFF - 1)))


def tied(extra: list[tuple[int, int]]) -> State:
    """A firm whose only ties are these links."""
    state, slots = bare(), Counter()
    for i, j in [*extra, *((j, i) for i, j in extra)]:
        state.tie_to[i, slots[i]], state.tie_weight[i, slots[i]] = j, 1.0
        slots[i] += 1
    return state


@pytest.mark.parametrize(("share", "table"), [(0.1, (0.489, 0.340, 0.757, 0.775, 0.748)),
                                              (0.25, (0.396, 0.328, 0.697, 0.636, 0.682))])  # fmt: skip
def test_the_five_families_are_those_of_the_table(share, table):
    """SF7, the instrument: routed as by Dodds, Watts & Sabel 2003, our links give domain A3's table (±.03, or 3
    errors).
    """
    for family, expected in zip(FAMILIES, table, strict=True):
        loads = np.array([relays_of_nearest(links(family, round(share * STAFF), n)) for n in range(8)])
        assert abs(loads.mean() - expected) < 0.03 + 3 * loads.std(ddof=1) / sqrt(len(loads)), family


@pytest.mark.xfail(strict=True, reason=(
    "Open consult asks a tie only if it is believed to know the topic itself: ties are looked up, messages are not "
    "routed along them toward a goal. So links between managers (CP, most of MS) relieve nobody: at m/N = .1 the top "
    "relays .79 of the questions with MS and CP, .78 with RAN and RID; at .25 it is .79 against .77. Routed as by "
    "Dodds et al. the same links give .51 and .34 against .74 (test above)."
))  # fmt: skip
@pytest.mark.parametrize("share", [0.1, 0.25])
def test_a_few_well_placed_links_do_most_of_the_work(share):
    """SF7: few well placed links relieve the busiest, random ones hardly do (Dodds, Watts & Sabel 2003).

    Statistic: share of uniform questions, asked under the open consult, that pass the busiest seat; mean of networks.
    Tolerance, as the fact is stated: max(MS, CP) < .85·min(RAN, LT, RID).
    """
    load = {}
    for family in FAMILIES:
        networks = [tied(links(family, round(share * STAFF), n)) for n in range(NETWORKS)]
        load[family] = np.mean([busiest(state, is_open=True) for state in networks])
    well = max(load[family] for family in WELL_PLACED)
    assert well < 0.85 * min(load[family] for family in FAMILIES if family not in WELL_PLACED)
