"""The tenants of a service, read from disk and made ready to answer: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agent.call.plan import Prepared, prepare
from agent.errors import ConfigError
from agent.gemini.profiles import Surface
from agent.tenants.directory import TenantDirectory, read_directory
from agent.tenants.tenant import Tenant
from agent.tenants.tree import MAX_BYTES
from agent.tools.registry import ToolSet


@dataclass(frozen=True, slots=True)
class ReadyTenant:
    """A tenant with everything its calls need.

    Attributes:
        tenant: as its file describes it.
        tools: its business functions.
        prepared: plan of a call, setup and profile of the model.
    """

    tenant: Tenant
    tools: ToolSet
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class ReadyTenants:
    """All tenants of a service.

    Attributes:
        by_name: every tenant.
        directory: which number belongs to whom.
    """

    by_name: Mapping[str, ReadyTenant]
    directory: TenantDirectory

    def for_number(self, number: str) -> ReadyTenant | None:
        """Who answers a number, or None."""
        file = self.directory.by_number(number)
        return self.by_name[file.model.tenant] if file is not None else None


def load_tenants(
    folder: Path,
    functions: Sequence[Path],
    *,
    surface: Surface = "developer",
    project: str | None = None,
    location: str | None = None,
) -> ReadyTenants:
    """Read every `*.yaml` of a folder, import the functions named there, check all of it.

    Args:
        folder: with one file per tenant; a path in a message begins as this one does.
        functions: folders of business functions.
        surface: of the model's service.
        project: for Vertex, with `location`.

    Raises:
        ConfigError: with every problem of every file, as `path:line:col: field: message`.
    """
    directory = read_directory([(str(path), _read(path)) for path in _files(folder)])
    ready: dict[str, ReadyTenant] = {}
    problems: list[str] = []
    for name, file in directory.files.items():
        try:
            tools = ToolSet.load(file.model.tools, functions, file.problem)
            prepared = prepare(
                file.model,
                tools.declarations(),
                surface=surface,
                project=project,
                location=location,
                place=file.problem,
            )
        except ConfigError as error:
            problems.extend(error.problems)
        else:
            ready[name] = ReadyTenant(file.model, tools, prepared)
    if problems:
        raise ConfigError(*problems)
    return ReadyTenants(MappingProxyType(ready), directory)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of tenant files")
    found = sorted(path for path in folder.glob("*.y*ml") if path.suffix in {".yaml", ".yml"})
    if not found:
        raise ConfigError(f"{folder}: no tenant file (*.yaml) in this folder")
    return found


def _read(path: Path) -> bytes:
    """The file's content, or as much of it as shows that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
