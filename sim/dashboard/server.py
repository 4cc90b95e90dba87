"""The server: the page, its scripts, files to take away, and the address at which a class predicts.

Everything is served from this machine; nothing is fetched from anywhere else. It listens on loopback unless told
otherwise, and no request can run code or name a file (guard.py).
"""

import os
import socket
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Timer
from typing import Any

HERE = Path(__file__).parent
# What the page's server reads when it is imported.
SETTINGS = {
    "SOLARA_APP": "sim.dashboard.app",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_VARIANT_USER_SELECTABLE": "false",
    "SOLARA_KERNEL_CULL_TIMEOUT": "30m",
    "SOLARA_KERNEL_MAX_COUNT": "60",
}


def application() -> Any:
    """The whole server as an ASGI application."""
    os.environ.update(SETTINGS)
    import plotly
    import solara.server.starlette as page_server
    from starlette.responses import FileResponse
    from starlette.routing import Route

    from sim.dashboard import files, guard, students, worksheet

    guard.only_declared_events()

    files_here = {name: HERE / "static" / name for name in ("player.js", "player.css", "page.css")}
    files_here["plotly.min.js"] = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

    def script(path: Path) -> Callable[[Any], Awaitable[FileResponse]]:
        async def answer(_request: Any) -> FileResponse:
            return FileResponse(path, headers={"Cache-Control": "no-cache"})

        return answer

    ours = [Route(f"/firmlab/{name}", script(path)) for name, path in files_here.items()]
    ours += [
        Route("/firmlab/twins.csv", files.table),
        Route("/firmlab/scenario.toml", files.scenario),
        Route("/firmlab/replay.html", files.replayed),
        Route("/firmlab/worksheet", worksheet.worksheet, methods=["POST"]),
        Route("/firmlab/class/{code}", students.answers),
        Route("/class/{code}", students.student, methods=["GET", "POST"]),
    ]
    page_server.app.router.routes[:0] = ours
    return guard.OwnPagesOnly(page_server.app)


def get_ready() -> None:
    """Compile, or load, what a page runs, so that the first reader does not wait in front of an empty one."""
    from sim.dashboard.experiment import Experiment
    from sim.dashboard.twins import Twins

    Twins(Experiment()).go_to(5)


def addresses(host: str, port: int) -> list[str]:
    """Addresses under which the page can be opened, this machine's own first."""
    found = [f"http://localhost:{port}/"]
    if host in ("0.0.0.0", "::"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing: asks which of our addresses would be used
                found.append(f"http://{probe.getsockname()[0]}:{port}/")
            except OSError:
                pass
    elif host not in ("localhost", "127.0.0.1"):
        found = [f"http://{host}:{port}/"]
    return found


def serve(*, host: str = "127.0.0.1", port: int, browser: bool = True) -> None:
    """Serve until interrupted."""
    import uvicorn

    found = addresses(host, port)
    os.environ["FIRMLAB_ADDRESSES"] = " ".join(found)
    app = application()
    if browser:
        Timer(1.0, webbrowser.open, [found[0]]).start()
    from sim.dashboard.app import WORKSHOP

    try:
        uvicorn.run(app, host=host, port=port, log_level="warning")
    except KeyboardInterrupt:
        pass  # how a reader ends it
    finally:
        WORKSHOP.close()
