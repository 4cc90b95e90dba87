"""The command `dashboard`."""

import socket
from importlib.util import find_spec
from typing import Annotated

import typer

from sim.cli.terminal import fail


def dashboard(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8765,
    network: Annotated[
        bool, typer.Option("--network", help="Let others on this network in, for a class; else only this computer.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the classroom: twin firms side by side in the browser. Ctrl-C ends it.

    Example: firmlab dashboard --network
    """
    if find_spec("solara") is None:
        fail('the dashboard needs packages that are not installed; pip install "firmlab[dashboard]" gets them.')
    host = "0.0.0.0" if network else "127.0.0.1"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            fail(f"--port {port} is taken by another program, or not yours to take; try --port {min(port + 1, 65535)}.")
    typer.echo("Getting ready; the first time of a version this compiles the rules, which takes a few minutes ...")
    from sim.dashboard.server import addresses, get_ready, serve

    get_ready()
    for address in addresses(host, port):
        typer.echo(f"Dashboard: {address}")
    typer.echo("Ctrl-C ends it.")
    serve(host=host, port=port, browser=browser)
