"""What does a study cost beside the engine: starting processes, handing out work, keeping runs?

(wall time × workers − time in the engine) / time in the engine, in 240 runs of the baseline on two processes.
"""

import json
from tempfile import TemporaryDirectory

from sim.scenario import Scenario
from sim.study.compare import compare
from tests.benchmarks import Answer

WORKERS, PAIRS = 2, 120


def answer() -> Answer:
    with TemporaryDirectory() as folder:
        compare(Scenario.load("baseline"), replications=2, workers=WORKERS, out=f"{folder}/warm")
        result = compare(Scenario.load("baseline"), replications=PAIRS, workers=WORKERS, out=f"{folder}/r")
        entry = json.loads((result.path / "log.jsonl").read_text(encoding="utf-8"))
    beside = (entry["wall_seconds"] * WORKERS - entry["engine_seconds"]) / entry["engine_seconds"]
    return Answer("240 runs, two processes: time beside the engine", f"{100 * beside:.1f} %", "under 5 %")
