"""What does stepping day by day through Mesa cost, against one call to the horizon?"""

from sim.model import FirmModel
from sim.scenario import Scenario
from tests.benchmarks import Answer, paired_ratio, seconds

SCENARIO = Scenario.load("baseline").override(["run.burn_in_weeks=10", "run.warm_up_weeks=0", "run.weeks=50"])


def daily() -> float:
    model = FirmModel(SCENARIO)

    def step() -> None:
        while model.running:
            model.step()

    return seconds(step)


def at_once() -> float:
    model = FirmModel(SCENARIO)
    return seconds(model.run)


def answer() -> Answer:
    daily()  # compiles
    return Answer("stepping through Mesa against one call", f"{paired_ratio(daily, at_once, 9):.2f} x", "at most 1.1 x")
