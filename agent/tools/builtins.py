"""The tools that this service provides itself, made of Python functions like any other.

`end_call` is not among them: the call performs it (`agent.call.errands`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from agent.errors import ToolError
from agent.tenants.scalars import phone_number
from agent.tenants.tenant import Tenant
from agent.tenants.tools import BuiltinTool
from agent.tools.builtins_line import LINE_TIMEOUT_S, line_function
from agent.tools.context import CallContext
from agent.tools.function import ToolFunction
from agent.tools.messages import Message, keep, path_of
from agent.tools.python_function import read_function
from agent.tools.repeatable import repeatable

LONGEST_MESSAGE = 4_000

_LANGUAGE = re.compile(r"[^\W\d_][\w ()'-]{1,39}")


def builtin_function(tool: BuiltinTool, tenant: Tenant) -> ToolFunction | None:
    """The function of a built-in tool; None for one that the call performs itself."""
    make = _MAKERS.get(tool.builtin)
    if make is not None:
        return read_function(make(tenant.hours.timezone))
    function = line_function(tool.builtin, tenant)
    return None if function is None else read_function(function, LINE_TIMEOUT_S)


def builtin_functions(tenant: Tenant) -> dict[int, list[ToolFunction]]:
    """The functions of a tenant's built-in tools, by their places in its file."""
    made = {
        index: builtin_function(tool, tenant)
        for index, tool in enumerate(tenant.tools)
        if isinstance(tool, BuiltinTool)
    }
    return {index: [function] for index, function in made.items() if function is not None}


def _current_time(zone: tzinfo) -> Callable[..., Any]:
    @repeatable
    async def current_time(context: CallContext) -> dict[str, str]:
        """Tell the present date and time at the business."""
        now = context.now(zone)
        return {
            "weekday": f"{now:%A}",
            "date": f"{now:%Y-%m-%d}",
            "time": f"{now:%H:%M}",
            "zone": str(zone),
        }

    return current_time


def _take_message(zone: tzinfo) -> Callable[..., Any]:
    def take_message(text: str, context: CallContext) -> str:
        """Take a message for the business. Say that it was taken only once this has succeeded.

        Args:
            text: The message in the caller's words, with the name and the number to call back if
                the caller gave them. The number the caller calls from is noted by itself.
        """
        if not text.strip():
            raise ToolError("The message is empty: ask the caller for it.", retryable=True)
        _keep(text.strip(), zone, context)
        return "The message was taken."

    return take_message


def _call_back(zone: tzinfo) -> Callable[..., Any]:
    def call_back(
        about: str, context: CallContext, number: str | None = None, when: str | None = None
    ) -> str:
        """Note that the caller wants to be called back. Say so only once this has succeeded.

        Args:
            about: Whom to ask for and what about, in the caller's words.
            number: The number to call, with its country code, as +15550100100. Leave it out for
                the one that the caller calls from.
            when: The time that suits the caller, in the caller's words.
        """
        if not about.strip():
            raise ToolError("Ask the caller what it is about first.", retryable=True)
        given = number.strip() if number else ""
        wanted = _number(given or context.caller or "")
        time = f", {' '.join(when.split())}" if when and when.strip() else ""
        _keep(f"Call back {wanted}{time}: {about.strip()}", zone, context)
        return "The wish to be called back was noted."

    return call_back


def _number(text: str) -> str:
    try:
        return str(phone_number(text))
    except ValueError:
        raise ToolError(
            "No number with its country code, as +15550100100, is known: ask the caller for it.",
            retryable=True,
        ) from None


def _keep(text: str, zone: tzinfo, context: CallContext) -> None:
    """Write a message for the business down, once for a request."""
    if len(text) > LONGEST_MESSAGE:
        raise ToolError(
            f"The message is longer than {LONGEST_MESSAGE} characters: shorten it.",
            retryable=True,
        )
    taken_at = context.now(zone).isoformat(timespec="seconds")
    message = Message(taken_at, context.call_id, context.caller, text)
    try:
        keep(path_of(context.data_dir, context.tenant), message, context.idempotency_key)
    except (sqlite3.Error, OSError) as error:
        raise ToolError(
            "The message could not be kept: tell the caller that it was not taken.",
            retryable=True,
        ) from error


def _language(_: tzinfo) -> Callable[..., Any]:
    @repeatable
    async def language(language: str) -> dict[str, str]:
        """Go on in another language, when the caller speaks it or asks for it.

        Args:
            language: The English name of the language, as French.
        """
        if not _LANGUAGE.fullmatch(language.strip()):
            raise ToolError("Give the English name of one language, as French.", retryable=True)
        return {
            "status": "done",
            "instructions": (
                f"From now on speak {language.strip()}, and only that, until the caller wants "
                "another language. Begin with your next words, without mentioning it."
            ),
        }

    return language


_MAKERS: Mapping[str, Callable[[tzinfo], Callable[..., Any]]] = {
    "current_time": _current_time,
    "take_message": _take_message,
    "call_back": _call_back,
    "language": _language,
}
