"""The tool calls a session still owes an answer, without I/O.

Source: docs/protocols/gemini-live.md 2.4, 3.4, C-13, C-14, B17, B37.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from agent.gemini.models import Profile
from agent.gemini.session_events import ToolCall
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import BLOCKING, FunctionCall, FunctionResponse

CALLS_LIMIT = 64
"""Calls open at once; more means a service gone wild."""


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    blocking: bool
    nameless: bool  # the service sent no id: answered by name alone


class OpenCalls:
    """Which calls are open, and how each may be answered."""

    def __init__(self, setup: Setup, profile: Profile, counters: Counter[str]) -> None:
        self._profile = profile
        self._counters = counters
        self._open: dict[str, _Open] = {}
        self._made_ids = 0
        self._behaviors = _behaviors(setup)

    @property
    def blocking(self) -> bool:
        """Whether the service waits, doing nothing else, for an answer."""
        return any(call.blocking for call in self._open.values())

    def requested(self, calls: Sequence[FunctionCall]) -> tuple[ToolCall, ...]:
        """Take in the calls of one frame.

        Returns:
            Those to run. Not among them, and counted: one without a name, one with arguments in
            pieces (never asked for), one whose id is already open, one beyond `CALLS_LIMIT`.
        """
        taken = []
        for call in calls:
            unusable = not call.name or call.will_continue or call.partial_args
            if unusable or call.id in self._open or len(self._open) >= CALLS_LIMIT:
                self._counters["tool_calls_refused"] += 1
                continue
            call_id = call.id or self._make_id()
            self._open[call_id] = _Open(call.name, self._blocks(call.name), not call.id)
            taken.append(ToolCall(call_id, call.name, call.args))
        return tuple(taken)

    def cancelled(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Forget cancelled calls; those that were open are returned."""
        known = tuple(call_id for call_id in dict.fromkeys(ids) if call_id in self._open)
        for call_id in known:
            del self._open[call_id]
        return known

    def answered(self, responses: Sequence[FunctionResponse]) -> tuple[FunctionResponse, ...]:
        """The answers as they may go out; those to a call that is not open are dropped, counted."""
        sent = []
        for response in responses:
            call = self._open.get(response.id)
            if call is None:
                self._counters["answers_dropped"] += 1
                continue
            more = response.will_continue if self._profile.will_continue else None
            if call.blocking:
                more = None
            if not more:
                del self._open[response.id]
            scheduled = self._profile.scheduling and not call.blocking
            sent.append(
                msgspec.structs.replace(
                    response,
                    id="" if call.nameless else response.id,
                    name=call.name,
                    scheduling=response.scheduling if scheduled else None,
                    will_continue=more,
                )
            )
        return tuple(sent)

    def lost(self) -> None:
        """The connection is gone: the service will take no answer to what is open."""
        self._open.clear()

    def declared(self, setup: Setup) -> None:
        """Other functions are declared from now on."""
        self._behaviors = _behaviors(setup)

    def _blocks(self, name: str) -> bool:
        behavior = self._behaviors.get(name)
        return self._profile.blocks_by_default if behavior is None else behavior == BLOCKING

    def _make_id(self) -> str:
        self._made_ids += 1
        return f"local-{self._made_ids}"


def _behaviors(setup: Setup) -> dict[str, str | None]:
    return {
        declaration.name: declaration.behavior
        for tool in setup.tools
        for declaration in tool.function_declarations or ()
    }
