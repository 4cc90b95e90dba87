"""What a researcher brings: rules in the place of ours, and measures beside ours, without a change of our files."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.measures import MEASURES, Measure
from sim.scenario import ScenarioError
from sim.state import Phase

PHASES = tuple(phase.name.lower() for phase in Phase)


@dataclass(frozen=True)
class Own:
    """Rules by the name of their phase, and further measures.

    rules: compiled functions (decorated with `sim.compiled.njit`) of (firm, case, seat) that return a Step, as the rules
    in `sim/rules` do; they hold from day 1 on, for every design. measures: `Measure`s with names of their own.

    Raises ScenarioError where a phase does not exist, a rule is not compiled, or a name is taken.
    """

    rules: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()

    def __post_init__(self) -> None:
        for name, rule in self.rules.items():
            if name not in PHASES:
                raise ScenarioError(f"own rule {name!r}: there is no such phase; phases are {', '.join(PHASES)}.")
            if not hasattr(rule, "py_func"):
                raise ScenarioError(f"own rule {name!r} is not compiled; decorate it with sim.compiled.njit.")
        taken = {measure.name for measure in MEASURES}
        for measure in self.measures:
            if measure.name in taken:
                raise ScenarioError(f"own measure {measure.name!r}: the name is taken; give it another.")
            taken.add(measure.name)

    def by_phase(self) -> dict[Phase, Callable[..., Any]]:
        """The rules as the engine wants them."""
        return {Phase[name.upper()]: rule for name, rule in self.rules.items()}

    def fingerprint(self) -> dict[str, str]:
        """Hash of the source of every rule and measure: part of a run's key, so that no stale run is found again."""
        sources = {f"rule {name}": inspect.getsource(rule.py_func) for name, rule in self.rules.items()}  # type: ignore[attr-defined]
        sources |= {f"measure {measure.name}": inspect.getsource(measure.of) for measure in self.measures}
        return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in sources.items()}


NOTHING_OWN = Own()
