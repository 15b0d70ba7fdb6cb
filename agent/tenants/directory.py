"""All tenants of a service: which file answers which number, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.errors import ConfigError
from agent.tenants.parse import TenantFile, read_model
from agent.tenants.scalars import phone_number, quoted
from agent.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class TenantDirectory:
    """The tenants of a service, found by name or by number.

    Attributes:
        files: by tenant name.
        numbers: telephone number to tenant name.
    """

    files: Mapping[str, TenantFile]
    numbers: Mapping[str, str]

    def by_number(self, number: str) -> TenantFile | None:
        """Who answers a number; None when nobody does, or it is no number at all."""
        try:
            name = self.numbers.get(str(phone_number(number)))
        except ValueError:
            return None
        return self.files[name] if name is not None else None


def read_directory(sources: Iterable[tuple[str, bytes | str]]) -> TenantDirectory:
    """Read the files of all tenants.

    Args:
        sources: path and content of each file; a path is only used in messages.

    Raises:
        ConfigError: with the problems of every file, and every name or number claimed twice.
    """
    files: dict[str, TenantFile] = {}
    numbers: dict[str, str] = {}
    problems: list[str] = []
    for path, raw in sources:
        try:
            file = read_model(raw, path, Tenant)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        problems.extend(_claims(file, files, numbers))
    if problems:
        raise ConfigError(*problems)
    return TenantDirectory(MappingProxyType(files), MappingProxyType(numbers))


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
            claim = f"{quoted(number)} is already a number of {quoted(owner.model.tenant)}"
            yield file.problem(f"numbers[{index}]", f"{claim} in {owner.path}")
