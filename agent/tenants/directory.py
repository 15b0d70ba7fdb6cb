"""All tenants of a service: which file answers which number, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.errors import ConfigError
from agent.tenants.include import ReadFile
from agent.tenants.parse import TenantFile, read_model
from agent.tenants.routing import route
from agent.tenants.scalars import DEFAULT, quoted
from agent.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class TenantDirectory:
    """The tenants of a service, found by name or by number.

    Attributes:
        files: by tenant name.
        numbers: telephone number, `+1555*` or `default` to tenant name.
    """

    files: Mapping[str, TenantFile]
    numbers: Mapping[str, str]

    def by_number(self, number: str) -> TenantFile | None:
        """Who answers a number; None when nobody does."""
        routed = route(number, self)
        return None if routed is None else routed.file


def read_directory(
    sources: Iterable[tuple[str, bytes | str]], read_file: ReadFile | None = None
) -> TenantDirectory:
    """Read the files of all tenants.

    Args:
        sources: path and content of each file.
        read_file: reads what a file includes, by its path; None: nothing is included.

    Raises:
        ConfigError: with the problems of every file, and every name or number claimed twice.
    """
    read: list[TenantFile] = []
    problems: list[str] = []
    for path, raw in sources:
        try:
            read.append(read_model(raw, path, Tenant, read_file))
        except ConfigError as error:
            problems.extend(error.problems)
    directory, claims = directory_of(read)
    if problems or claims:
        raise ConfigError(*claims, *problems)
    return directory


def directory_of(read: Iterable[TenantFile]) -> tuple[TenantDirectory, list[str]]:
    """The tenants of files that are well-formed each, and every name or number claimed twice."""
    files: dict[str, TenantFile] = {}
    numbers: dict[str, str] = {}
    problems = [problem for file in read for problem in _claims(file, files, numbers)]
    return TenantDirectory(MappingProxyType(files), MappingProxyType(numbers)), problems


def _claims(
    file: TenantFile, files: dict[str, TenantFile], numbers: dict[str, str]
) -> Iterable[str]:
    """Enter a tenant under its name and numbers; what another holds already is a problem."""
    name = file.model.tenant
    if name in files:
        yield file.problem("tenant", f"{quoted(name)} is also the name in {files[name].path}")
        return
    files[name] = file
    for index, number in enumerate(file.model.numbers):
        owner = files[numbers.setdefault(number, name)]
        if owner is not file:
            what = "is already the entry" if number == DEFAULT else "is already a number"
            claim = f"{quoted(number)} {what} of {quoted(owner.model.tenant)} in {owner.path}"
            yield file.problem(f"numbers[{index}]", claim)
