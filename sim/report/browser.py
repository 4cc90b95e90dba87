"""The reader's own browser, which prints the page: any of the Chromium family."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sim.study.durable import StoreError

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
PLACES_ON_MACOS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
PLACES_ON_WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
HOW_TO_GET = (
    "A PDF is printed by Chromium, Chrome or Edge, and none of them was found; install one (Debian: apt install "
    "chromium; macOS: brew install --cask google-chrome; Windows: winget install Google.Chrome), or set BROWSER_PATH "
    "to the program of one that is there."
)


def find_browser() -> Path | None:
    """The program of a browser: what BROWSER_PATH names, else one on PATH, else one in a usual place."""
    wanted = (os.environ.get("BROWSER_PATH", ""), *NAMES, *map(str, _usual_places()))
    return next((Path(program) for name in wanted if name and (program := shutil.which(name))), None)


def _usual_places() -> list[Path]:
    """Where browsers are installed on systems that do not put them on PATH."""
    system: str = sys.platform
    if system == "darwin":
        folders, places = ["/Applications", str(Path.home() / "Applications")], PLACES_ON_MACOS
    elif system == "win32":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders, places = [os.environ.get(variable, "") for variable in variables], PLACES_ON_WINDOWS
    else:
        return []
    return [Path(folder, place) for folder in folders if folder for place in places]


def version_of(browser: Path) -> str:
    """What a browser calls itself; nothing where it does not say so at once."""
    if sys.platform == "win32":  # it would open a window instead of answering
        return ""
    try:
        answer = subprocess.run(
            [browser, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=1, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode(errors="replace").partition(" built on ")[0].strip()


def require_browser() -> Path:
    """The browser. Raises StoreError where there is none: a sentence that says how to get one."""
    browser = find_browser()
    if browser is None:
        raise StoreError(HOW_TO_GET)
    return browser
