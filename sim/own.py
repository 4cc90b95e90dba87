"""What a researcher brings: rules in the place of ours, and measures beside ours, without a change of our files."""

import dis
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

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


def _written(value: Any, seen: tuple[Any, ...] = ()) -> str:
    """What a value is, as text that is the same in every process: of a function its code and whatever that uses.

    Raises ScenarioError for what cannot be told from another of its kind.
    """
    value = getattr(value, "py_func", value)  # of a compiled function
    if isinstance(value, FunctionType):
        return _written_function(value, seen)
    if isinstance(value, CodeType):
        return f"{value.co_code!r} {value.co_names!r} {[_written(one, seen) for one in value.co_consts]}"
    if isinstance(value, partial):
        return _written((value.func, value.args, value.keywords), seen)
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, Mapping):
        return f"{[(_written(one, seen), _written(value[one], seen)) for one in value]}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} {[_written(one, seen) for one in value]}"
    if isinstance(value, set | frozenset):
        return f"set {sorted(_written(one, seen) for one in value)}"
    if isinstance(value, ModuleType | type) or hasattr(value, "__qualname__"):  # classes, functions in C
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
    if re.search(r" at 0x[0-9a-f]+", repr(value)):
        raise ScenarioError(
            f"an own rule or measure uses {type(value).__name__}, of which it cannot be told whether it is the same "
            "next time; use numbers, texts, arrays, lists and functions."
        )
    return repr(value)


def _written_function(function: FunctionType, seen: tuple[Any, ...]) -> str:
    """Code, defaults, and what it takes from around it. Our own functions are in the model's version already."""
    if function in seen or function.__module__.startswith("sim."):
        return f"{function.__module__}.{function.__qualname__}"
    names = _global_names(function.__code__)
    around = {name: function.__globals__[name] for name in names if name in function.__globals__}
    around |= {f"cell {place}": cell.cell_contents for place, cell in enumerate(function.__closure__ or ())}
    taken = (function.__code__, function.__defaults__, function.__kwdefaults__, around)
    return _written(taken, (*seen, function))


def _global_names(code: CodeType) -> list[str]:
    """Names that code looks up outside of itself, that of the functions inside it too; no attributes."""
    used = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    inside = [name for one in code.co_consts if isinstance(one, CodeType) for name in _global_names(one)]
    return sorted({*used, *inside})


NOTHING_OWN = Own()
