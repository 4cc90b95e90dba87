"""What a researcher brings: rules in the place of ours, and measures beside ours, without a change of our files."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from sim.measures import MEASURES, Measure
from sim.scenario import ScenarioError
from sim.state import Phase

PHASES = tuple(phase.name.lower() for phase in Phase)


@dataclass(frozen=True)
class Own:
    """Rules by the name of their phase, and further measures.

    rules: compiled functions (decorated with `sim.rule`) of (firm, case, seat) that return a Step, as those in
    `sim/rules` do; they hold from day 1 on, for every design. measures: `Measure`s with names of their own.

    Raises ScenarioError where a phase does not exist, a rule is not compiled, or a name is taken.
    """

    rules: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()

    def __post_init__(self) -> None:
        for name, rule in self.rules.items():
            if name not in PHASES:
                raise ScenarioError(f"own rule {name!r}: there is no such phase; phases are {', '.join(PHASES)}.")
            if not hasattr(rule, "py_func"):
                raise ScenarioError(f"own rule {name!r} is not compiled; decorate it with sim.rule.")
        taken = {measure.name for measure in MEASURES}
        for measure in self.measures:
            if measure.name in taken:
                raise ScenarioError(f"own measure {measure.name!r}: the name is taken; give it another.")
            taken.add(measure.name)

    def by_phase(self) -> dict[Phase, Callable[..., Any]]:
        """The rules as the engine wants them."""
        return {Phase[name.upper()]: rule for name, rule in self.rules.items()}

    def fingerprint(self) -> dict[str, str]:
        """Hash of every rule and measure: part of a run's key, so that no stale run is found again."""
        parts = {f"rule {name}": _written(rule) for name, rule in self.rules.items()}
        parts |= {f"measure {measure.name}": _written(measure.of) for measure in self.measures}
        return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()}


def _written(function: Any, seen: tuple[Any, ...] = ()) -> str:
    """What a function does, as text: its code, and that of whatever it uses of the researcher's own."""
    function = getattr(function, "py_func", function)
    if function in seen or not hasattr(function, "__code__") or function.__module__.startswith("sim."):
        return f"{function.__module__}.{getattr(function, '__qualname__', function)}"
    code = function.__code__
    used = [function.__globals__.get(name) for name in sorted(code.co_names)]
    used += [cell.cell_contents for cell in function.__closure__ or ()]
    texts = [_written(one, (*seen, function)) if callable(one) else repr(one) for one in used if one is not None]
    constants = [one.co_code if isinstance(one, CodeType) else one for one in code.co_consts]
    return f"{code.co_code!r} {constants!r} {texts!r}"


NOTHING_OWN = Own()
