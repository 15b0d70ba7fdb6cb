"""A folder for one run's files, which another run at the same time leaves alone."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


@contextmanager
def own_folder(parent: Path, name: str) -> Iterator[Path]:
    """An empty folder of this name, or, while another run has that one, of the name with a number.

    What an earlier run left in it is removed. The lock is the system's: it ends with the process,
    however that ends.

    Raises:
        OSError: it cannot be made.
    """
    for number in count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if not _taken(handle):
                _empty(folder)
                yield folder
                return
        finally:
            os.close(handle)


def _taken(handle: int) -> bool:
    """Whether another run has it; else it is ours from now on."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
