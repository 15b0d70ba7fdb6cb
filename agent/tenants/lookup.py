"""What is looked up of the caller before the agent answers, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, StringConstraints

from agent.tenants.placeholders import NUMBER, has_places, with_number
from agent.tenants.scalars import duration, phone_number, quoted
from agent.tenants.strict import Part, Strict, Word
from agent.tenants.tools import HttpTool, McpTool, PythonTool, name_of

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant

_STRANGE = re.compile(r"[^A-Za-z0-9_]")


class Lookup(Strict):
    """What is looked up of the caller before the agent answers.

    Attributes:
        tool: one of the tools, by name; it runs once, while the caller hears the ringing. Plain
            fields of its result stand in agent.instructions and agent.greeting, each with a
            default, as {caller.name|there}.
        timeout: how long it may take; then, and when it fails, the defaults hold.
        arguments: for the tool; {caller.number} in a text is the number that calls. When that is
            withheld, nothing is looked up with it.
    """

    tool: Word
    timeout: Annotated[float, duration(0.1, 5)] = 1.5
    arguments: Annotated[
        dict[Word, Annotated[str, StringConstraints(max_length=1000), AfterValidator(with_number)]],
        Field(max_length=20),
    ] = Field(default_factory=dict)

    def arguments_for(self, caller: str | None) -> dict[str, str] | None:
        """The arguments of one call.

        Args:
            caller: his number; None, or what is no number: withheld.

        Returns:
            None when they need a number and there is none.
        """
        if not any(NUMBER in value for value in self.arguments.values()):
            return dict(self.arguments)
        try:
            number = str(phone_number(caller or ""))
        except ValueError:
            return None
        return {name: value.replace(NUMBER, number) for name, value in self.arguments.items()}


def lookup_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What does not go together: the look-up, the tools, and the texts that use it."""
    places = [path for path, text in _texts(tenant) if has_places(text)]
    if tenant.lookup is None:
        if tenant.outbound is not None:
            return  # who asks for a call says what it is about
        for path in places:
            yield path, "nothing looks up what stands in {caller...}; add lookup: {tool: ...}"
        return
    if not places:
        yield (
            ("lookup",),
            "has no effect: nothing like {caller.name|there} is in agent.instructions or .greeting",
        )
    known = [*_names(tenant)]
    if (name := tenant.lookup.tool) not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {quoted(close[0])}?" if close else ""
        yield ("lookup", "tool"), f"{quoted(name)} is not one of the tools of this file{hint}"


def _texts(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str | None]]:
    """Where places may stand."""
    yield ("agent", "instructions"), tenant.agent.instructions
    yield ("agent", "greeting"), tenant.agent.greeting
    for index, override in enumerate(tenant.overrides):
        yield ("overrides", index, "agent", "instructions"), override.agent.instructions
        yield ("overrides", index, "agent", "greeting"), override.agent.greeting


def _names(tenant: Tenant) -> Iterator[str]:
    """The names of the tools that can look something up."""
    for tool in tenant.tools:
        if isinstance(tool, McpTool):
            yield from (f"{tool.name}_{_STRANGE.sub('_', name)}" for name in tool.allow)
        elif isinstance(tool, PythonTool | HttpTool):
            yield name_of(tool)[1]
