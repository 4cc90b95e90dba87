"""Bounds are checked in every compiled rule while tests run; what a machine lacks is skipped here and fails in CI."""

import importlib
import os
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
