"""The command `report`."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.terminal import fail, store_sentences


def report(
    results: Annotated[
        Path | None, typer.Argument(help="Folder of a comparison or study (default: the newest in results/).")
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="Language: en or ko.")] = "en",
    pdf: Annotated[bool, typer.Option("--pdf", help="Also on paper, through a browser.")] = False,
    pptx: Annotated[bool, typer.Option("--pptx", help="Also as slides with charts that can be edited.")] = False,
    costs: Annotated[Path | None, typer.Option(help="Your unit costs: firmlab template costs FILE.")] = None,
    out: Annotated[Path | None, typer.Option(help="The page's file; other forms stand beside it.")] = None,
) -> None:
    """Write a page for the board: what differs, how sure that is, what would change it, and what to do next.

    Example: firmlab report results/baseline-1a2b3c4d --lang ko --pdf
    """
    from sim.locale import LANGUAGES

    if language not in LANGUAGES:
        fail(f"--lang {language} is not a language of the report; those are {' and '.join(LANGUAGES)}.")
    with store_sentences():
        from sim.report import write_report
        from sim.report.costs import Costs

        forms = [form for form, wanted in (("pdf", pdf), ("pptx", pptx)) if wanted]
        prices = Costs.read(costs) if costs is not None else None
        for path in write_report(results or _newest(), language=language, costs=prices, out=out, forms=forms):
            typer.echo(f"Report: {path}")


def _newest() -> Path:
    """The folder of results that was written last."""
    from sim.report.stored import MANIFEST
    from sim.study.durable import StoreError

    found = list(Path("results").glob(f"*/{MANIFEST}"))
    if not found:
        raise StoreError("results/ holds no results yet; firmlab compare makes some, or name a folder.")
    return max(found, key=lambda path: path.stat().st_mtime).parent
