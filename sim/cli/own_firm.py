"""The commands `template` and `firm`: the reader's own firm, from an empty form to a report."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.comparison import _print_comparison
from sim.cli.terminal import (
    AsJson,
    exit_if,
    fail,
    number,
    progress,
    records,
    sentences,
    store_sentences,
    tell_of_failures,
)

if TYPE_CHECKING:
    from sim.report.costs import Costs
    from sim.scenario import Scenario
    from sim.study.compare import Comparison

KINDS = {"firm": "firmlab firm {file}", "costs": "firmlab firm my-firm.toml --costs {file}"}  # kind: what comes next


def template(
    kind: Annotated[str, typer.Argument(help="firm: eight numbers of your firm. costs: your unit costs.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write a file to fill in: your own firm, or your own unit costs.

    Example: firmlab template firm my-firm.toml
    """
    if kind not in KINDS:
        fail(f"there is no template {kind}; the templates are {' and '.join(KINDS)}.")
    from sim.report.firm import TEMPLATES

    content = (TEMPLATES / f"{kind}.toml").read_bytes()
    try:
        with open(file, "xb") as new:
            new.write(content)
    except FileExistsError:
        fail(f"{file} is there already and is not overwritten; name another file, or remove it first.")
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror}); name a file in a folder that lets you write.")
    typer.echo(f"{file} is written. Fill it in, then: {KINDS[kind].format(file=_typed(file))}")


def firm(
    file: Annotated[Path, typer.Argument(help="Your firm's numbers: firmlab template firm FILE writes the form.")],
    replications: Annotated[int | None, typer.Option(help="Pairs of twins.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.")] = None,
    lang: Annotated[str, typer.Option(help="Language of the report: en or ko.")] = "en",
    costs: Annotated[Path | None, typer.Option(help="Your unit costs: firmlab template costs FILE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Your own firm under gatekeeper rules and under open rules, as paired twins, and the report on it.

    Example: firmlab firm my-firm.toml --costs my-costs.toml
    """
    from sim.locale import LANGUAGES

    if lang not in LANGUAGES:
        fail(f"--lang {lang} is not a language of the report; those are {' and '.join(LANGUAGES)}.")
    with sentences():
        from sim.report.costs import Costs
        from sim.report.firm import own_firm

        scenario = own_firm(file, language=lang)
        prices = Costs.read(costs) if costs is not None else None
    with store_sentences():
        from sim.study.compare import compare

        with progress() as tell:
            result = compare(scenario, replications=replications, workers=workers, out=out, progress=tell)
        tell_of_failures(result.failed, result.damaged, result.path)
        if len(result.runs):
            _conclude(scenario, result, prices, lang, as_json)
    exit_if(len(result.failed))


def _conclude(
    scenario: "Scenario", result: "Comparison", costs: "Costs | None", lang: str, as_json: bool
) -> None:
    """The table, the report, and the study that is next."""
    from sim.report import write_report
    from sim.report.gather import to_run
    from sim.report.stored import stored

    report, *_ = write_report(result.path, language=lang, costs=costs)
    command = to_run("tornado", stored(result.path))["command"]
    if as_json:
        paths = {"folder": str(result.path), "report": str(report), "next": command}
        typer.echo(json.dumps({**paths, "table": records(result.table)}, indent=1))
        return
    _print_comparison(scenario, list(scenario.designs), result)
    for sentence in _of_turnover(scenario, result, lang):
        typer.echo(sentence)
    typer.echo(f"Report: {report}")
    typer.echo(f"What would change the answer in your firm (--dry-run says how long it takes): {command}")


def _of_turnover(scenario: "Scenario", result: "Comparison", lang: str) -> Iterator[str]:
    """What was asked for, and what the traditional firm then has: one is a rate of the model, the other its outcome."""
    from sim.locale import Words
    from sim.report.firm import own_numbers

    own = own_numbers(scenario)
    if "yearly_turnover" in own:
        asked, _ = own["yearly_turnover"]
        reached = float(result.runs.loc[result.runs["design"] == scenario.designs[0], "turnover"].mean())
        yield Words(lang)("costs.own_firm.turnover", asked=number(asked, ".3g"), reached=number(reached, ".3g"))


def _typed(path: Path) -> str:
    """A path as it is typed in a shell."""
    text = path.as_posix()
    return f'"{text}"' if " " in text else text
