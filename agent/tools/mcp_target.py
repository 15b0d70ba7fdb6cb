"""Which server a tenant's entry means: entries that mean the same share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.tenants.secrets import resolve
from agent.tenants.tools import McpTool

type Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A server.

    Attributes:
        command: the program and its arguments; empty for one that is called by HTTP.
        url: of one that is called by HTTP, else empty.
        env, headers: may hold secrets, and are never shown.
    """

    command: tuple[str, ...]
    url: str = field(repr=False)
    env: Pairs = field(repr=False)
    headers: Pairs = field(repr=False)


def target_of(
    tool: McpTool, read_env: Callable[[str], str | None], read_file: Callable[[str], str]
) -> Target:
    """The server of an entry, with its secrets filled in.

    Raises:
        ConfigError: a secret is missing.
    """

    def filled(values: Mapping[str, str]) -> Pairs:
        return tuple((name, resolve(value, read_env, read_file)) for name, value in values.items())

    return Target(
        command=tool.command or (),
        url=resolve(tool.url or "", read_env, read_file),
        env=filled(tool.env),
        headers=filled(tool.headers),
    )
