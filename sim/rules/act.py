"""Act: an employee's work that is not routine. She works on it herself, then knows what she lacks."""

from sim.compiled import njit
from sim.judgement import can_answer
from sim.state import Activity, Phase, phase, task


@njit
def act(state, case, seat):
    """The next step of a decision that its asker has met or has worked on. Returns a Step."""
    record = state.cases[case]
    if record.did == Activity.ENTER:
        return task(record.holder, Activity.ACT)
    return phase(Phase.APPROVE if can_answer(state, seat, record.topic) else Phase.CONSULT)
