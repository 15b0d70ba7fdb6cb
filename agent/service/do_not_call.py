"""Numbers that are never called: a file, one number a line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.tenants.routing import matching
from agent.tenants.scalars import number_pattern

MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """The numbers of one file, and beginnings of numbers as `+1555*`."""

    patterns: Mapping[str, None]

    def holds(self, number: str) -> bool:
        """Whether this number is never called."""
        return matching(number, self.patterns) is not None


def parse(text: str, name: str) -> DoNotCall:
    """Read a list; what follows a # is a remark.

    Args:
        name: of the file, for messages.

    Raises:
        ConfigError: a line is no number: who is meant by it must not be called by mistake.
    """
    patterns: dict[str, None] = {}
    for n, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            pattern = str(number_pattern(entry))
        except ValueError:
            pattern = ""
        if not pattern.startswith("+"):
            raise ConfigError(f"{name}:{n}: not a number in international form, as +15550100100")
        patterns[pattern] = None
    return DoNotCall(patterns)


class DoNotCallFiles:
    """Reads the lists, again when they have changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], DoNotCall]] = {}

    async def read(self, path: Path) -> DoNotCall:
        """The list in a file as it is now.

        Raises:
            ConfigError: it cannot be read, so nobody can be called by it.
        """
        return await asyncio.to_thread(self._read_now, path)

    def _read_now(self, path: Path) -> DoNotCall:
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == version:
                return known[1]
            if stat.st_size > MOST_BYTES:
                raise ConfigError(f"{path}: over {MOST_BYTES // 2**20} MiB")
            listed = parse(path.read_text("utf-8"), str(path))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: not text in UTF-8") from None
        self._read[path] = (version, listed)
        return listed
