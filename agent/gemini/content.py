"""Content: what user and model said, in parts, on the Gemini Live wire, without I/O.

Source: docs/protocols/gemini-live.md 2.2, 3.1. Shared by both directions.
"""

from __future__ import annotations

import msgspec

from agent.gemini.tools import FunctionCall, FunctionResponse, JsonObject

USER = "user"
MODEL = "model"
SYSTEM = "system"  # Vertex only, as an instruction in the middle of a session (3.10)

UPLINK_RATE_HZ = 16000
UPLINK_MIME = f"audio/pcm;rate={UPLINK_RATE_HZ}"
DOWNLINK_RATE_HZ = 24000  # also meant by a type without a rate (Vertex sends one)


class Blob(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Bytes with their type; audio is int16 little-endian mono PCM."""

    mime_type: str = ""
    data: bytes = b""
    display_name: str | None = None


class FileData(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A file the service fetches itself."""

    mime_type: str = ""
    file_uri: str = ""
    display_name: str | None = None


class ExecutableCode(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Code the model wrote for its own use; never spoken."""

    code: str = ""
    language: str = ""
    id: str = ""


class CodeExecutionResult(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """What that code gave; 2.5 announces a web search with a bare one."""

    outcome: str = ""
    output: str = ""
    id: str = ""


class Part(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One piece of content: exactly one of the first eight, and marks about it.

    Attributes:
        thought: the part is the model's reasoning: never spoken, never transcribed.
        thought_signature: opaque, to be sent back as it came.
        part_metadata: Developer API only, as are `tool_call` and `tool_response` (2.6).
    """

    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    tool_call: JsonObject | None = None
    tool_response: JsonObject | None = None
    thought: bool = False
    thought_signature: bytes = b""
    video_metadata: JsonObject | None = None
    part_metadata: JsonObject | None = None


class Content(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Parts with the role that uttered them: `user`, `model`, or `system` on Vertex."""

    parts: tuple[Part, ...] = ()
    role: str | None = None


def text_content(text: str, role: str = USER) -> Content:
    """A content of a single text part."""
    return Content(parts=(Part(text=text),), role=role)
