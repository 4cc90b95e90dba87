"""Every case that passes `approve` is judged at least once, by its own asker first, under every lever setting.

Nobody's eyes can be watched, but their bar can be moved: at noise 0 a bar above all merit is a no of whoever judges,
a bar below all merit a yes. What nobody judged would slip through the first, or fail the second. Decisions, ideas (of
studies and of staff) and gestures to customers alike.
"""

import numpy as np
import pytest

from sim.engine import advance, start
from sim.scenario import Design
from sim.state import Activity, Disposition, Kind
from tests.firms import LEVERS, firm

SURE = ("world.noise=0.0", "world.trustworthy=1.0", "world.load=2.0", "world.own_authority=0.5",
        "world.moment_rate=20.0", "world.notice_desk=1.0", "world.suggestion=0.1", "world.study_weeks=2",
        "world.build_hours=0.0")  # fmt: skip


def run(levers, *settings, reserve=0.9):
    contact, consult, approve = levers
    design = Design(contact=contact, consult=consult, approve=approve, reserve=reserve)
    return advance(start(firm(*SURE, *settings, burn_in=0), design, seed=3, trace=True), 30)


def closed(state, disposition):
    """How many decisions, ideas and gestures ended so."""
    return state.clock["closed"][0, [Kind.DECISION, Kind.IDEA, Kind.MOMENT], disposition]


@pytest.mark.parametrize("levers", [*LEVERS, (0.5, 0.5, 0.5)], ids=str)
@pytest.mark.parametrize("patience", ["inf", "2.0"])
def test_where_all_say_no_nothing_is_accepted_and_nobody_else_is_bothered(levers, patience):
    state = run(levers, "world.bar=5.0", "world.good_share=1.0", f"world.patience_hours={patience}")
    assert (closed(state, Disposition.REJECTED) > (100, 5, 20)).all()
    assert not closed(state, Disposition.ACCEPTED).any()
    assert not closed(state, Disposition.DEFAULTED).any()
    did = state.touches["activity"][: state.clock["touch_rows"][0]]
    assert not np.isin(did, (Activity.SCREEN, Activity.PANEL)).any()


@pytest.mark.parametrize("levers", [*LEVERS, (0.5, 0.5, 0.5)], ids=str)
def test_where_all_say_yes_nothing_is_rejected(levers):
    state = run(levers, "world.bar=-5.0", "world.good_share=0.0", "world.rework=0.0")
    assert (closed(state, Disposition.ACCEPTED) > (100, 5, 20)).all()
    assert not closed(state, Disposition.REJECTED).any()


@pytest.mark.parametrize("levers", LEVERS, ids=str)
def test_only_the_dishonest_alone_pass_what_all_would_refuse(levers):
    """Bad cases that their askers may decide alone, and no others: stakes up to the authority of the rule."""
    dishonest = ("world.trustworthy=0.0", "world.bar=5.0", "world.good_share=0.0", "world.rework=0.0")
    state = run(levers, *dishonest, "world.authority=[0.2]", reserve=0.4)
    ledger = state.ledger[: state.clock["closed_rows"][0]]
    decisions = ledger[np.isin(ledger["kind"], (Kind.DECISION, Kind.MOMENT))]
    decisions = decisions[decisions["disposition"] != Disposition.LAPSED]
    accepted = decisions["quantile"][decisions["disposition"] == Disposition.ACCEPTED]
    rejected = decisions["quantile"][decisions["disposition"] == Disposition.REJECTED]
    assert accepted.max() <= (0.4 if levers[2] else 0.2) < rejected.min()
    assert len(accepted) + len(rejected) == len(decisions)
