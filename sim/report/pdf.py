"""The paper form: the page as a browser prints it, tagged for readers who cannot see it."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from sim.report.browser import require_browser
from sim.study.durable import UNFINISHED, StoreError, replace, told_in_a_sentence

TIMEOUT_SECONDS = 120.0
PAGE_SECONDS = 20  # of the page's own clock, which runs faster than ours: the most that drawing may take
LONGEST_SAYING = 200
FLAGS = (
    "--headless",
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-extensions",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # what is asked of the network fails at once
    "--export-tagged-pdf",  # newer browsers do so anyway
    "--generate-pdf-document-outline",
    "--no-pdf-header-footer",
    f"--virtual-time-budget={1000 * PAGE_SECONDS}",
)


def print_pdf(page: Path, out: Path) -> None:
    """Print a page that stands on its own; title and language of the PDF are those of the page.

    Raises StoreError: a sentence, where there is no browser or it does not print.
    """
    browser = require_browser()
    if not page.is_file():  # the browser would print its own page of errors
        raise StoreError(f"{page} is not there to be printed; write the page first.")
    with told_in_a_sentence(out):
        # Beside the result, because a browser in a sandbox (snap) has a temporary folder of its own.
        folder = tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=out.parent, ignore_cleanup_errors=True)
    with folder as name:
        content = _printed(browser, page, Path(name).resolve())
    replace(out, content)


def _printed(browser: Path, page: Path, folder: Path) -> bytes:
    paper, said = folder / "page.pdf", folder / "said.txt"
    command = [
        str(browser),
        *FLAGS,
        *_without_sandbox(),
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={paper}",
        page.resolve().as_uri(),
    ]
    try:
        trouble = _run(command, said)
        content = paper.read_bytes() if paper.is_file() else b""
    except OSError as error:
        trouble, content = f"it does not start: {error.strerror}", b""
    if trouble or not content.startswith(b"%PDF"):  # the browser's exit code is 0 also where it could not write
        raise StoreError(
            f"{browser} did not print {page} ({trouble or 'it wrote no PDF'}; {_last_words(said)}); set BROWSER_PATH "
            "to another Chromium, Chrome or Edge, or open the page in a browser and print it from there."
        )
    return content


def _without_sandbox() -> list[str]:
    """Chromium refuses to run as root with its sandbox, which is how containers run it."""
    return ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []


def _run(command: list[str], said: Path) -> str:
    """Run a command to its end and return what went wrong; what it says goes to a file.

    Not through a pipe: a grandchild that outlives the command would hold it open.
    """
    with open(said, "wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return f"it was not done after {TIMEOUT_SECONDS:g} seconds"
        finally:
            _end(process)
    return f"it ended with code {code}" if code else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what still runs, with all it has started where the system can tell."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_words(said: Path) -> str:
    """The last line a browser printed: where it fails, the reason stands there."""
    text = said.read_text(encoding="utf-8", errors="replace") if said.is_file() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"it said last: {lines[-1][:LONGEST_SAYING]}" if lines else "it said nothing"
