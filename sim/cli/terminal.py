"""What all commands share: options, sentences for mistakes, progress, numbers as people read them."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from sim.scenario import Scenario

ScenarioArgument = Annotated[str, typer.Argument(help="A scenario file, or the name of a built-in one.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key: --set world.load=1.5")
]
Seed = Annotated[int | None, typer.Option(help="Seed of all draws (0 to 4294967295).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def fail(sentence: str, code: int = 2) -> NoReturn:
    """End with a sentence."""
    typer.echo(f"firmlab: {sentence}", err=True)
    raise typer.Exit(code)


@contextmanager
def sentences() -> Iterator[None]:
    """A user's mistake is answered with one sentence and exit code 2."""
    from sim.scenario import ScenarioError

    try:
        yield
    except ScenarioError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("stopped; finished runs are kept, and the same command goes on from there.", 130)


@contextmanager
def store_sentences() -> Iterator[None]:
    """The same, also for a folder that cannot be the store."""
    from sim.study.durable import StoreError

    try:
        with sentences():
            yield
    except StoreError as error:
        fail(str(error))


def load(name: str, overrides: list[str] | None) -> "Scenario":
    """A scenario with some keys overridden."""
    from sim.scenario import Scenario

    return Scenario.load(name).override(overrides or [])


def announce_compilation() -> None:
    """Say why the first run is long in coming."""
    from sim.compiled import is_cold

    if is_cold():
        typer.echo("firmlab: compiling the rules, once for this version (about a minute) ...", err=True)


@contextmanager
def progress() -> Iterator[Callable[[float, int], None]]:
    """A bar with the time left, where somebody is looking; nothing but the announcement of compiling elsewhere."""

    def announce(done: float, total: float) -> None:
        if done < total:
            announce_compilation()

    first = once(announce)
    with bar("runs") as show:

        def tell(done: float, total: int) -> None:
            first(done, total)
            show(done, total)

        yield tell


@contextmanager
def bar(what: str) -> Iterator[Callable[[float, float], None]]:
    """A bar that is told (done, total), on a terminal; elsewhere nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(show_speed=False), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def once(what: Callable[[float, float], None]) -> Callable[[float, float], None]:
    """The first call counts, later ones do nothing."""
    calls = count()
    return lambda done, total: what(done, total) if next(calls) == 0 else None


def number(value: float, written: str) -> str:
    """A number as people read it: no sign at zero, a dash where there is none."""
    if value != value:
        return "-"
    text = f"{value:{written}}"
    return text.lstrip("+-") if float(text) == 0.0 else text


def with_interval(middle: float, high: float, written: str) -> str:
    """A mean and half its interval, which is symmetric; a run alone has none."""
    text = number(middle, written)
    return text if high != high else f"{text} ± {number(high - middle, written.lstrip('+'))}"


def or_none(value: Any) -> Any:
    """What JSON can say: no NaN, and no limit where there is none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def tell_of_failures(failed: "pd.DataFrame", damaged: Sequence[str], folder: Path) -> None:
    """Parts that had to be computed again, and runs that failed."""
    for sentence in damaged:
        typer.echo(f"firmlab: {sentence}", err=True)
    if len(failed):
        first = failed.iloc[0]
        typer.echo(
            f"firmlab: {len(failed)} run{'s' * (len(failed) > 1)} failed and left out, the first with "
            f"{first['error']!r} (again: {first['command']}). They are listed in {folder / 'failures'}; without that "
            "folder they are tried again.",
            err=True,
        )


def exit_if(failed: int) -> None:
    """Exit code 3 says that some runs failed."""
    if failed:
        raise typer.Exit(3)


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """A table as JSON can say it; what is not defined is null."""
    return [{str(k): or_none(v) for k, v in row.items()} for row in table.to_dict(orient="records")]


def print_records(table: "pd.DataFrame") -> None:
    """A table as JSON for scripts."""
    typer.echo(json.dumps(records(table), indent=1))


def console() -> "Console":
    """Plain text of a fixed width where nobody is looking."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)


def ruled(*headers: str, title: str | None = None, **looks: Any) -> "Table":
    """An empty table: the first column words, the others numbers. ASCII where the terminal knows nothing else."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    plain = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    lines = box.ASCII if plain else box.SIMPLE_HEAD
    table = Table(title=title, title_justify="left", box=lines, pad_edge=False, **looks)
    for number, header in enumerate(headers):
        table.add_column(Text(header), justify="right" if number else "left", no_wrap=not number)
    return table
