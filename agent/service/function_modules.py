"""The modules of business functions, imported anew when one of their files has changed.

A module is never changed in place. A new generation consists of new module objects, imported while
the old ones are out of Python's table of modules; what runs keeps the old ones through the
functions it holds, and they go when nothing holds them any more. The one thing that a function
cannot keep is what it imports while it runs: that comes from the newest generation.
"""

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

type Stamp = tuple[int, int, int]
"""What changes when a file does: time of change in ns, size, inode."""


def stamp_of(path: str | Path) -> Stamp:
    """The stamp of a file as it is now.

    Raises:
        OSError: there is none to be had.
    """
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


class FunctionModules:
    """The modules in the folders of business functions.

    Args:
        folders: of the functions; what lies in folders below belongs to them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [str(folder.resolve()) for folder in folders]
        self._seen: dict[str, Stamp] | None = None

    @contextmanager
    def generation(self) -> Iterator[bool]:
        """Import in the block: anew if a file has changed since the last block that went well.

        When the block raises, the modules of before are back in their places.

        Yields:
            Whether modules are imported anew. Never in the first block: there is no older one.
        """
        found = self._stamps()
        anew = self._seen is not None and self._seen != found
        before = self._modules() if anew else {}
        for name in before:
            del sys.modules[name]
        importlib.invalidate_caches()
        # Compiled files are found out of date by the second and the size only: write none.
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            yield anew
        except BaseException:  # an import runs a business's own lines, `sys.exit()` too
            if anew:
                for name in self._modules():
                    del sys.modules[name]
                sys.modules.update(before)
            raise
        finally:
            sys.dont_write_bytecode = writes
        self._seen = found

    def _modules(self) -> dict[str, ModuleType]:
        return {name: module for name, module in list(sys.modules.items()) if self._ours(module)}

    def _ours(self, module: ModuleType) -> bool:
        origins = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        return any(
            origin.startswith(folder + os.sep) for origin in origins for folder in self._folders
        )

    def _stamps(self) -> dict[str, Stamp]:
        found: dict[str, Stamp] = {}
        for folder in self._folders:
            for parent, _, names in os.walk(folder):
                for path in (os.path.join(parent, name) for name in names if name.endswith(".py")):
                    try:
                        found[path] = stamp_of(path)
                    except OSError:  # it went while we looked, or leads nowhere
                        continue
        return found
