"""What is kept of a call, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import model_validator

from agent.tenants.scalars import Spoken, Switch, duration
from agent.tenants.strict import Misfit, Part, Strict
from agent.tenants.tools import BuiltinTool, name_of

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant

_DAY_S = 86_400


class Record(Strict):
    """What is kept of a call.

    Attributes:
        audio: write a stereo recording, the caller left and the agent right.
        wire: keep all that went over both wires, locked with SEAMLINE_WIRE_KEY, so that the call
            can be run again (`seamline calls replay`).
        carrier: have the carrier record, too; needs the carrier's account.
        consent: what the agent says before its greeting because the call is recorded; nothing is
            kept of a call before the caller has heard both to their end.
        listen: people at the console may listen to a call while it goes on.
        pause: the longest that the tool pause_recording keeps everything from being kept.
        keep: recordings and wires older than this are deleted; without it, none is. What the
            carrier keeps is not touched.
        keep_records: what the store has of a call, its transcript too, is deleted when it is older
            than this; without it, never.
    """

    audio: Switch = False
    wire: Switch = False
    carrier: Switch = False
    listen: Switch = False
    consent: Spoken | None = None
    pause: Annotated[float, duration(10, 300)] = 60.0
    keep: Annotated[float, duration(3600, 3650 * _DAY_S)] | None = None
    keep_records: Annotated[float, duration(3600, 3650 * _DAY_S)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.consent is not None and not (self.audio or self.wire or self.carrier):
            raise Misfit((("consent",), "has no effect while audio, wire and carrier are false"))
        return self


def record_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What of `record` has no effect because of the rest of the file."""
    pauses = any(
        isinstance(tool, BuiltinTool) and tool.builtin == "pause_recording" for tool in tenant.tools
    )
    for index, tool in enumerate(tenant.tools):
        path, name = name_of(tool)
        if pauses and name == "resume_recording":
            yield ("tools", index, *path), "is a tool that comes with pause_recording"
    if "pause" in tenant.record.model_fields_set and not pauses:
        yield ("record", "pause"), "has no effect without the tool pause_recording"
