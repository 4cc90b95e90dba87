"""A dashboard of its own, started as a user starts it, for tests and benchmarks."""

import contextlib
import socket
import subprocess
import time
import urllib.request

from tests.commands import command, environment

# The picture is there, and after it the charts.
READY = "window.firmlab && document.querySelectorAll('.fl-firm').length > 1 && document.querySelector('.fl-plot').data"


@contextlib.contextmanager
def served():
    """(address, process) of a dashboard on loopback, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        command("dashboard", "--no-browser", "--port", port), env=environment(), stdout=subprocess.DEVNULL
    )
    address = f"http://localhost:{port}/"
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address).close()
                break
            assert running.poll() is None, "it ended before it served anything"
            time.sleep(0.5)
        yield address, running
    finally:
        running.terminate()
        running.wait(20)
