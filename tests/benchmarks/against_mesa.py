"""How much faster is the engine than the reduced firm in idiomatic Mesa (one agent a person, one step an hour)?"""

import numpy as np

from sim.engine import advance, start
from sim.measures import summary
from tests.benchmarks import Answer, paired_ratio, seconds
from tests.peers import reduced
from tests.peers.mesa_firm import Firm

WEEKS = 50
SCENARIO = reduced(weeks=WEEKS)
HOURS, SEEDS = WEEKS * 40, 10


def engine_seconds() -> float:
    state = start(SCENARIO, "traditional", seed=1)
    return seconds(lambda: advance(state, WEEKS * 5))


def mesa_seconds() -> float:
    firm = Firm(SCENARIO, 1)
    return seconds(lambda: [firm.step() for _ in range(HOURS)])


def medians_apart() -> float:
    """Mean median of Mesa's decisions over the engine's: what an hourly step costs in truth."""
    ours, theirs = [], []
    for seed in range(SEEDS):
        ours.append(summary(advance(start(SCENARIO, "traditional", seed=seed), WEEKS * 5))["decision_hours_median"])
        firm = Firm(SCENARIO, seed)
        for _ in range(HOURS):
            firm.step()
        theirs.append(np.median(firm.hours_of_closed))
    return float(np.mean(theirs) / np.mean(ours))


def answer() -> Answer:
    engine_seconds()  # compiles
    ratio = paired_ratio(mesa_seconds, engine_seconds)
    figure = f"{ratio:.0f} x"
    return Answer(f"engine against idiomatic Mesa (median hours x {medians_apart():.3f})", figure, "30 x, within 5 %")
