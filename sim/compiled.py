"""Where compiled rules are cached, and the decorator that compiles them. Imported before numba by every compiled file.

numba's on-disk cache looks at one file only: a function that calls a changed one in another file would answer with
stale numbers. So the cache folder is named after a hash of all the sources that make numbers.
"""

import functools
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

PACKAGE = Path(__file__).parent
SOURCES_OF_NUMBERS = (
    "cases.py",
    "compiled.py",
    "draws.py",
    "engine.py",
    "events.py",
    "judgement.py",
    "measures.py",
    "own.py",
    "population.py",
    "rules/*.py",
    "scenario.py",
    "state.py",
    "study/series.py",
    "ties.py",
    "tree.py",
    "vacancies.py",
    "work.py",
)

Function = TypeVar("Function", bound=Callable[..., Any])


@functools.cache
def sources_hash() -> str:
    """The version of the model: a hash of every source file that can change a number (16 hexadecimal digits)."""
    digest = hashlib.sha256()
    for pattern in SOURCES_OF_NUMBERS:
        for path in sorted(PACKAGE.glob(pattern)):
            # Line endings differ between checkouts on Windows and elsewhere; the numbers do not.
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    """The folder for throw-away files of this user, on the three systems we support."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


def _cache_folder() -> Path:
    checks = "-checked" if os.environ.get("NUMBA_BOUNDSCHECK") == "1" else ""
    name = f"numba-{version('numba')}-{sources_hash()}{checks}"
    folder = _user_cache() / "firmlab" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that cannot be written to: compile once per machine start instead
        folder = Path(tempfile.gettempdir()) / "firmlab" / name
    return folder


os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache_folder()))


def is_cold() -> bool:
    """True when the rules have not been compiled yet for this version (so that the wait can be announced)."""
    return not any(Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbi"))


import numba  # noqa: E402  (the cache folder must be set first)
from llvmlite import ir  # noqa: E402
from numba.core import cgutils, types  # noqa: E402
from numba.extending import intrinsic, overload_attribute  # noqa: E402

# If numba was imported before us it has read its environment already.
numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]


def njit(function: Function) -> Function:
    """Compile a function, cached. Division follows IEEE rules (no hidden branches)."""
    return numba.njit(cache=True, error_model="numpy")(function)  # type: ignore[no-any-return]


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers: for the inner loop, where it saves a sixth of the time.

    It lengthens compiling, so it is for small functions and for those that are called from one or two places.
    """
    return numba.njit(cache=True, error_model="numpy", forceinline=True)(function)  # type: ignore[no-any-return]


def rule(function: Function) -> Function:
    """Compile a rule of a researcher's own. It is not cached: a cache would miss changes in what it calls."""
    return numba.njit(error_model="numpy")(function)  # type: ignore[no-any-return]


@intrinsic
def call_rule(typing_context, address, firm, case, seat):  # type: ignore[no-untyped-def]
    """Call a compiled rule by its address (see `entry_point`): (firm, case, seat) -> Step, all whole numbers."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        whole = ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], ir.FunctionType(whole, [whole] * 3).as_pointer())
        return builder.call(pointer, arguments[1:])

    return types.int64(address, firm, case, seat), generate


@functools.cache
def entry_point(rule: Any, record: Any) -> Any:
    """A rule of a researcher's own as the engine calls it: by address, so that the engine need not be compiled anew.

    `record`: type of the record that holds the firm. What is returned has to be kept as long as the rule is used.
    """

    @numba.cfunc("int64(int64, int64, int64)", error_model="numpy")
    def entered(firm, case, seat):  # type: ignore[no-untyped-def]
        return rule(numba.carray(_pointer(firm), (1,), record)[0], case, seat)

    return entered


@intrinsic
def _pointer(typing_context, address):  # type: ignore[no-untyped-def]
    """An address as a pointer."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


def register_table(name: str, dtype: Any, dimensions: int) -> None:
    """Let compiled functions read a table as an attribute of the record that holds its address and shape.

    Two dozen arrays as one argument would cost more, at each call, than the work inside; one record costs nothing.
    Reading past the end is caught when bounds are checked, as with any array.
    """
    at, rows, columns = f"{name}_at", f"{name}_rows", f"{name}_columns"
    if dimensions == 1:

        def read(firm):  # type: ignore[no-untyped-def]
            return numba.carray(_pointer(getattr(firm, at)), (getattr(firm, rows),), dtype)
    else:

        def read(firm):  # type: ignore[no-untyped-def]
            return numba.carray(_pointer(getattr(firm, at)), (getattr(firm, rows), getattr(firm, columns)), dtype)

    @overload_attribute(types.Record, name)
    def table_of(firm):  # type: ignore[no-untyped-def]
        return read if at in firm.fields else None
