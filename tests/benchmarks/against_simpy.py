"""How much faster is the engine than the same firm in SimPy, with the same draws and the same end of every case?"""

from sim.engine import advance, start
from tests.benchmarks import Answer, paired_ratio, seconds
from tests.peers import reduced
from tests.peers.simpy_firm import Firm

WEEKS = 20
SCENARIO = reduced(weeks=WEEKS)


def engine_seconds() -> float:
    state = start(SCENARIO, "traditional", seed=1)
    return seconds(lambda: advance(state, WEEKS * 5))


def simpy_seconds() -> float:
    firm = Firm(SCENARIO, 1)
    return seconds(lambda: firm.run(WEEKS * 5))


def answer() -> Answer:
    state = advance(start(SCENARIO, "traditional", seed=1), WEEKS * 5)
    rows = state.ledger[: state.clock["closed_rows"][0]]
    ours = {int(row["key"]): (int(row["closed"]), int(row["disposition"])) for row in rows}
    agree = "the same end of every case" if ours == Firm(SCENARIO, 1).run(WEEKS * 5) else "CASES DIFFER"
    ratio = paired_ratio(simpy_seconds, engine_seconds)
    return Answer(f"engine against SimPy ({agree})", f"{ratio:.0f} x", "60 x")
