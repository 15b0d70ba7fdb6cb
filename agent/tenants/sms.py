"""What text messages an agent may send, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from agent.tenants.destinations import NumberPrefix
from agent.tenants.scalars import PhoneNumber, whole
from agent.tenants.strict import Part, Strict
from agent.tenants.tools import BuiltinTool

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant


def one_or_more(value: object) -> object:
    """A single entry of a list may stand there alone."""
    return (value,) if isinstance(value, str) else value


type Prefixes = Annotated[
    tuple[NumberPrefix, ...],
    Field(max_length=100),
    BeforeValidator(one_or_more, json_schema_input_type=str | list[str]),
]


class Sms(Strict):
    """What text messages the agent may send.

    Attributes:
        sender: the number that they come from; by default the one that was called.
        to: beginnings of numbers that may get one besides the caller's own, as +1555.
        most: messages in one call.
        longest: characters of a message; past 160 the carrier counts several.
    """

    sender: PhoneNumber | None = None
    to: Prefixes = ()
    most: Annotated[int, whole(1, 20)] = 3
    longest: Annotated[int, whole(20, 1600)] = 480


def sms_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What does not go together: the limits and the tool that they limit."""
    tools = [tool.builtin for tool in tenant.tools if isinstance(tool, BuiltinTool)]
    if "sms" in tenant.model_fields_set and "send_sms" not in tools:
        yield ("sms",), "has no effect: add - builtin: send_sms to tools"
