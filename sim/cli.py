"""The command line: reading options and printing, nothing else. Everything heavy is imported inside functions."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.box import Box
    from rich.table import Table

    from sim.scenario import Scenario
    from sim.study.compare import Comparison

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="An agent-based laboratory that runs one firm under gatekeeper rules and under open rules.",
)

# Rows of the table of `compare`: measure, words, factor, decimals.
ROWS: tuple[tuple[str, str, float, int], ...] = (
    # The three headlines.
    ("decision_hours_median", "decision median h", 1, 2),
    ("retention_12m", "staff kept, %", 100, 1),
    ("satisfaction", "satisfaction", 1, 1),
    # What stands beside them.
    ("decision_hours_mean", "decision mean h", 1, 2),
    ("decision_hours_p90", "decision p90 h", 1, 2),
    ("request_hours_median", "request median h", 1, 2),
    ("request_hours_p90", "request p90 h", 1, 2),
    ("omission_rate", "good rejected, %", 100, 1),
    # What it cost.
    ("commission_rate", "bad accepted, %", 100, 1),
    ("utilization_max", "busiest, %", 100, 1),
    ("circle_hours", "circles, h", 1, 1),
    ("panel_hours", "panels, h", 1, 1),
    ("fees", "fees a seat", 1, 1),
    ("profit_per_seat", "profit a seat", 1, 0),
)
SECTIONS = {"satisfaction", "omission_rate"}  # rows after which the table has a line
STATIONARY_CONSULTS = 0.05  # share of consults ended by the clock above which a world is not stationary

ScenarioArgument = Annotated[str, typer.Argument(help="A scenario file, or the name of a built-in one.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key: --set world.load=1.5")
]
Seed = Annotated[int | None, typer.Option(help="Seed of all draws (0 to 4294967295).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def main() -> None:
    """Entry point of `firmlab` and `python -m sim`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows another
    app()


def _fail(sentence: str, code: int = 2) -> NoReturn:
    typer.echo(f"firmlab: {sentence}", err=True)
    raise typer.Exit(code)


@contextmanager
def _sentences() -> Iterator[None]:
    """A user's mistake is answered with one sentence and exit code 2."""
    from sim.scenario import ScenarioError

    try:
        yield
    except ScenarioError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("stopped; finished runs are kept, and the same command goes on from there.", 130)


@contextmanager
def _store_sentences() -> Iterator[None]:
    from sim.study.store import StoreError

    try:
        with _sentences():
            yield
    except StoreError as error:
        _fail(str(error))


def _scenario(name: str, overrides: list[str] | None) -> "Scenario":
    from sim.scenario import Scenario

    return Scenario.load(name).override(overrides or [])


def _announce_compilation() -> None:
    from sim.compiled import is_cold

    if is_cold():
        typer.echo("firmlab: compiling the rules, once for this version (about a minute) ...", err=True)


@app.command()
def check(scenario: ScenarioArgument, overrides: Overrides = None) -> None:
    """Check a scenario file and say what it would run.

    Example: firmlab check scenarios/baseline.toml
    """
    with _sentences():
        found = _scenario(scenario, overrides)
    run = found.run
    count = len(found.events)
    events = f", {count} dated event{'s' * (count != 1)}" if count else ""
    typer.echo(
        f"ok: {found.name}: {found.world.staff} seats, designs {', '.join(found.designs)}, {run.replications} pairs "
        f"of {run.burn_in_weeks} + {run.warm_up_weeks} + {run.weeks} weeks{events}."
    )


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files: every key with unit, range, meaning and source.

    Example: firmlab schema > scenario.schema.json
    """
    from sim.scenario import schema as scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))


@app.command()
def run(
    scenario: ScenarioArgument = "baseline",
    design: Annotated[str, typer.Option(help="Name of a design.")] = "traditional",
    seed: Seed = None,
    replication: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Which of the seed's twins.")] = 0,
    overrides: Overrides = None,
    as_json: AsJson = False,
    trace: Annotated[Path | None, typer.Option(help="Write every case's path to this CSV file.")] = None,
) -> None:
    """Run one firm and print its measures.

    Example: firmlab run baseline --design social --set world.load=1.5
    """
    with _sentences():
        found = _scenario(scenario, [*(overrides or []), *([f"run.seed={seed}"] if seed is not None else [])])
        found.design(design)
        if trace is not None:
            _refuse_what_is_no_file(trace)
        _announce_compilation()
        from sim.engine import simulate
        from sim.measures import MEASURES

        with _bar("weeks of one firm") as show:
            measures = simulate(
                found, [design], seed=found.run.seed, replication=replication, progress=lambda done: show(done, 1.0)
            )[0]
        if trace is not None:
            from sim.study.trace import trace as write_trace

            write_trace(found, design, seed=found.run.seed, replication=replication, path=trace)
    if as_json:
        typer.echo(json.dumps({name: _or_none(value) for name, value in measures.items()}, indent=1))
        return
    width = max(map(len, measures))
    for measure in MEASURES:
        typer.echo(f"{measure.name:{width}}  {measures[measure.name]:>12.4f}  {measure.unit}")


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        _fail(f"{path} cannot be written; --trace must name a file in a folder that exists.")


@app.command()
def compare(
    scenario: ScenarioArgument = "baseline",
    designs: Annotated[
        str | None, typer.Option(help="Names with commas between; the first is the reference.")
    ] = None,
    replications: Annotated[int | None, typer.Option(help="Pairs of twins.")] = None,
    seed: Seed = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    trace: Annotated[bool, typer.Option(help="Also write every case's path in the first pair.")] = False,
    every: Annotated[
        int | None, typer.Option(min=1, metavar="WEEKS", help="Show the path over time instead, by so many weeks.")
    ] = None,
) -> None:
    """Compare designs as paired twins: same people, same customers, same draws, other rules.

    Example: firmlab compare baseline --designs traditional,social --replications 30
    """
    with _sentences():
        found = _scenario(scenario, overrides)
        names = [name.strip() for name in designs.split(",")] if designs is not None else list(found.designs)
        for name in names:
            found.design(name)
    if every is not None:
        _compare_over_time(found, names, every, replications, seed, workers, as_json)
        return
    with _store_sentences():
        from sim.study.compare import compare as compare_designs

        with _progress() as progress:
            result = compare_designs(
                found, designs=names, replications=replications, seed=seed, workers=workers, out=out, progress=progress
            )
        if trace:
            _write_traces(found, names, result, seed)
    if as_json:
        records = result.table.to_dict(orient="records")
        typer.echo(json.dumps([{k: _or_none(v) for k, v in record.items()} for record in records], indent=1))
        return
    _print_comparison(found, names, result)


PATH_ROWS = (
    ("decision_hours_median", "decision median h", 1, 2),
    ("turnover", "quits per person and year, %", 100, 1),
    ("satisfaction", "satisfaction", 1, 1),
    ("attachment", "attachment, 0-100", 100, 1),
    ("profit_per_seat", "profit a seat and year", 1, 0),
)


def _compare_over_time(
    scenario: "Scenario",
    names: list[str],
    weeks: int,
    replications: int | None,
    seed: int | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """The path of each design, stretch after stretch. Nothing is stored: the runs of a comparison are whole runs."""
    changes = {"seed": seed, "replications": replications}
    with _sentences():
        scenario = scenario.override([f"run.{name}={value}" for name, value in changes.items() if value is not None])
        _announce_compilation()
        from sim.study.path import path

        table = path(scenario, names, weeks=weeks, replications=scenario.run.replications, workers=workers)
    if as_json:
        records = table.to_dict(orient="records")
        typer.echo(json.dumps([{k: _or_none(v) for k, v in record.items()} for record in records], indent=1))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)
    console.print(f"{scenario.name}: {scenario.question}")
    console.print(f"{scenario.run.replications} firms a design, by {weeks} weeks. ±: 95 % intervals over firms.")
    rows = {(row["measure"], row["design"], row["week"]): row for row in table.to_dict(orient="records")}
    ends = sorted(table["week"].unique())
    for measure, words, factor, decimals in PATH_ROWS:
        lines = Table(title=words, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        lines.add_column("to week")
        for name in names:
            lines.add_column(name, justify="right")
        for week in ends:
            cells = [rows[measure, name, week] for name in names]
            lines.add_row(
                str(week),
                *(_with_interval(factor * c["estimate"], factor * c["high"], f".{decimals}f") for c in cells),
            )
        console.print(lines)


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value


def _write_traces(scenario: "Scenario", names: list[str], result: "Comparison", seed: int | None) -> None:
    from sim.study.trace import trace as write_trace

    for name in names:
        path = result.path / "trace" / f"{name}.csv"
        chosen = scenario.run.seed if seed is None else seed
        rows = write_trace(scenario, name, seed=chosen, replication=0, path=path)
        typer.echo(f"firmlab: {rows} services written to {path}", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[float, int], None]]:
    """A bar with the time left, where somebody is looking; nothing but the announcement of compiling elsewhere."""

    def announce(done: float, total: float) -> None:
        if done < total:
            _announce_compilation()

    first = _once(announce)
    with _bar("runs") as show:

        def tell(done: float, total: int) -> None:
            first(done, total)
            show(done, total)

        yield tell


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float, float], None]]:
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


def _once(what: Callable[[float, float], None]) -> Callable[[float, float], None]:
    """The first call counts, later ones do nothing."""
    calls = count()
    return lambda done, total: what(done, total) if next(calls) == 0 else None


def _number(value: float, written: str) -> str:
    if value != value:
        return "-"
    text = f"{value:{written}}"
    return text.lstrip("+-") if float(text) == 0.0 else text


def _with_interval(middle: float, high: float, written: str) -> str:
    """A mean and half its interval, which is symmetric; a run alone has none."""
    text = _number(middle, written)
    return text if high != high else f"{text} ± {_number(high - middle, written.lstrip('+'))}"


def _print_comparison(scenario: "Scenario", names: list[str], result: "Comparison") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)
    rows = {(row["measure"], row["design"]): row for row in result.table.to_dict(orient="records")}
    pairs = int(result.runs["replication"].nunique())
    run = scenario.run
    console.print(f"{scenario.name}: {scenario.question}")
    console.print(
        f"{pairs} pairs of twins, {scenario.world.staff} seats, {run.weeks} weeks measured after {run.burn_in_weeks} "
        f"of burn-in and {run.warm_up_weeks} of warm-up. ±: 95 % intervals over runs, differences paired."
    )
    plain = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    for name in names[1:]:
        table = Table(box=box.ASCII if plain else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("")
        for header in (names[0], name, "difference", "better/\nequal/\nworse", "gain"):
            table.add_column(Text(header), justify="right")
        for measure, words, factor, decimals in ROWS:
            if any(rows[measure, design]["pairs"] for design in (names[0], name)):  # else no firm has such cases
                cells = _cells(rows, measure, names[0], name, factor, decimals)
                table.add_row(Text(words), *cells, end_section=measure in SECTIONS)
        console.print(table)
    console.print(
        f"better/equal/worse: pairs in which the design does better than {names[0]}; '-': neither way is better. "
        "Gain: how many times more runs independent firms would need for the same interval. "
        "Circles, panels, fees and profit: a seat and year, money in hours' wages."
    )
    if scenario.observed_hours_by_handoffs is not None:
        console.print(_handoffs(scenario, result.table, box.ASCII if plain else box.SIMPLE_HEAD))
    for sentence in _warnings(result.table):
        console.print(sentence, style="bold")
    console.print(f"Stored in {result.path} ({result.computed} runs computed now, {result.reused} there already).")


def _cells(
    rows: dict[tuple[str, str], Any], measure: str, reference: str, name: str, factor: float, decimals: int
) -> Iterator[str]:
    base, own = rows[measure, reference], rows[measure, name]
    for row in (base, own):
        yield _with_interval(factor * row["estimate"], factor * row["high"], f".{decimals}f")
    yield _with_interval(factor * own["difference"], factor * own["difference_high"], f"+.{decimals}f")
    shares = [own[f"twins_{word}"] for word in ("better", "equal", "worse")]
    yield "-" if shares[0] != shares[0] else "/".join(str(round(share * own["pairs"])) for share in shares)
    yield "-" if own["pairing_gain"] != own["pairing_gain"] else f"{own['pairing_gain']:.1f}"


def _handoffs(scenario: "Scenario", comparison: "pd.DataFrame", lines: "Box") -> "Table":
    from rich.table import Table

    from sim.study.observed import by_handoffs, straightness

    hours = by_handoffs(scenario, comparison)
    table = Table(box=lines, pad_edge=False)
    table.add_column("median hours of requests by handoffs", no_wrap=True)
    for column in hours:
        table.add_column(str(column), justify="right")
    for handoffs, row in hours.iterrows():
        last = " or more" if handoffs == len(hours) - 1 else ""
        table.add_row(f"{handoffs}{last}", *(_number(value, ".1f") for value in row))
    table.add_row("R² of a straight line", *(_number(straightness(hours[column]), ".2f") for column in hours))
    return table


def _warnings(table: "pd.DataFrame") -> Iterator[str]:
    """A world in which queues only grow has no settled waiting time, and the page says so."""
    estimates = table.set_index(["measure", "design"])["estimate"]
    for design in table["design"].unique():
        overloaded = estimates["overloaded_share", design]
        if overloaded > 0:
            yield (
                f"Not stationary under {design}: {100 * overloaded:.2g} % of seats are busy more than 95 % of the "
                "time; their times depend on how long is measured."
            )
        if estimates["consult_default_share", design] > STATIONARY_CONSULTS:
            yield f"Not stationary under {design}: more than 5 % of consults end by the clock."
