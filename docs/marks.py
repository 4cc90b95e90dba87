"""Writes computed lines into a document, between <!-- NAME --> and <!-- end of NAME -->."""

from collections.abc import Iterable, Mapping
from pathlib import Path


def write(document: Path, parts: Mapping[str, Iterable[str]]) -> None:
    """Replace what stands between the marks of each name."""
    text = document.read_text(encoding="utf-8")
    for name, lines in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, after = text.split(start)[0], text.split(end)[1]
        text = f"{before}{start}\n\n" + "\n".join(lines).strip() + f"\n\n{end}{after}"
    document.write_text(text, encoding="utf-8")
