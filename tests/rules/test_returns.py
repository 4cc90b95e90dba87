"""What comes back, and what is handed over: rounds of the same matter; handoffs from team to team."""

from itertools import pairwise

import numpy as np
import pytest

from sim.draws import Stream, bits
from sim.engine import advance, start
from sim.scenario import Design
from sim.state import Activity, Consult, Disposition, Kind, Status
from tests.firms import OF_TWO_KINDS, SETTLED, firm
from tests.rules import rows, services

BORN_OF_ANOTHER = 1 << 63
WRONG = ("world.good_share=0.2", "world.noise=3.0", "world.rework=1.0", "world.repeat=1.0", "world.discovery_hours=4.0",
         "world.request_rate=40.0", *OF_TWO_KINDS, *SETTLED)  # fmt: skip
PLAIN = ("world.market_per_seat=0.0", "world.rework=0.0", "world.patience_hours=inf", *OF_TWO_KINDS)


def child_of(row):
    """Key of the case that a wrong one comes back as."""
    return int(bits(0, Stream.CHILD, row["key"], int(row["kind"]) << 16)) | BORN_OF_ANOTHER


@pytest.fixture(scope="module")
def wrong():
    scenario = firm(*WRONG, "world.rework_rounds=2", burn_in=0, weeks=8)
    return advance(start(scenario, Design(contact=0.5, consult=0.5, approve=0.5), seed=3), 40)


def test_the_same_matter_comes_back_when_the_error_comes_to_light(wrong):
    """Same kind, asker, topic, stake; one round later; born in the tick of discovery. Cases that are open count too."""
    still = wrong.cases[wrong.cases["status"] == Status.LIVE]
    case_of = {int(row["key"]): row for table in (still, rows(wrong)) for row in table}
    rounds = set()
    for row in rows(wrong):
        child = case_of.get(child_of(row))
        if child is not None:
            same = ("kind", "opener", "topic", "quantile")
            assert [child[column] for column in same] == [row[column] for column in same]
            assert child["round"] == row["round"] + 1
            assert child["birth"] == row["discovered"]
            rounds.add((int(row["kind"]), int(child["round"])))
    assert rounds == {(kind, again) for kind in (Kind.DECISION, Kind.REQUEST) for again in (1, 2)}


def test_every_error_comes_back_so_often_and_no_more(wrong):
    """rework = repeat = 1: what was wrong and has come to light is there again, but for what came back twice."""
    keys = set(rows(wrong)["key"].tolist()) | set(wrong.cases["key"][wrong.cases["status"] == Status.LIVE].tolist())
    accepted = np.isin(rows(wrong)["disposition"], (Disposition.ACCEPTED, Disposition.DEFAULTED))
    errors = (accepted & (rows(wrong)["good"] == 0)) | (rows(wrong)["right"] == 0)
    assert ((rows(wrong)["discovered"] >= 0) == errors).all()
    for row, error in zip(rows(wrong), errors, strict=True):
        known = error and row["discovered"] < wrong.clock["now"][0]
        assert (child_of(row) in keys) == (known and row["round"] < 2)
    assert rows(wrong)["round"].max() == 2


def handoffs(state):
    """Handoffs of every closed case beside its services, consults that nobody ended early apart."""
    by_case = services(state)
    return [(row, by_case[int(row["key"])]) for row in rows(state)]


def test_each_screen_is_a_handoff_and_ones_own_work_is_none():
    state = advance(start(firm(*PLAIN, "world.interdependence=0.0", burn_in=0), "traditional", seed=3, trace=True), 30)
    for row, case in handoffs(state):
        if row["consult"] == Consult.NONE:
            assert row["handoffs"] == sum(touch["activity"] == Activity.SCREEN for touch in case)
    assert rows(state)["handoffs"].max() > 0


def test_a_panel_advises_and_the_case_stays_where_it_is():
    scenario = firm(*PLAIN, "world.interdependence=0.0", "world.own_authority=0.2", "world.desk=0.0", burn_in=0)
    state = advance(start(scenario, Design(approve=1.0), seed=3, trace=True), 30)
    met = [row["handoffs"] for row, case in handoffs(state) if case[-1]["activity"] == Activity.PANEL]
    assert len(met) > 50
    assert not any(met)


def test_a_question_is_handed_over_at_each_step_and_once_more_when_it_is_back():
    """Asker, managers, helper, the same managers, asker: k relays, one help and the return are k + 2 handoffs."""
    scenario = firm(*PLAIN, "world.interdependence=0.8", "world.authority=[1.0]", burn_in=0)
    state = advance(start(scenario, "traditional", seed=3, trace=True), 30)
    answered = 0
    for row, case in handoffs(state):
        if row["consult"] == Consult.ANSWERED:
            assert row["handoffs"] == sum(touch["activity"] == Activity.RELAY for touch in case) + 2
            answered += 1
        else:
            assert row["handoffs"] == 0
    assert answered > 50


def test_within_a_team_nothing_is_handed_over():
    """A colleague of one's own team who is asked directly holds the case on behalf of the same team."""
    scenario = firm(*PLAIN, "world.authority=[1.0]", "world.interdependence=0.8", burn_in=0)
    state = advance(start(scenario, Design(consult=1.0), seed=3, trace=True), 30)
    unit = state.seats["unit"]
    counts = set()
    for row, case in handoffs(state):
        way = [int(row["opener"]), *(int(touch["seat"]) for touch in case)]
        if row["consult"] != Consult.NONE:
            way.append(int(row["opener"]))
        assert row["handoffs"] == sum(unit[one] != unit[other] for one, other in pairwise(way))
        counts.add(int(row["handoffs"]))
    assert len(counts) > 2
    assert set(unit[state.seats["role"] != 3].tolist()) == set(state.seats["team"][state.seats["role"] != 3].tolist())
