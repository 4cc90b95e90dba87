"""A sweep file: a scenario, the factors that vary, how their points are chosen, and how many twins there are."""

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sim.measures import MEASURES
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Scenario, ScenarioError, built_in
from sim.study import sampling
from sim.study.attribution import LEVERS
from sim.study.experiment import Experiment, at_levels, at_quantiles
from sim.study.factors import Factor, base_value, factor
from sim.study.paired import HEADLINES, Array
from sim.study.stopping import BATCH, Until

Values = tuple[tuple[float, ...], ...]
AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
FACTORIAL = "factorial"
MOST_POINTS = 1_000_000
TRADITIONAL, ALL_SIX, SOCIAL = "traditional", "all-six", "social"


def _names(value: Any) -> Any:
    """Names of designs; "factorial" stands for the 64 corners."""
    if value == FACTORIAL:
        return (FACTORIAL,)
    if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        raise ValueError(f'write a list of names, or "{FACTORIAL}" for the 64 corners of the six levers')
    return tuple(value)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _ByLevels(_Table, ABC):
    """A plan over levels that the factors name."""

    @abstractmethod
    def indices(self, counts: Sequence[int]) -> Array:
        """The points as numbers of levels."""

    def values(self, factors: Sequence[Factor], seed: int) -> Values:
        """The points: a row each, a value a factor. Nothing is drawn."""
        return at_levels(factors, self.indices([len(one.levels) for one in factors]))


class _Drawn(_Table, ABC):
    """A plan whose points are drawn from the ranges of the factors."""

    @abstractmethod
    def unit(self, factors: int, seed: int) -> Array:
        """The points in the unit cube."""

    def values(self, factors: Sequence[Factor], seed: int) -> Values:
        """The points: a row each, a value a factor."""
        return at_quantiles(factors, self.unit(len(factors), seed))


class Grid(_ByLevels):
    """Every combination of the factors' levels."""

    kind: Literal["grid"]

    def indices(self, counts: Sequence[int]) -> Array:
        """The last factor fastest."""
        return sampling.grid(counts)


class OneAtATime(_ByLevels):
    """The scenario as it is, then every other level of each factor alone."""

    kind: Literal["one-at-a-time"]

    def indices(self, counts: Sequence[int]) -> Array:
        """The base first, which is the first level (see `_from_base`)."""
        return sampling.one_at_a_time(counts, [0] * len(counts))


class LatinHypercube(_Drawn):
    """As many points as wanted, each factor's range evenly covered."""

    kind: Literal["latin-hypercube"]
    points: int = Field(ge=1, le=1_000_000)

    def unit(self, factors: int, seed: int) -> Array:
        """One point in each stratum of each factor."""
        return sampling.latin_hypercube(factors, self.points, seed)


class Sobol(_Drawn):
    """Points of Sobol's sequence, a power of two of them."""

    kind: Literal["sobol"]
    points: int = Field(ge=1, le=2**20)

    def unit(self, factors: int, seed: int) -> Array:
        """Scrambled points."""
        return sampling.sobol(factors, self.points, seed)


class Morris(_Drawn):
    """Trajectories that change one factor after another, for screening many factors."""

    kind: Literal["morris"]
    trajectories: int = Field(ge=2, le=10_000)
    levels: int = Field(4, ge=2, le=100)

    def unit(self, factors: int, seed: int) -> Array:
        """Trajectories one after the other."""
        return sampling.morris(factors, self.trajectories, seed, self.levels)


class Saltelli(_Drawn):
    """Points for Sobol' indices: base · (factors + 2) of them, base a power of two."""

    kind: Literal["saltelli"]
    base: int = Field(ge=2, le=2**20)

    def unit(self, factors: int, seed: int) -> Array:
        """Blocks of factors + 2 points."""
        return sampling.saltelli(factors, self.base, seed)


PLANS = (Grid, OneAtATime, LatinHypercube, Sobol, Morris, Saltelli)
KINDS = [kind for plan in PLANS for kind in get_args(plan.model_fields["kind"].annotation)]
Plan = Annotated[Grid | OneAtATime | LatinHypercube | Sobol | Morris | Saltelli, Field(discriminator="kind")]


class _Factor(_Table):
    key: str
    range: Annotated[tuple[float, ...], AS_TUPLE, Field(min_length=2, max_length=2)] | None = None
    levels: Annotated[tuple[float, ...], AS_TUPLE, Field(min_length=1)] | None = None


class _Until(_Table):
    measure: str
    half_width: float = Field(gt=0, allow_inf_nan=False)
    least: int = Field(BATCH, ge=2, le=1_000_000)
    most: int = Field(200, ge=2, le=1_000_000)


class _File(_Table):
    """What a sweep file says."""

    scenario: str = "baseline"
    question: str = ""
    designs: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    measures: Annotated[tuple[str, ...], AS_TUPLE, Field(min_length=1)] = HEADLINES
    replications: int | None = Field(None, ge=1, le=1_000_000)
    until: _Until | None = None
    seed: int = Field(1, ge=0, le=2**32 - 1)
    series: bool = False
    plan: Plan | None = None
    factor: Annotated[tuple[_Factor, ...], AS_TUPLE] = ()


class Sweep:
    """A checked sweep: what varies, and how."""

    def __init__(self, path: str | Path, overrides: Sequence[str] = ()) -> None:
        """Read a sweep file, or a built-in one by its name ("factorial"); `overrides` change keys of its scenario.

        Raises ScenarioError: a sentence that names the file, the key, the value and what is allowed.
        """
        path = sweeps().get(str(path), Path(path))
        self.where = where = str(path)
        self.name = path.stem
        self.file = file = _read(path, where)
        self.scenario = _scenario(file.scenario, path).override(overrides)
        self.question = file.question or self.scenario.question
        self.replications = file.replications or self.scenario.run.replications
        try:
            self.designs = factorial() if self.is_factorial else _designs(self.scenario, file.designs)
            self.factors = tuple(
                factor(self.designs, one.key, one.range or (), one.levels or ()) for one in file.factor
            )
            self._agree()
            if isinstance(file.plan, OneAtATime):
                self.factors = tuple(_from_base(one, self.scenario, self.designs) for one in self.factors)
            self.values: Values = file.plan.values(self.factors, file.seed) if file.plan else ((),)
        except ScenarioError as error:
            raise ScenarioError(f"{where}: {error!s}") from None

    @property
    def until(self) -> Until | None:
        """The rule that says when there are enough pairs; None where their number is fixed."""
        return Until(**self.file.until.model_dump()) if self.file.until else None

    @property
    def is_factorial(self) -> bool:
        """Are the designs the 64 corners of the six levers?"""
        return self.file.designs == (FACTORIAL,)

    def experiment(self, own: Own = NOTHING_OWN) -> Experiment:
        """What is to be run. Raises ScenarioError where the file names a measure that there is not."""
        names = [*self.file.measures, *([self.until.measure] if self.until else [])]
        _refuse_unknown_measures(names, [measure.name for measure in (*MEASURES, *own.measures)], self.where)
        plan = self.file.plan
        chosen = f"{plan.kind} {self.file.seed}" if plan else ""
        return Experiment(self.scenario, self.designs, self.factors, self.values, chosen, own, self.file.series)

    def _agree(self) -> None:
        """What several keys have to agree on."""
        plan, factors = self.file.plan, self.factors
        if self.is_factorial and (plan or factors):
            raise ScenarioError("the factorial is of one world; leave [plan] and [[factor]] out, and use --set.")
        if bool(factors) != (plan is not None):
            missing = "[[factor]] says what varies" if plan else '[plan] says how points are chosen (kind = "grid")'
            raise ScenarioError(f"a plan and factors go together: {missing}.")
        if not factors and not self.is_factorial:
            raise ScenarioError('nothing varies; write [plan] and [[factor]], or designs = "factorial".')
        for what, names in (("a factor", [one.key for one in factors]), ("a measure", self.file.measures)):
            for name in names:
                if names.count(name) > 1:
                    raise ScenarioError(f"{name} is {what} twice; leave one out.")
        if isinstance(plan, Grid) and prod(len(one.levels) for one in factors) > MOST_POINTS:
            raise ScenarioError(f"the grid has more than {MOST_POINTS} points; take fewer levels, or draw points.")
        for one in factors:
            if isinstance(plan, _ByLevels) and not one.levels:
                raise ScenarioError(f'{one.key} needs levels = [...] in a plan of kind "{plan.kind}".')
            if isinstance(plan, _Drawn) and one.levels:
                raise ScenarioError(f'{one.key} has levels, but "{plan.kind}" draws from a range = [low, high].')
        if isinstance(plan, Morris | Saltelli) and len(self.designs) != 2:
            raise ScenarioError(f'"{plan.kind}" looks at the difference of two designs; name two in designs.')
        if self.file.until and self.file.replications:
            raise ScenarioError("replications and [until] exclude each other: a number of pairs, or a rule for it.")
        if self.until and self.until.least > self.until.most:
            raise ScenarioError(f"until.least = {self.until.least} is above until.most = {self.until.most}.")


def _from_base(one: Factor, scenario: Scenario, designs: Mapping[str, Design]) -> Factor:
    """The factor with the value that it has in the scenario as its first level, whatever was listed or overridden."""
    base = base_value(scenario, designs, one.key)
    return replace(one, levels=(base, *(level for level in one.levels if level != base)))


def factorial() -> dict[str, Design]:
    """The 64 corners of the six levers by name, the traditional firm first, and the social one with its settings."""
    corners = {}
    for corner in product((0.0, 1.0), repeat=len(LEVERS)):
        levers: dict[str, Any] = dict(zip(LEVERS, corner, strict=True))
        corners[corner_name([lever for lever in LEVERS if levers[lever]])] = Design(**levers)
    return corners | {SOCIAL: Design.social()}


def corner_name(levers: Sequence[str]) -> str:
    """Name of the design in which these levers are open."""
    return {0: TRADITIONAL, len(LEVERS): ALL_SIX}.get(len(levers), "+".join(levers))


def sweeps() -> dict[str, Path]:
    """The sweep files that come with the product, by name."""
    return built_in("sweeps")


def _scenario(name: str, path: Path) -> Scenario:
    """The scenario that a file names: a built-in one, or a path from the file."""
    beside = path.parent / name
    return Scenario.load(beside if name.endswith(".toml") else name)


def _designs(scenario: Scenario, names: Sequence[str]) -> dict[str, Design]:
    designs = {name: scenario.design(name) for name in names or scenario.designs}
    if len(designs) < 2 or len(designs) < len(names):
        raise ScenarioError("a sweep compares two designs or more, each named once; the first is the reference.")
    return designs


def _refuse_unknown_measures(names: Sequence[str], known: Sequence[str], where: str) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            rather = f"did you mean {near[0]}?" if near else "docs/measures.md lists them."
            raise ScenarioError(f'{where}: "{name}" is no measure; {rather}')


def _read(path: Path, where: str) -> _File:
    """The file, each key checked for itself."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = get_close_matches(where, sweeps(), 1)
        known = f'did you mean "{near[0]}"?' if near else f"built-in sweeps are {', '.join(sweeps())}."
        raise ScenarioError(f"{where} is not there; {known}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{where} cannot be read as TOML ({error}).") from None
    try:
        return _File(**raw)
    except ValidationError as error:
        raise ScenarioError(f"{where}: {_sentence(error.errors(include_url=False)[0])}") from None


def _sentence(detail: Mapping[str, Any]) -> str:
    """A mistake in one key, with what is allowed."""
    place = [part for part in detail["loc"] if part not in KINDS]
    shown = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in place)
    if detail["type"] == "extra_forbidden":
        inner: dict[str, type[_Table]] = {"factor": _Factor, "until": _Until}
        keys = inner.get(str(place[0]), _File).model_fields if len(place) > 1 else _File.model_fields
        near = get_close_matches(str(place[-1]), keys, 1)
        return f"{shown} is not a key" + (f"; did you mean {near[0]}?" if near else ".")
    if detail["type"] == "missing":
        return f"{shown} is missing."
    if detail["type"] == "tuple_type" and place == ["factor"]:
        return "factor is a list of tables; write [[factor]] above each."
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{shown} = {detail['input']!r}: {message.replace('input', 'it')}."
