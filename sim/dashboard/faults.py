"""What a reader asked for that cannot be, told in her language: which key, which value, what is allowed."""

import operator
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic.fields import FieldInfo

from sim.locale import Words
from sim.scenario import FIXED, TABLES, TOP_KEYS, Design, Event, ScenarioError, World

LONGEST_SHOWN = 60  # characters that are shown
IN_DESIGN = "design.NAME."
LIMITS = {"ge": ("≥", operator.ge), "gt": (">", operator.gt), "le": ("≤", operator.le)}
# Paths of a scenario file and the fields that check their values; None where no number stands there.
KEYS: Mapping[str, FieldInfo | None] = {
    **{f"{name}.{key}": field for name, table in TABLES.items() for key, field in table.model_fields.items()},
    **{f"{IN_DESIGN}{key}": field for key, field in Design.model_fields.items()},
    **dict.fromkeys((f"{IN_DESIGN}from", *TOP_KEYS, *TABLES, "design", "event", "extends")),
}
IN_EVENT: Mapping[str, FieldInfo | None] = {
    **{f"world.{key}": field for key, field in World.model_fields.items()},
    **{f"design.{key}": field for key, field in Design.model_fields.items()},
    "day": Event.model_fields["day"],
    **dict.fromkeys(("leave.busiest", "only", "world", "design", "leave", *(f"world.{key}" for key in FIXED))),
}


class ReaderError(ScenarioError):
    """A sentence of locale/*/dashboard.toml, [fault], and what fills it in. As a text it is English."""

    def __init__(self, sentence: str, /, **fields: Any) -> None:
        """sentence: its key."""
        self.sentence, self.fields = sentence, fields
        super().__init__(self.told(Words("en")))

    def told(self, words: Words) -> str:
        """The sentence in a language."""
        return words(f"dashboard.fault.{self.sentence}", **self.fields)


def fault_of(error: ScenarioError, written: Mapping[str, Any], where: str = "") -> ReaderError:
    """What is wrong with a scenario's tables as they are `written`, in a sentence that every language has.

    Keys that are not there and numbers out of range have one. The rest (tables that do not agree) is said as the
    scenario's own checks say it: in English, as scenario files are.
    """
    for place, path, value in _flat(written):
        keys, key = IN_EVENT if place else KEYS, f"{where}{place}{path}"
        plain = f"{IN_DESIGN}{path.rpartition('.')[2]}" if path.startswith("design.") and not place else path
        if plain not in keys:
            return ReaderError("unknown_key", key=shown(key), near=get_close_matches(plain, keys, 1, 0)[0])
        field = keys[plain]
        if field is not None and (limits := _limits(field)) and not _is_within(value, field):
            allowed = ", ".join(f"{LIMITS[name][0]} {limit:.15g}" for name, limit in limits.items())
            name = "not_whole" if isinstance(field.default, int) else "not_number"
            return ReaderError(name, key=key, value=shown(value), allowed=allowed)
    return ReaderError("scenario", said=str(error))


def shown(value: Any) -> str:
    """What a reader wrote, not too much of it."""
    return str(value)[:LONGEST_SHOWN]


def _flat(written: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Each key of a file: in which event, its path, its value."""
    for name, value in written.items():
        if name == "event" and isinstance(value, list):
            for number, event in enumerate(value, 1):
                yield from ((f"event[{number}].", path, one) for path, one in _below("", event))
        else:
            yield from (("", path, one) for path, one in _below("", {name: value}))


def _below(start: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Paths and values of a table and of the tables in it."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _below(f"{start}.{name}" if start else name, one)
    else:
        yield start, value


def _limits(field: FieldInfo) -> dict[str, float]:
    """The bounds of a number's field."""
    return {name: getattr(one, name) for one in field.metadata for name in LIMITS if hasattr(one, name)}


def _is_within(value: Any, field: FieldInfo) -> bool:
    numbers = int if isinstance(field.default, int) else (int, float)
    return (
        isinstance(value, numbers)
        and not isinstance(value, bool)
        and all(LIMITS[name][1](value, limit) for name, limit in _limits(field).items())
    )
