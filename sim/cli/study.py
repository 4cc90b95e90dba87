"""The commands `sweep` and `replay`."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.terminal import (
    AsJson,
    Overrides,
    console,
    exit_if,
    fail,
    number,
    or_none,
    progress,
    records,
    ruled,
    store_sentences,
    tell_of_failures,
    with_interval,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.study.analysis import Analysis
    from sim.study.executors import Executor
    from sim.study.sweep import Study
    from sim.study.sweepfile import Sweep

MOST_ROWS = 12  # of a table on the terminal; the file has them all


def sweep(
    file: Annotated[str, typer.Argument(help="A sweep file, or the name of a built-in one.")] = "factorial",
    replications: Annotated[int | None, typer.Option(min=1, help="Pairs of twins at each point.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")] = None,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler: tcp://HOST:8786.")] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Compute only the I-th of N shares.")] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Put shards together and see that none is missing.")] = False,
    sources: Annotated[
        list[Path] | None, typer.Option("--from", metavar="FOLDER", help="With --merge: where a shard lies.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.")] = None,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say runs, minutes and megabytes, run nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a study: many worlds or designs, as paired twins. Stopped, the same command goes on from there.

    Example: firmlab sweep factorial --workers 2
    """
    if merge and (cluster or shard or workers):
        fail("--merge computes nothing; --cluster, --shard and --workers do not go with it.")
    if sources and not merge:
        fail("--from says where shards lie that --merge puts together; write --merge too.")
    share = _share(shard) if shard else (1, 1)
    with store_sentences():
        from sim.study.sweep import merge as merge_shards
        from sim.study.sweep import sweep as run_sweep
        from sim.study.sweepfile import Sweep

        setup = Sweep(file, overrides or ())
        if dry_run:
            _print_estimate(setup, replications, workers, out, as_json)
            return
        if merge:
            study = merge_shards(setup, sources or (), replications=replications, out=out)
        else:
            with _executor(cluster) as execute, progress() as tell:
                study = run_sweep(setup, replications=replications, workers=workers, execute=execute, out=out,
                                  shard=share, progress=tell)  # fmt: skip
        tell_of_failures(study.failed, study.damaged, study.path)
        if shard:
            typer.echo(f"shard {shard}: {study.computed} runs computed now, in {study.path}. "
                       f"When all shards are: firmlab sweep {file} --merge")  # fmt: skip
        else:
            _report(study, as_json)
    exit_if(len(study.failed))


def _executor(cluster: str | None) -> "AbstractContextManager[Executor | None]":
    if cluster is None:
        return nullcontext()
    from sim.study.cluster import Cluster

    return Cluster(cluster)


def _share(shard: str) -> tuple[int, int]:
    first, _, last = shard.partition("/")
    if not (first.isdecimal() and last.isdecimal()):
        fail(f"--shard {shard} is not I/N, such as 1/4 to 4/4.")
    return int(first), int(last)


def _print_estimate(
    setup: "Sweep", replications: int | None, workers: int | None, out: Path | None, as_json: bool
) -> None:
    from sim.study.estimate import estimate

    found = estimate(setup, replications=replications, workers=workers, out=out)
    if as_json:
        typer.echo(json.dumps(vars(found), indent=1, default=str))
        return
    most = " at most" if setup.until and replications is None else ""
    typer.echo(
        f"{found.runs} runs{most} ({found.points} points, {found.designs} designs), {found.there} of them there "
        f"already; about {found.minutes:.1f} minutes with {found.workers} processes, {found.megabytes:.1f} MB in "
        f"{found.folder}."
    )


def _report(study: "Study", as_json: bool) -> None:
    """Tables on the terminal and beside the runs, figures where they can be drawn."""
    from sim.study.analysis import analyse
    from sim.study.durable import replace

    found = analyse(study)
    folder = study.path / "analysis"
    for name, table in found.tables.items():
        replace(folder / f"{name}.csv", table.to_csv(index=False).encode())
    figures = _figures(study, found)
    if as_json:
        typer.echo(json.dumps({name: records(table) for name, table in found.tables.items()}, indent=1))
        return
    page = console()
    page.print(f"{study.sweep.name}: {study.sweep.question}")
    pairs = study.runs.groupby("point")["replication"].nunique()
    replicated = f"{pairs.min()} to {pairs.max()}" if pairs.nunique() > 1 else f"{pairs.max() if len(pairs) else 0}"
    page.print(
        f"{len(study.experiment.values)} points, {len(study.experiment.designs)} designs, {replicated} twin firms "
        "each. ±: 95 % intervals over firms, differences paired."
    )
    for name, table in found.tables.items():
        for shown in PRINT[name](table):
            page.print(shown)
    for sentence in found.sentences:
        page.print(sentence)
    page.print(f"Stored in {study.path} ({study.computed} runs computed now, {study.reused} there already).")
    page.print(f"Tables: {folder}" + (f"; figures: {', '.join(map(str, figures))}." if figures else "."))


def _figures(study: "Study", found: "Analysis") -> list[Path]:
    from sim.scenario import ScenarioError
    from sim.study.figures import figures, require_matplotlib, save
    from sim.study.provenance import command_line

    try:
        require_matplotlib()
    except ScenarioError as error:
        typer.echo(f"firmlab: {error}", err=True)
        return []
    again = " ".join(["firmlab", *command_line()[1:]])
    return save(figures(found.tables, study.sweep.question, again), study.path / "figures")


def _print_attribution(table: "pd.DataFrame") -> "list[Table]":
    """A column a measure: Shapley values, their sum, and what the settings add."""
    shown = ruled("Shapley value of", *dict.fromkeys(table["measure"]))
    for kind, lever in [("shapley", lever) for lever in dict.fromkeys(table["lever"]) if lever]:
        _effects(shown, table, kind, lever, lever)
    shown.add_section()
    _effects(shown, table, "total", "", "all six")
    _effects(shown, table, "settings", "", "settings (beside the sum)")
    return [shown]


def _effects(shown: "Table", table: "pd.DataFrame", kind: str, lever: str, words: str) -> None:
    rows = table[(table["kind"] == kind) & (table["lever"] == lever)]
    shown.add_row(words, *(with_interval(row.estimate, row.high, "+.3g") for row in rows.itertuples()))


def _print_sensitivity(table: "pd.DataFrame") -> "list[Table]":
    index = "total" if "total" in table else "mu_star"
    others = ["first"] if index == "total" else ["mu", "sigma"]
    found = []
    for measure, rows in table.groupby("measure", sort=False):
        shown = ruled("factor", index, *others, title=f"{measure}: what the difference depends on")
        for row in rows.head(MOST_ROWS).to_dict(orient="records"):
            shown.add_row(row["factor"], with_interval(row[index], row[f"{index}_high"], ".3g"),
                          *(number(row[name], ".3g") for name in others))  # fmt: skip
        found.append(shown)
    return found


def _print_wins(table: "pd.DataFrame") -> "list[Table]":
    headers = ("design", "share", "95 % interval", "single pairs", "clearly", "clearly loses", "undecided", "points")
    shown = ruled("wins in % of the ranges", *headers)
    for row in table.to_dict(orient="records"):
        shares = [f"{100 * row[name]:.0f}" for name in ("wins", "loses", "undecided")]
        both = (("low", "high"), ("pair_low", "pair_high"))
        ends = [f"{100 * row[low]:.0f} to {100 * row[high]:.0f}" for low, high in both]
        shown.add_row(row["measure"], row["design"], f"{100 * row['share']:.0f}", *ends, *shares, str(row["points"]))
    return [shown]


def _print_boxes(table: "pd.DataFrame") -> "list[Table]":
    shown = ruled("wins where", "design", "box", "factor", "from", "to", "wins inside, %", "of all wins, %")
    for row in table.to_dict(orient="records"):
        shares = [f"{100 * row[name]:.0f}" for name in ("density", "coverage")]
        ends = ["-" if abs(end) == float("inf") else f"{end:.3g}" for end in (row["lower"], row["upper"])]
        shown.add_row(row["measure"], row["design"], str(row["box"]), row["factor"], *ends, *shares)
    return [shown]


def _print_points(table: "pd.DataFrame") -> "list[Table]":
    """A row a point, a column a measure; only where they fit on a page."""
    keys = [name for name in table.columns if "." in name]
    rows = table.groupby(keys, sort=False)
    if len(rows) > 4 * MOST_ROWS:
        return []
    found = []
    for design in dict.fromkeys(table["design"]):
        shown = ruled(*keys, *dict.fromkeys(table["measure"]), title=f"{design} less the reference")
        for values, cells in table[table["design"] == design].groupby(keys, sort=False):
            differences = (with_interval(row.difference, row.difference_high, "+.3g") for row in cells.itertuples())
            shown.add_row(*(f"{value:g}" for value in values), *differences)
        found.append(shown)
    return found


PRINT = {
    "attribution": _print_attribution,
    "sensitivity": _print_sensitivity,
    "wins": _print_wins,
    "boxes": _print_boxes,
    "points": _print_points,
}


def replay(
    key: Annotated[str, typer.Argument(help="Key of a run, or its beginning.")],
    folder: Annotated[Path | None, typer.Option("--in", help="Its folder (default: all in results/).")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a stored run again and compare it with what is stored, to the last bit.

    Example: firmlab replay 3f2a --in results/factorial-1a2b3c4d
    """
    with store_sentences():
        from sim.study.replay import replay as make_again

        again = make_again(key, folder)
    row = again.row
    name = f"{row['key']}: {row['design']}, seed {row['seed']}, replication {row['replication']}"
    if again.error:
        fail(f"{name}: fails {'as before' if 'error' in row else 'now'} with {again.error}", 1)
    if as_json:
        differing = {one: [or_none(row[one]), or_none(again.measures.get(one))] for one in again.differing}
        typer.echo(json.dumps({"key": row["key"], "differing": differing, "changed": again.changed}, indent=1))
    elif "error" in row:
        typer.echo(f"{name}: it failed with {row['error']} and does not now.")
    elif not again.differing:
        typer.echo(f"{name}: all {len(again.measures)} measures are the stored ones, to the last bit.")
    else:
        for measure in again.differing:
            typer.echo(f"  {measure}: stored {row[measure]!r}, now {again.measures.get(measure)!r}")
    if again.differing:
        for sentence in again.changed:
            typer.echo(f"  {sentence}", err=True)
        fail(f"{name}: {len(again.differing)} measures differ.", 1)
