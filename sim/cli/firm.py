"""Commands about one scenario or one firm: check, schema, run."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.terminal import (
    AsJson,
    Overrides,
    ScenarioArgument,
    Seed,
    announce_compilation,
    bar,
    fail,
    load,
    or_none,
    sentences,
)


def check(scenario: ScenarioArgument, overrides: Overrides = None) -> None:
    """Check a scenario file and say what it would run.

    Example: firmlab check scenarios/baseline.toml
    """
    with sentences():
        found = load(scenario, overrides)
    run = found.run
    count = len(found.events)
    events = f", {count} dated event{'s' * (count != 1)}" if count else ""
    typer.echo(
        f"ok: {found.name}: {found.world.staff} seats, designs {', '.join(found.designs)}, {run.replications} pairs "
        f"of {run.burn_in_weeks} + {run.warm_up_weeks} + {run.weeks} weeks{events}."
    )


def schema() -> None:
    """Print the JSON schema of scenario files: every key with unit, range, meaning and source.

    Example: firmlab schema > scenario.schema.json
    """
    from sim.scenario import schema as scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))


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
    with sentences():
        found = load(scenario, [*(overrides or []), *([f"run.seed={seed}"] if seed is not None else [])])
        found.design(design)
        if trace is not None:
            _refuse_what_is_no_file(trace)
        announce_compilation()
        from sim.engine import simulate
        from sim.measures import MEASURES

        with bar("weeks of one firm") as show:
            measures = simulate(
                found, [design], seed=found.run.seed, replication=replication, progress=lambda done: show(done, 1.0)
            )[0]
        if trace is not None:
            from sim.study.trace import trace as write_trace

            write_trace(found, design, seed=found.run.seed, replication=replication, path=trace)
    if as_json:
        typer.echo(json.dumps({name: or_none(value) for name, value in measures.items()}, indent=1))
        return
    width = max(map(len, measures))
    for measure in MEASURES:
        typer.echo(f"{measure.name:{width}}  {measures[measure.name]:>12.4f}  {measure.unit}")


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        fail(f"{path} cannot be written; --trace must name a file in a folder that exists.")
