"""firmlab: one firm run twice, under gatekeeper rules and under open rules, and what differs.

The public names below are loaded on first use, so that `import sim` is quick and a worker loads only the engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.compiled import rule as rule
    from sim.engine import simulate as simulate
    from sim.measures import Measure as Measure
    from sim.model import FirmModel as FirmModel
    from sim.own import Own as Own
    from sim.scenario import Design as Design
    from sim.scenario import Event as Event
    from sim.scenario import Run as Run
    from sim.scenario import Scenario as Scenario
    from sim.scenario import ScenarioError as ScenarioError
    from sim.scenario import World as World
    from sim.study.analysis import Analysis as Analysis
    from sim.study.analysis import analyse as analyse
    from sim.study.compare import Comparison as Comparison
    from sim.study.compare import compare as compare
    from sim.study.replay import replay as replay
    from sim.study.sweep import Study as Study
    from sim.study.sweep import sweep as sweep
    from sim.study.sweepfile import Sweep as Sweep

__version__ = "0.1.0"

_HOME = {
    "Scenario": "sim.scenario",
    "World": "sim.scenario",
    "Design": "sim.scenario",
    "Run": "sim.scenario",
    "ScenarioError": "sim.scenario",
    "Event": "sim.scenario",
    "FirmModel": "sim.model",
    "Measure": "sim.measures",
    "Own": "sim.own",
    "rule": "sim.compiled",
    "simulate": "sim.engine",
    "compare": "sim.study.compare",
    "Comparison": "sim.study.compare",
    "Sweep": "sim.study.sweepfile",
    "sweep": "sim.study.sweep",
    "Study": "sim.study.sweep",
    "analyse": "sim.study.analysis",
    "Analysis": "sim.study.analysis",
    "replay": "sim.study.replay",
}
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
