"""The command `compare`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.terminal import (
    AsJson,
    Overrides,
    ScenarioArgument,
    Seed,
    announce_compilation,
    console,
    exit_if,
    load,
    number,
    print_records,
    progress,
    ruled,
    sentences,
    store_sentences,
    tell_of_failures,
    with_interval,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.scenario import Scenario
    from sim.study.compare import Comparison

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
    series: Annotated[bool, typer.Option("--series", help="Also keep the figures of every day.")] = False,
    report: Annotated[bool, typer.Option(help="Also write the page for the board.")] = True,
    every: Annotated[
        int | None, typer.Option(min=1, metavar="WEEKS", help="Show the path over time instead, by so many weeks.")
    ] = None,
) -> None:
    """Compare designs as paired twins: same people, same customers, same draws, other rules.

    Example: firmlab compare baseline --designs traditional,social --replications 30
    """
    with sentences():
        found = load(scenario, overrides)
        names = [name.strip() for name in designs.split(",")] if designs is not None else list(found.designs)
        for name in names:
            found.design(name)
    if every is not None:
        _compare_over_time(found, names, every, replications, seed, workers, as_json)
        return
    with store_sentences():
        from sim.study.compare import compare as compare_designs

        with progress() as tell:
            result = compare_designs(
                found, designs=names, replications=replications, seed=seed, workers=workers, out=out, series=series,
                progress=tell,
            )  # fmt: skip
        if trace:
            _write_traces(found, names, result, seed)
    tell_of_failures(result.failed, result.damaged, result.path)
    if as_json:
        print_records(result.table)
    elif len(result.runs):
        _print_comparison(found, names, result)
        if report:
            _write_report(result)
    exit_if(len(result.failed))


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
    with sentences():
        scenario = scenario.override([f"run.{name}={value}" for name, value in changes.items() if value is not None])
        announce_compilation()
        from sim.study.path import path

        table = path(scenario, names, weeks=weeks, replications=scenario.run.replications, workers=workers)
    if as_json:
        print_records(table)
        return
    page = console()
    page.print(f"{scenario.name}: {scenario.question}")
    page.print(f"{scenario.run.replications} firms a design, by {weeks} weeks. ±: 95 % intervals over firms.")
    rows = {(row["measure"], row["design"], row["week"]): row for row in table.to_dict(orient="records")}
    ends = sorted(table["week"].unique())
    for measure, words, factor, decimals in PATH_ROWS:
        lines = ruled("to week", *names, title=words)
        for week in ends:
            cells = [rows[measure, name, week] for name in names]
            lines.add_row(
                str(week),
                *(with_interval(factor * c["estimate"], factor * c["high"], f".{decimals}f") for c in cells),
            )
        page.print(lines)


def _write_traces(scenario: "Scenario", names: list[str], result: "Comparison", seed: int | None) -> None:
    from sim.study.trace import trace as write_trace

    for name in names:
        path = result.path / "trace" / f"{name}.csv"
        chosen = scenario.run.seed if seed is None else seed
        rows = write_trace(scenario, name, seed=chosen, replication=0, path=path)
        typer.echo(f"firmlab: {rows} services written to {path}", err=True)


def _print_comparison(scenario: "Scenario", names: list[str], result: "Comparison") -> None:
    page = console()
    rows = {(row["measure"], row["design"]): row for row in result.table.to_dict(orient="records")}
    pairs = int(result.runs["replication"].nunique())
    run = scenario.run
    page.print(f"{scenario.name}: {scenario.question}")
    page.print(
        f"{pairs} pairs of twins, {scenario.world.staff} seats, {run.weeks} weeks measured after {run.burn_in_weeks} "
        f"of burn-in and {run.warm_up_weeks} of warm-up. ±: 95 % intervals over runs, differences paired."
    )
    for name in names[1:]:
        table = ruled("", names[0], name, "difference", "better/\nequal/\nworse", "gain", padding=(0, 1, 0, 0))
        for measure, words, factor, decimals in ROWS:
            if any(rows[measure, design]["pairs"] for design in (names[0], name)):  # else no firm has such cases
                cells = _cells(rows, measure, names[0], name, factor, decimals)
                table.add_row(words, *cells, end_section=measure in SECTIONS)
        page.print(table)
    page.print(
        f"better/equal/worse: pairs in which the design does better than {names[0]}; '-': neither way is better. "
        "Gain: how many times more runs independent firms would need for the same interval. "
        "Circles, panels, fees and profit: a seat and year, money in hours' wages."
    )
    if scenario.observed_hours_by_handoffs is not None:
        page.print(_handoffs(scenario, result.table))
    for sentence in _warnings(result.table):
        page.print(sentence, style="bold")
    page.print(f"Stored in {result.path} ({result.computed} runs computed now, {result.reused} there already).")


def _cells(
    rows: dict[tuple[str, str], Any], measure: str, reference: str, name: str, factor: float, decimals: int
) -> Iterator[str]:
    base, own = rows[measure, reference], rows[measure, name]
    for row in (base, own):
        yield with_interval(factor * row["estimate"], factor * row["high"], f".{decimals}f")
    yield with_interval(factor * own["difference"], factor * own["difference_high"], f"+.{decimals}f")
    shares = [own[f"twins_{word}"] for word in ("better", "equal", "worse")]
    yield "-" if shares[0] != shares[0] else "/".join(str(round(share * own["pairs"])) for share in shares)
    yield "-" if own["pairing_gain"] != own["pairing_gain"] else f"{own['pairing_gain']:.1f}"


def _write_report(result: "Comparison") -> None:
    from sim.report import write_report

    with store_sentences():
        typer.echo(f"Report: {write_report(result.path)[0]}")


def _handoffs(scenario: "Scenario", comparison: "pd.DataFrame") -> "Table":
    from sim.study.observed import by_handoffs, straightness

    hours = by_handoffs(scenario, comparison)
    table = ruled("median hours of requests by handoffs", *map(str, hours))
    for handoffs, row in hours.iterrows():
        last = " or more" if handoffs == len(hours) - 1 else ""
        table.add_row(f"{handoffs}{last}", *(number(value, ".1f") for value in row))
    table.add_row("R² of a straight line", *(number(straightness(hours[column]), ".2f") for column in hours))
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
