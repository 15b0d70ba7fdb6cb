"""Tool declarations, calls and answers on the Gemini Live wire, without I/O.

Source: docs/protocols/gemini-live.md 2.1.2, 2.4, 3.1. Enumerations are plain strings, for servers
grow new values; the known ones stand beside the field.
"""

from __future__ import annotations

from typing import Any

import msgspec

type JsonObject = dict[str, Any]

BLOCKING = "BLOCKING"
NON_BLOCKING = "NON_BLOCKING"
BEHAVIORS = frozenset({BLOCKING, NON_BLOCKING})

WHEN_IDLE = "WHEN_IDLE"
INTERRUPT = "INTERRUPT"
SILENT = "SILENT"
SCHEDULINGS = frozenset({WHEN_IDLE, INTERRUPT, SILENT})


class FunctionDeclaration(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A function the model may call.

    Attributes:
        name: a letter or `_` first, then letters, digits and `_ . : -`; at most 128.
        parameters: an OpenAPI-subset schema, types in upper case; or none.
        parameters_json_schema: a JSON schema in place of `parameters`, never beside it.
        behavior: `BLOCKING`, `NON_BLOCKING`, or None where the model must not be told.
    """

    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    parameters_json_schema: JsonObject | None = None
    response: JsonObject | None = None
    response_json_schema: JsonObject | None = None
    behavior: str | None = None


class GoogleSearch(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The built-in web search. Two of its fields exist on Vertex only (2.6)."""

    search_types: JsonObject | None = None
    time_range_filter: JsonObject | None = None
    blocking_confidence: str | None = None
    exclude_domains: tuple[str, ...] = ()


class Tool(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One kind of tool per object: exactly one field set.

    Only functions and web search work in a live session; the rest is here so that a configuration
    that asks for it is refused by name rather than by the service.
    """

    function_declarations: tuple[FunctionDeclaration, ...] | None = None
    google_search: GoogleSearch | None = None
    google_search_retrieval: JsonObject | None = None
    google_maps: JsonObject | None = None
    code_execution: JsonObject | None = None
    computer_use: JsonObject | None = None
    url_context: JsonObject | None = None
    file_search: JsonObject | None = None
    retrieval: JsonObject | None = None
    enterprise_web_search: JsonObject | None = None
    parallel_ai_search: JsonObject | None = None
    exa_ai_search: JsonObject | None = None
    mcp_servers: tuple[JsonObject, ...] | None = None


class FunctionCall(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A call the model asks for.

    Attributes:
        id: issued by the service; Vertex has also sent calls without one (2.4).
        partial_args: arguments in pieces, `{jsonPath, stringValue, ...}`; Vertex only.
    """

    id: str = ""
    name: str = ""
    args: JsonObject = {}
    partial_args: tuple[JsonObject, ...] = ()
    will_continue: bool = False


class FunctionResponseBlob(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A picture or text handed over with an answer; png, jpeg, webp or plain text on 3.x."""

    mime_type: str = ""
    data: bytes = b""
    display_name: str | None = None


class FunctionResponsePart(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One piece of media in an answer."""

    inline_data: FunctionResponseBlob | None = None
    file_data: JsonObject | None = None


class FunctionResponse(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The answer to one call.

    Attributes:
        id: the id of the call; empty only for a Vertex call that had none.
        response: keys `output` and `error` carry meaning; else the whole object is the output.
        scheduling: `WHEN_IDLE`, `INTERRUPT`, `SILENT`; only for NON_BLOCKING calls.
        will_continue: more answers for this id follow; Developer API and NON_BLOCKING only.
    """

    id: str = ""
    name: str = ""
    response: JsonObject | None = None
    scheduling: str | None = None
    will_continue: bool | None = None
    parts: tuple[FunctionResponsePart, ...] = ()
