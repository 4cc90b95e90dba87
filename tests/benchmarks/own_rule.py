"""What does a researcher's own rule cost, against the same rule built in?"""

from sim.compiled import rule
from sim.engine import advance, start
from sim.own import NOTHING_OWN, Own
from sim.rules.consult import consult
from sim.scenario import Scenario
from tests.benchmarks import Answer, paired_ratio, seconds

SCENARIO = Scenario.load("baseline").override(["run.burn_in_weeks=10", "run.warm_up_weeks=0", "run.weeks=100"])
DAYS = 500


@rule
def the_same(firm, case, seat):
    return consult(firm, case, seat)


def run_seconds(own: Own) -> float:
    state = start(SCENARIO, "social", seed=1, own=own)
    return seconds(lambda: advance(state, DAYS))


def answer() -> Answer:
    own = Own(rules={"consult": the_same})
    run_seconds(own), run_seconds(NOTHING_OWN)  # compile
    ratio = paired_ratio(lambda: run_seconds(own), lambda: run_seconds(NOTHING_OWN), 9)
    return Answer("a researcher's own rule against the built-in one", f"{ratio:.2f} x", "at most 1.15 x")
