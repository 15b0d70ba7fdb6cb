"""Everything we may send to the Gemini Live service, as structs, without I/O.

Source: docs/protocols/gemini-live.md 2. One class per key of the wire's oneof, so that a frame
cannot hold two.
"""

from __future__ import annotations

import msgspec

from agent.gemini.content import Blob, Content
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionResponse, Tool


class SetupMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Begins a connection; nothing else may be sent before the service has answered it."""

    setup: Setup


class ClientContent(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Turns for the history; `turn_complete` starts generation and interrupts a running one."""

    turns: tuple[Content, ...] = ()
    turn_complete: bool = False


class ClientContentMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Carries turns."""

    client_content: ClientContent


class ActivityStart(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The caller begins to speak, by our own detection."""


class ActivityEnd(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The caller has stopped, by our own detection."""


class RealtimeInput(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One piece of live input: exactly one field set.

    Attributes:
        media_chunks: deprecated by the service and never sent; it stands here to be understood.
    """

    audio: Blob | None = None
    video: Blob | None = None
    text: str | None = None
    audio_stream_end: bool | None = None
    activity_start: ActivityStart | None = None
    activity_end: ActivityEnd | None = None
    media_chunks: tuple[Blob, ...] = ()


class RealtimeInputMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Carries live input."""

    realtime_input: RealtimeInput


class ToolResponse(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Answers to calls, one or several."""

    function_responses: tuple[FunctionResponse, ...] = ()


class ToolResponseMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Carries answers."""

    tool_response: ToolResponse


class ContextUpdateTools(msgspec.Struct, rename="camel", frozen=True):
    """The tools from now on; empty takes them all away, so the list is always written."""

    tools: tuple[Tool, ...] = ()


class ContextUpdate(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Changes the instruction or the tools of a running session; only what is set changes."""

    system_instruction: Content | None = None
    tools: ContextUpdateTools | None = None


class ContextUpdateMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Carries a change of context; Gemini 3.8 only (2.5)."""

    context_update: ContextUpdate


type ClientMessage = (
    SetupMessage
    | ClientContentMessage
    | RealtimeInputMessage
    | ToolResponseMessage
    | ContextUpdateMessage
)
