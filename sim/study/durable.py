"""Files that are whole or absent, whatever stops us while we write them."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".unfinished-"  # how names of half written files begin


class StoreError(ValueError):
    """A folder cannot serve as the store; the sentence says why and what to do."""


def replace(path: Path, content: bytes, folder: Path | None = None) -> None:
    """Write a file under another name, flush it to the disk, rename it: a reader sees all of it or nothing.

    folder: where the other name is; beside the file unless given.
    """
    temporary = (folder or path.parent) / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        with told_in_a_sentence(path):
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _rename(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _rename(old: Path, new: Path) -> None:
    """Rename, and see that it lasts. Another command may tidy the folder away, or look at the file (on Windows)."""
    for _ in range(20):
        new.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError, PermissionError):
            os.replace(old, new)
            break
        time.sleep(0.05)
    else:
        os.replace(old, new)
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(new.parent, os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


@contextmanager
def told_in_a_sentence(path: Path) -> Iterator[None]:
    """What the system refuses to write, as a StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}); make room or name another folder with --out. "
            "What was stored before is kept."
        ) from None
