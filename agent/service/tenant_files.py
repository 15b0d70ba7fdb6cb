"""The tenants of a service, made ready to answer from their files: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from agent.call.plan import Prepared, file_problems, prepare
from agent.errors import ConfigError
from agent.gemini.profiles import Surface
from agent.observe.wire_key import VARIABLE
from agent.service.function_modules import FunctionModules
from agent.service.tenant_sources import Pause, Source, TenantSources, steps
from agent.tenants.directory import TenantDirectory, directory_of
from agent.tenants.overrides import overridden, override_at, place_of_override
from agent.tenants.parse import Place, TenantFile
from agent.tenants.tenant import PythonTool, Tenant
from agent.tenants.tools import missing_secrets
from agent.tenants.tree import ProblemLine
from agent.tools.builtins import builtin_functions
from agent.tools.function import ToolFunction
from agent.tools.http import read_secret_file
from agent.tools.http_client import HttpClient
from agent.tools.registry import ToolSet

NO_WIRE_KEY = (
    f"needs a key in {VARIABLE}; make one by: openssl rand -hex 32, and keep it safe: without it "
    "no wire that it locked can be read again"
)
NO_ACCOUNT = "needs the carrier's account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ReadyTenant:
    """A tenant with everything its calls need; two are the same only if they are one object.

    Attributes:
        tenant: as its file describes it.
        tools: what its agent may do.
        prepared: plan of a call, setup and profile of the model.
        overrides: the same for the hours of each of its overrides.
    """

    tenant: Tenant
    tools: ToolSet
    prepared: Prepared
    overrides: tuple[Prepared, ...] = ()

    @property
    def all_prepared(self) -> tuple[Prepared, ...]:
        """For every hour."""
        return self.prepared, *self.overrides

    def prepared_at(self, at_utc: datetime) -> Prepared:
        """What a call starts from that begins now."""
        index = override_at(self.tenant, at_utc)
        return self.prepared if index is None else self.overrides[index]


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


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of a source, with the modules of functions of one generation."""

    source: Source
    ready: ReadyTenant | None
    problems: tuple[str, ...]


class TenantLoader:
    """Reads the tenants of a service, again and again: only what has changed is made anew.

    Args:
        paths: the folder with one file per tenant, or the files themselves; a path in a message
            begins as these do.
        functions: folders of business functions.
        surface: of the model's service.
        project: for Vertex, with `location`.
        keeps_wires: there is a key to lock wires with, for tenants that want them kept.
        asks_carrier: there is an account to ask the carrier with, for tenants that have it record.

    Attributes:
        folders: to be watched for changes.
        http: sends the requests of all tenants' HTTP tools; to be closed by whoever runs calls.
    """

    def __init__(
        self,
        paths: Path | Sequence[Path],
        functions: Sequence[Path],
        *,
        surface: Surface = "developer",
        project: str | None = None,
        location: str | None = None,
        keeps_wires: bool = True,
        asks_carrier: bool = True,
    ) -> None:
        self.folders = [*([paths] if isinstance(paths, Path) else []), *functions]
        self.http = HttpClient()
        self._functions = functions
        self._surface: Surface = surface
        self._project = project
        self._location = location
        self._keeps_wires = keeps_wires
        self._asks_carrier = asks_carrier
        self._sources = TenantSources(paths, surface, functions)
        self._modules = FunctionModules(functions)
        self._made: dict[str, _Made] = {}
        self._newest: ReadyTenants | None = None

    def load(self, pause: Pause = lambda: None) -> ReadyTenants:
        """Read what has changed, import the functions named there, check all of it.

        Args:
            pause: called after each file that took work, to let others have the processor.

        Returns:
            The tenants; the very object of the last time if nothing has changed.

        Raises:
            ConfigError: with every problem of every file, as `path:line:col: field: message`.
        """
        with self._modules.generation() as anew:
            sources = self._sources.read(pause)
            made = {
                path: self._make(path, source, pause, anew=anew)
                for path, source in steps(sources, pause)
            }
            pause()
            directory, claims = directory_of(s.file for _, s in sources if s.file is not None)
            problems = [*claims, *(text for each in made.values() for text in each.problems)]
            if problems:
                if not anew:
                    self._made = made  # else the modules of before come back
                raise ConfigError(*sorted(dict.fromkeys(problems), key=_place))
        self._made = made
        ready = [each.ready for each in made.values() if each.ready is not None]
        by_name = {tenant.tenant.tenant: tenant for tenant in ready}
        if self._newest is None or _differ(by_name, self._newest.by_name):
            self._newest = ReadyTenants(MappingProxyType(by_name), directory)
        return self._newest

    def with_functions(
        self, ready: ReadyTenant, file: TenantFile, further: Sequence[ToolFunction]
    ) -> ReadyTenant:
        """A tenant with tools that its servers have told of meanwhile.

        Raises:
            ConfigError: they do not go with the others, or not with the model.
        """
        try:
            tools = ready.tools.with_functions(further)
        except ConfigError as error:
            raise ConfigError(*(file.problem("tools", text) for text in error.problems)) from None
        return self._prepared(file, tools)

    def _make(self, path: str, source: Source, pause: Pause, *, anew: bool) -> _Made:
        """Make a tenant ready, unless it is."""
        made, file = self._made.get(path), source.file
        before = made.ready if made is not None and made.source is source else None
        if made is not None and before is not None:
            outdated = anew and _has_functions(before.tenant)
            if not outdated:
                return made
        if file is None:
            return _Made(source, None, source.problems)
        try:
            return _Made(source, self._prepared(file, self._tools(file)), ())
        except ConfigError as error:
            return _Made(source, None, error.problems)
        finally:
            pause()

    def _tools(self, file: TenantFile) -> ToolSet:
        """What the agent may do; where that cannot be, the model's refusals are told as well."""
        tenant = file.model
        found = list(missing_secrets(tenant.tools, os.environ.get, read_secret_file))
        problems: Sequence[str] = [file.problem(field, text) for field, text in found]
        if not problems:
            try:
                return ToolSet.load(
                    tenant.tools,
                    self._functions,
                    file.problem,
                    extra=builtin_functions(tenant),
                    http=self.http,
                )
            except ConfigError as error:
                problems = error.problems
        refused = file_problems(tenant, self._surface)
        raise ConfigError(*problems, *(file.problem(field, text) for field, text in refused))

    def _prepared(self, file: TenantFile, tools: ToolSet) -> ReadyTenant:
        tenant, declarations = file.model, tools.declarations()
        variants: list[tuple[Tenant, Place]] = [(tenant, file.problem)]
        for index in range(len(tenant.overrides)):
            place = place_of_override(tenant, index, file.problem)
            variants.append((overridden(tenant, index), place))
        prepared: list[Prepared] = []
        problems: list[str] = []
        if tenant.record.wire and not self._keeps_wires:
            problems.append(file.problem("record.wire", NO_WIRE_KEY))
        if tenant.record.carrier and not self._asks_carrier:
            problems.append(file.problem("record.carrier", NO_ACCOUNT))
        for variant, place in variants:
            try:
                found = prepare(
                    variant,
                    declarations,
                    surface=self._surface,
                    project=self._project,
                    location=self._location,
                    place=place,
                )
            except ConfigError as error:
                problems += error.problems
            else:
                prepared.append(found)
        if problems:
            raise ConfigError(*problems)
        return ReadyTenant(tenant, tools, prepared[0], tuple(prepared[1:]))


def load_tenants(
    paths: Path | Sequence[Path],
    functions: Sequence[Path],
    *,
    surface: Surface = "developer",
    project: str | None = None,
    location: str | None = None,
) -> ReadyTenants:
    """Read tenants once; see `TenantLoader`."""
    loader = TenantLoader(paths, functions, surface=surface, project=project, location=location)
    return loader.load()


def _has_functions(tenant: Tenant) -> bool:
    return any(isinstance(tool, PythonTool) for tool in tenant.tools)


def _differ(one: Mapping[str, ReadyTenant], other: Mapping[str, ReadyTenant]) -> bool:
    """Whether two generations differ in any tenant; each is a new object when it has changed."""
    if one.keys() != other.keys():
        return True
    return any(ready is not other[name] for name, ready in one.items())


def _place(problem: str) -> tuple[str, int, int]:
    """Where a problem comes in the order of all: by file, then from top to bottom."""
    if isinstance(problem, ProblemLine):
        return problem.path, problem.problem.line, problem.problem.column
    return problem, 0, 0
