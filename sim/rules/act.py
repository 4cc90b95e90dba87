"""Act: somebody takes up what is not routine, works on it herself, and then knows what she lacks."""

from sim.compiled import njit
from sim.judgement import can_answer
from sim.state import Activity, Kind, Phase, phase, task


@njit
def act(state, case, seat):
    """The next step of a decision, an idea or a moment that somebody has met or has worked on. Returns a Step.

    Only decisions need knowledge that others may have: an idea lies with the team that owns its topic.
    """
    record = state.cases[case]
    if record.did == Activity.ENTER:
        return task(record.holder, Activity.ACT)
    knows = record.kind != Kind.DECISION or can_answer(state, seat, record.topic)
    return phase(Phase.APPROVE if knows else Phase.CONSULT)
