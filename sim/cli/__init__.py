"""The command line: reading options and printing, nothing else. Everything heavy is imported inside functions."""

import sys

import typer

from sim.cli.claims import claims
from sim.cli.comparison import compare
from sim.cli.dashboard import dashboard
from sim.cli.doctor import doctor
from sim.cli.firm import check, run, schema
from sim.cli.own_firm import firm, template
from sim.cli.report import report
from sim.cli.study import replay, sweep

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="An agent-based laboratory that runs one firm under gatekeeper rules and under open rules.",
)
for command in (check, schema, run, compare, sweep, replay, report, claims, template, firm, dashboard, doctor):
    app.command()(command)


def main() -> None:
    """Entry point of `firmlab` and `python -m sim`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows another
    app()
