"""What a caller leaves when nobody answers, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from agent.tenants.scalars import Spoken, duration
from agent.tenants.strict import Part, Strict
from agent.tenants.tools import BuiltinTool

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant


class Voicemail(Strict):
    """What a caller leaves when nobody answers.

    Attributes:
        say: what the caller hears before the tone, in the carrier's voice; by default, in English,
            to leave a message after it.
        longest: of the message.
        pause: silence that ends it.
    """

    say: Spoken = "Please leave a message after the tone. Press the hash key when you are done."
    longest: Annotated[float, duration(5, 600)] = 120.0
    pause: Annotated[float, duration(2, 30)] = 5.0


def voicemail_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What does not go together: how a message is taken, and that one ever is."""
    tools = [tool.builtin for tool in tenant.tools if isinstance(tool, BuiltinTool)]
    closed = tenant.hours.closed
    takes = tenant.fallback.then == "voicemail" or (
        closed is not None and closed.then == "voicemail"
    )
    if "voicemail" in tenant.model_fields_set and not takes and "voicemail" not in tools:
        yield (
            ("voicemail",),
            "has no effect: write then: voicemail under fallback or hours.closed, "
            "or add - builtin: voicemail to tools",
        )
