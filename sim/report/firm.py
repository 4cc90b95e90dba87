"""The reader's own firm: eight numbers that a firm knows of itself, in a file, as a scenario beside the baseline.

Seven of them are keys of the world under a plainer name, with the same limits. The eighth, turnover, is an outcome of
the model and no key: the rate of quitting is the baseline's, times the reader's turnover over that of the calibrated
baseline (.146, docs/calibration.md). Nothing else is fitted. So far from the baseline the firm that is run has not
quite the reader's turnover, because quits make quits: a traditional firm of which .10 is asked loses .09 of its staff
a year, for .20 it is .22, for .30 it is .39 (mean of ten firms).
"""

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.locale import Words
from sim.scenario import Scenario, ScenarioError, World, about_key

TURNOVER = 0.146  # a year, of the traditional firm in the baseline: docs/calibration.md
TEMPLATES = Path(__file__).parent / "templates"
LONGEST = 80  # letters of a value that a sentence shows


class ReaderTable(BaseModel):
    """A small file that the reader fills in: keys at its top, no tables, no conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    template: ClassVar[str]
    other_names: ClassVar[Mapping[str, str]] = {}  # what else a key may be called by mistake

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table in a file. Raises ScenarioError: a sentence with file, key, value and what is allowed."""
        raw = _parsed(path, cls.template)
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            details = error.errors(include_url=False)
        unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
        first = [*unknown, *details][0]  # a misspelt key explains why another one is missing
        raise ScenarioError(f"{path}: {_sentence(cls, first)}")


# --- the firm ---------------------------------------------------------------------------------------------------------


KEYS = {  # name in the reader's file, and of the key of the world
    "staff": "staff",
    "span": "span",
    "requests_per_customer_and_year": "request_rate",
    "decisions_per_employee_and_day": "decision_rate",
    "other_team_share": "interdependence",
    "error_cost": "error_cost",
    "market_drift": "turbulence",
}


def _as_in_world(name: str, meaning: str) -> Any:
    """A key with the value, the limits and the unit that a key of the world has."""
    one = World.model_fields[name]
    rules = ("ge", "gt", "le")
    limits = {rule: getattr(limit, rule) for limit in one.metadata for rule in rules if hasattr(limit, rule)}
    return Field(one.default, description=meaning, json_schema_extra=about_key(World, name), **limits)


def _turnover() -> Any:
    about: dict[str, Any] = {"kind": "a number", "allowed": "0 to 2", "unit": "share"}
    return Field(TURNOVER, description="share of the staff who quit in a year", json_schema_extra=about, ge=0, le=2)


class Firm(ReaderTable):
    """Eight numbers of a firm; what a file leaves out is the baseline's."""

    template: ClassVar[str] = "firm"
    other_names: ClassVar[Mapping[str, str]] = {
        **{key: name for name, key in KEYS.items()},
        "quit_rate": "yearly_turnover",
        "turnover": "yearly_turnover",
    }

    staff: int = _as_in_world("staff", "people who work in the firm, managers included")
    span: int = _as_in_world("span", "people who report to one manager")
    requests_per_customer_and_year: float = _as_in_world(
        "request_rate", "questions and problems that one customer brings in a year"
    )
    decisions_per_employee_and_day: float = _as_in_world(
        "decision_rate", "decisions that the work of one employee raises on a working day"
    )
    other_team_share: float = _as_in_world("interdependence", "share of decisions that need another team")
    yearly_turnover: float = _turnover()
    error_cost: float = _as_in_world(
        "error_cost", "what a bad decision that was accepted loses, where a good one would gain 1"
    )
    market_drift: float = _as_in_world("turbulence", "how fast the taste of the market drifts")

    def world(self, base: World) -> World:
        """A world with these numbers, the rest as in `base`, which has the calibrated turnover."""
        numbers = {key: getattr(self, name) for name, key in KEYS.items()}
        numbers["quit_rate"] = base.quit_rate * (self.yearly_turnover / TURNOVER)
        return World(**{**dict(base), **numbers})


def own_firm(path: str | Path, *, language: str = "en") -> Scenario:
    """The baseline with the numbers of the reader's firm, named after its file. `language`: of the question.

    Raises ScenarioError: a sentence with file, key, value and what is allowed.
    """
    path = Path(path)
    base = Scenario.load("baseline")
    world = Firm.read(path).world(base.world)
    question = Words(language)("costs.own_firm.question")
    return Scenario(**{**dict(base), "name": path.stem, "question": question, "world": world})


def own_numbers(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Those of the eight numbers that are not the baseline's, by name: the scenario's and the baseline's.

    Empty where another number of the world differs too: then it is not a firm that was described by these eight.
    """
    base = Scenario.load("baseline").world
    world = dict(scenario.world)
    if {**dict(base), **{key: world[key] for key in (*KEYS.values(), "quit_rate")}} != world:
        return {}
    own, usual = _numbers(scenario.world, base), _numbers(base, base)
    return {name: (own[name], usual[name]) for name in Firm.model_fields if own[name] != usual[name]}


def _numbers(world: World, base: World) -> dict[str, float]:
    turnover = TURNOVER * (world.quit_rate / base.quit_rate)
    written = float(f"{turnover:.12g}")  # as the reader wrote it, without what the two scalings leave behind
    return {name: getattr(world, key) for name, key in KEYS.items()} | {"yearly_turnover": written}


# --- reading and sentences --------------------------------------------------------------------------------------------


def _parsed(path: Path, template: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a byte-order mark before UTF-8
    except FileNotFoundError:
        raise ScenarioError(
            f"{path} is not there; firmlab template {template} {path} writes one that you can fill in."
        ) from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not text in UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        twice = "Cannot overwrite a value" in str(error)
        rather = "a key stands there twice, so leave one out" if twice else "a line is written as key = value"
        raise ScenarioError(f"{path} cannot be read ({error}); {rather}.") from None
    except OSError as error:
        raise ScenarioError(f"{path} cannot be read ({error.strerror}); name the file itself.") from None
    except (ValueError, RecursionError):  # limits of Python, not of TOML
        raise ScenarioError(f"{path} holds a number or a nesting too long to read; shorten it.") from None


def _sentence(table: type[ReaderTable], detail: Mapping[str, Any]) -> str:
    """A mistake in one key, with what is allowed."""
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        return _unknown(table, name)
    one = table.model_fields[name]
    about = one.json_schema_extra
    assert isinstance(about, dict)  # see how the keys are declared
    allowed = f"({one.description}); allowed is {about['allowed']}."
    if detail["type"] == "missing":
        return f"{name} is missing {allowed}"
    limits = detail.get("ctx", {})
    fault = f"is not {about['kind']}"
    if limits.keys() & {"ge", "gt", "le"}:
        fault = "is above what is allowed" if "le" in limits else "is below what is allowed"
    return f"{name} = {_shown(detail['input'])} {fault} {allowed}"


def _unknown(table: type[ReaderTable], name: str) -> str:
    keys = table.model_fields
    near = table.other_names.get(name) or next(iter(get_close_matches(name, keys, 1)), "")
    shown = name if name.isidentifier() else _shown(name)
    if near:
        return f"{shown} is not a key; did you mean {near} ({keys[near].description})?"
    return f"{shown} is not a key; the keys are {', '.join(keys)}."


def _shown(value: Any) -> str:
    """A value as it was written, on one line and not too long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # Python does not print the longest numbers
        return "a number too long to show"
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
