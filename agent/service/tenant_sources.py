"""The files of tenants on disk: read when they change, with what they include."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent.call.plan import file_problems
from agent.errors import ConfigError
from agent.gemini.profiles import Surface
from agent.service.function_modules import Stamp, stamp_of
from agent.tenants.parse import TenantFile, read_model
from agent.tenants.tenant import Tenant
from agent.tenants.tools import missing_secrets
from agent.tenants.tree import MAX_BYTES, Problem
from agent.tools.http import read_secret_file
from agent.tools.plain_file import read_plain_file
from agent.tools.registry import function_problems

SUFFIXES = (".yaml", ".yml")
ASIDE = ("_", ".")
"""A name that begins so is no tenant's: a file that others include, or an editor's."""
STEP = 100
"""Files that have not changed are passed by without a pause up to so many."""
UNSURE_NS = 100_000_000
"""A file younger than this when it was read may change once more and show the same time."""

type Pause = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says; the same object as long as it says the same.

    Attributes:
        file: what it says, None where it says nothing usable;
        problems: and why.
    """

    file: TenantFile | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """A source, and what of the disk it was read from.

    Attributes:
        stamps: of the file and of what it includes; None: not to be relied on.
        digest: of all their contents.
    """

    source: Source
    stamps: dict[str, Stamp | None]
    digest: bytes


class TenantSources:
    """The files of tenants.

    Args:
        paths: the folder with one file per tenant, or the files themselves.
        surface: of the model's service, which a file's model must be one of.
        functions: folders of business functions, from which a file that is refused anyway has its
            own imported, so that all that is wrong with it is told at once.
    """

    def __init__(
        self,
        paths: Path | Sequence[Path],
        surface: Surface = "developer",
        functions: Sequence[Path] = (),
    ) -> None:
        self._paths = paths
        self._further = partial(_further, surface=surface, functions=functions)
        self._known: dict[str, _Known] = {}
        self._stamps: dict[str, Stamp | None] = {}

    def read(self, pause: Pause) -> list[tuple[str, Source]]:
        """Every file with what it says now.

        Args:
            pause: called now and then, to let others have the processor.

        Raises:
            ConfigError: there is no folder, or nothing in it.
        """
        given = self._paths
        paths = _files(given) if isinstance(given, Path) else [str(path) for path in given]
        self._stamps = {}
        self._known = {path: self._look(path, pause) for path in steps(paths, pause)}
        return [(path, known.source) for path, known in self._known.items()]

    def _look(self, path: str, pause: Pause) -> _Known:
        """What is known of a file, from now or from before."""
        known = self._known.get(path)
        # What is wrong with a file may lie elsewhere: in a function, or a secret that is not set.
        if known is not None and known.source.file is not None and self._stands(known):
            return known
        reading = _Reading()
        try:
            raw = reading.content(path)
        except OSError as error:
            problem = Problem(1, 1, "", f"cannot be read: {error.strerror}").text(path)
            if known is not None and known.source.problems == (problem,):
                return known
            return _Known(Source(None, (problem,)), {path: None}, b"")
        try:
            source = Source(read_model(raw, path, Tenant, reading.content, self._further), ())
        except ConfigError as error:
            source = Source(None, error.problems)
        pause()
        digest = reading.digest.digest()
        same = digest, source.problems
        if known is not None and (known.digest, known.source.problems) == same:
            source = known.source
        return _Known(source, reading.stamps, digest)

    def _stands(self, known: _Known) -> bool:
        """Whether all that a source was read from is as it was."""
        for path, stamp in known.stamps.items():  # a loop: there may be thousands of sources
            if stamp is None or self._stamp(path) != stamp:
                return False
        return True

    def _stamp(self, path: str) -> Stamp | None:
        """The stamp of a file, looked at once for all who include it."""
        if path not in self._stamps:
            try:
                self._stamps[path] = stamp_of(path)
            except OSError:
                self._stamps[path] = None
        return self._stamps[path]


class _Reading:
    """The contents that one tenant is made of, noted as they are read."""

    def __init__(self) -> None:
        self.stamps: dict[str, Stamp | None] = {}
        self.digest = hashlib.blake2b()

    def content(self, path: str) -> bytes:
        """The file's content, or as much of it as shows that it is too large."""
        self.stamps[path] = None
        stamp = stamp_of(path)
        raw = read_plain_file(path, MAX_BYTES + 1)
        if time.time_ns() - stamp[0] > UNSURE_NS:
            self.stamps[path] = stamp
        self.digest.update(hashlib.blake2b(raw).digest())
        return raw


def _further(
    tenant: Tenant, surface: Surface, functions: Sequence[Path]
) -> Iterator[tuple[str, str]]:
    """What else is wrong with a tenant whose file is refused anyway: to be told at once."""
    yield from file_problems(tenant, surface)
    yield from function_problems(tenant.tools, functions)
    yield from missing_secrets(tenant.tools, os.environ.get, read_secret_file)


def steps[T](items: Iterable[T], pause: Pause) -> Iterator[T]:
    """The items, with a pause now and then: to pass by one that has not changed is quick."""
    for index, item in enumerate(items):
        if index % STEP == STEP - 1:
            pause()
        yield item


def _files(folder: Path) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        raise ConfigError(f"{folder}: there is no such folder of tenant files") from None
    found = [
        f"{folder}{os.sep}{name}"
        for name in names
        if name.endswith(SUFFIXES) and not name.startswith(ASIDE)
    ]
    if not found:
        raise ConfigError(f"{folder}: no tenant file (*.yaml) in this folder")
    return found
