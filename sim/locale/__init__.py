"""Every word that a reader of a report sees, in English and in Korean: one folder a language, one file a topic.

A text may hold fields in braces ("{number} of {pairs} twin firms"); both languages have the same keys and fields.
"""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ko")


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language by dotted key: "claims.C1.title"."""
    found: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / language).glob("*.toml")):
        found |= _flat(tomllib.loads(path.read_text(encoding="utf-8")), f"{path.stem}.")
    return found


class Words:
    """The texts of one language; called with a key and the values of its fields."""

    def __init__(self, language: str) -> None:
        """Raises KeyError where the language is not one of `LANGUAGES`."""
        if language not in LANGUAGES:
            raise KeyError(language)
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, /, **fields: Any) -> str:
        """The text, with its fields filled in. Raises KeyError where there is none, or where a field is missing."""
        return self._texts[key].format(**fields)

    def __contains__(self, key: str) -> bool:
        """Is there such a text?"""
        return key in self._texts

    def below(self, key: str) -> list[str]:
        """The names right below a key, in the order of the file: below("claims") is C1, C2, …"""
        start = f"{key}."
        return list(dict.fromkeys(k.removeprefix(start).partition(".")[0] for k in self._texts if k.startswith(start)))


def _flat(table: Mapping[str, Any], start: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        found |= _flat(value, f"{start}{name}.") if isinstance(value, dict) else {f"{start}{name}": value}
    return found
