"""Bounds are checked in every compiled rule while tests run; what a machine lacks is skipped here and fails in CI."""

import importlib
import os
from pathlib import Path
from types import ModuleType

os.environ.setdefault("NUMBA_BOUNDSCHECK", "1")  # before numba is imported

import pytest


def require(name: str) -> ModuleType:
    """Import what a test needs. Where it is missing the test skips; in CI everything must be there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{name} is not installed (python -m pip install 'firmlab[test]')")


@pytest.fixture(scope="session")
def system_browser() -> Path:
    """The machine's own browser; it comes with no Python package."""
    from sim.report.browser import HOW_TO_GET, find_browser

    path = find_browser()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET)
        pytest.skip(f"needs a browser: {HOW_TO_GET}")
    return path


@pytest.fixture(scope="module")
def browser(system_browser):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(system_browser), args=["--no-sandbox"])
        yield opened
        opened.close()
