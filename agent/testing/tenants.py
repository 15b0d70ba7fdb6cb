"""Which tenant a test calls, and which scenario answers for the model: read from the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import chain
from pathlib import Path

import msgspec

from agent.call.plan import prepare
from agent.errors import ConfigError
from agent.service.settings import DEFAULT_FILE, Settings, load_settings
from agent.service.tenant_files import ReadyTenant
from agent.sim.scenario import Scenario, read_scenario
from agent.sim.scenario_mind import scenario_for
from agent.tenants.hours import Open
from agent.tenants.overrides import overridden, override_at, place_of_override
from agent.tenants.parse import Place, plain_place, read_model
from agent.tenants.tenant import Tenant
from agent.tenants.tools import HttpTool, McpTool
from agent.tools.builtins import builtin_functions
from agent.tools.function import ToolFunction
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet

SERVICE_FILE = "service.yaml"
SCENARIOS = "scenarios"

_SECRET = re.compile(r"\$\{(?:ENV|FILE):[^}]*\}")
_UNSET = "https://secret.invalid"
"""In place of any secret: good as a value, and as the beginning of an address."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A folder like `config`: tenants, their functions, scenarios."""

    folder: Path

    def tenant(
        self, tenant: str | Path | Tenant, fakes: Mapping[str, object], at: datetime | None = None
    ) -> tuple[ReadyTenant, datetime]:
        """A tenant with everything that a call at a certain time needs, and that time in UTC.

        Args:
            tenant: its name, its file, or itself.
            at: in the tenant's time zone unless it has one; None: now.
            fakes: what the test puts in the place of functions. Those of MCP servers are declared
                from it, as the servers are not asked.

        Raises:
            ConfigError: there is none of that name, something is wrong with it, it is closed at
                that time, or what talks to the network has nothing in its place.
        """
        settings = self._settings()
        model, place = self._read(tenant, settings)
        at_utc = _in_utc(at, model.hours.timezone)
        _check_open(model, at_utc)
        override = override_at(model, at_utc)
        if override is not None:
            place = place_of_override(model, override, place)
            model = overridden(model, override)
        extra: dict[int, list[ToolFunction]] = builtin_functions(model)
        problems = []
        for index, tool in enumerate(model.tools):
            if isinstance(tool, McpTool):
                extra[index] = list(_declared(tool, fakes))
            if (isinstance(tool, McpTool) and not extra[index]) or (
                isinstance(tool, HttpTool) and tool.name not in fakes
            ):
                problems.append(place(f"tools[{index}]", _NETWORK))
        if problems:
            raise ConfigError(*problems)
        tools = ToolSet.load(
            model.tools, [settings.functions], place, extra=extra, secrets=_without_secrets
        )
        ready = ReadyTenant(model, tools, prepare(model, tools.declarations(), place=place))
        return ready, at_utc

    def scenario(self, scenario: str | Path | None, ready: ReadyTenant) -> Scenario:
        """What callers say, and the model's stand-in answers.

        Args:
            scenario: its name or its file; None: the one that calls the tenant's functions.

        Raises:
            ConfigError: there is none, or something is wrong with it.
        """
        folder = self.folder / SCENARIOS
        if isinstance(scenario, str):
            return _scenario(folder / f"{scenario}.yaml")
        if scenario is not None:
            return _scenario(scenario)
        files = sorted(folder.glob("*.yaml"))
        if not files:
            raise ConfigError(f"{folder}: there is no scenario (*.yaml) in this folder")
        return scenario_for([_scenario(file) for file in files], list(ready.tools.functions))

    def _settings(self) -> Settings:
        """As the commands read them, which do without the file in its usual place."""
        file = self.folder / SERVICE_FILE
        return load_settings(None if file == DEFAULT_FILE else file, {}, insecure_local=True)

    def _read(self, tenant: str | Path | Tenant, settings: Settings) -> tuple[Tenant, Place]:
        if isinstance(tenant, Tenant):
            return tenant, plain_place
        folder = settings.tenants
        own = [tenant] if isinstance(tenant, Path) else [folder / f"{tenant}.yaml"]
        others = sorted(folder.glob("*.y*ml")) if isinstance(tenant, str) else []
        for path in chain(own, others):
            if not path.exists() and isinstance(tenant, str):
                continue  # it is named otherwise than its file
            file = read_model(_content(path), str(path), Tenant, _included)
            if tenant in (path, file.model.tenant):
                return file.model, file.problem
        raise ConfigError(f'there is no tenant "{tenant}" in {folder}')


_NETWORK = "talks to the network: put something in its place, phone_call(..., tools={name: ...})"


def _declared(tool: McpTool, fakes: Mapping[str, object]) -> Iterator[ToolFunction]:
    """The functions of an MCP server, as far as the test has any."""
    for name, fake in fakes.items():
        if name.startswith(f"{tool.name}_"):
            function = read_function(fake, tool.timeout)  # type: ignore[arg-type]  # it checks that
            declaration = msgspec.structs.replace(function.declaration, name=name)
            yield replace(function, declaration=declaration)


def _in_utc(at: datetime | None, zone: tzinfo) -> datetime:
    if at is None:
        return datetime.now(UTC)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _check_open(tenant: Tenant, at_utc: datetime) -> None:
    """Outside its hours a tenant's agent answers nobody: the carrier says its words itself."""
    hours = tenant.hours
    if hours.closed is not None and not isinstance(hours.state(at_utc), Open):
        local = at_utc.astimezone(hours.timezone)
        raise ConfigError(
            f"{tenant.tenant} is closed at {local:%Y-%m-%d %H:%M}: "
            f'no agent answers, and callers hear "{hours.closed.say}"'
        )


def _included(path: str) -> bytes:
    return Path(path).read_bytes()


def _without_secrets(text: str) -> str:
    """A test needs none of the tenant's secrets."""
    return _SECRET.sub(_UNSET, text)


_scenarios: dict[tuple[Path, int], Scenario] = {}


def _scenario(file: Path) -> Scenario:
    """Kept, since making one takes longer than a call."""
    raw = _content(file)
    key = file.resolve(), hash(raw)
    if key not in _scenarios:
        _scenarios[key] = read_scenario(raw, str(file))
    return _scenarios[key]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
