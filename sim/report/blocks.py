"""What a page is made of: sections of blocks, the same for every form in which it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Cell = str | tuple[str, str]  # text, or text and what kind of cell it is ("wins", "strong", …)


@dataclass(frozen=True)
class Text:
    """A paragraph. kind: "" or "lead", "note", "warning"."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list, with a sentence before it."""

    items: Sequence[str]
    lead: str = ""


@dataclass(frozen=True)
class Table:
    """A table. The first column names the rows.

    groups: (row from which it holds, heading). heads: (heading, columns that it spans), over the columns but the first.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    kind: str = ""
    groups: Sequence[tuple[int, str]] = ()
    heads: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True)
class Chart:
    """A drawing with the sentences that say the same, the table behind it, and how to make it again."""

    name: str
    title: str
    alt: str
    figure: Any
    table: Table
    note: str = ""
    footer: str = ""


@dataclass(frozen=True)
class Band:
    """One band of a headline card: where it lies, from 0 to 1 of the drawing, and what it is in words.

    inner: the interval of the mean within it, if it has one; middle: that mean.
    """

    label: str
    text: str
    low: float
    high: float
    inner: tuple[float, float] | None = None
    middle: float = 0.0


@dataclass(frozen=True)
class Card:
    """One headline: number first, then the sentences, then the bands."""

    name: str
    number: str
    what: str
    verdict: str  # key
    verdict_text: str
    sentences: Sequence[str]
    bands: Sequence[Band]
    zero: float  # place of zero in the drawing
    small: tuple[float, float]  # places of the smallest difference that matters, on both sides of zero
    ticks: Sequence[tuple[float, str]]
    alt: str


@dataclass(frozen=True)
class Cards:
    """The headlines."""

    cards: Sequence[Card]
    note: str = ""


Block = Text | Bullets | Table | Chart | Cards


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """The whole report in one language."""

    language: str
    title: str
    about: str
    made: str
    contents: str
    table_words: str
    sections: Sequence[Section]
