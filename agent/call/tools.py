"""The model's function calls: asked, running, answered, cancelled; without I/O.

Every call the model makes gets exactly one answer, unless it is cancelled: then none. A function
that takes longer than the model may wait is answered in its place, and what it brings later goes
to the model as text.

Source: docs/protocols/gemini-live.md 3.4, C-14, C-17.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf

import msgspec

from agent.call import prompts
from agent.call.effects import RunTool
from agent.gemini.messages import FunctionResponse
from agent.gemini.session_events import ToolCall

MOST_RUNNING = 16
MOST_CALLS = 200
"""In one telephone call; further ones are refused."""


class ToolState(Enum):
    """Where one function call stands."""

    RUNNING = "running"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    """Answered with "still working"; its result is still to come."""
    LATE = "late"
    """Its result came after that."""
    CANCELLED = "cancelled"


@dataclass(slots=True)
class ToolRecord:
    """One function call.

    Attributes:
        id: unique within the call.
        turn: the number of the turn that asked for it; 0: none was open.
        ended_at: when its result came, or it was cancelled.
        failed: its result was an error.
    """

    id: str
    name: str
    requested_at: float
    turn: int
    state: ToolState = ToolState.RUNNING
    ended_at: float | None = None
    failed: bool = False


class OpenTools:
    """The function calls of one call.

    Attributes:
        records: those of the whole call but the refused, oldest first.
        counters: `duplicate`, `refused` (too many), `dropped` (results nobody waits for),
            `cancelled`, `overdue`.
    """

    def __init__(self, budget_s: float) -> None:
        self.records: list[ToolRecord] = []
        self.counters: Counter[str] = Counter()
        self._budget_s = budget_s
        self._open: dict[str, ToolRecord] = {}
        self._seen: set[str] = set()

    @property
    def pending(self) -> bool:
        """Whether the model waits for an answer."""
        return any(record.state is ToolState.RUNNING for record in self._open.values())

    @property
    def deadline(self) -> float:
        """When the next answer is due."""
        waiting = [r.requested_at for r in self._open.values() if r.state is ToolState.RUNNING]
        return min(waiting) + self._budget_s if waiting else inf

    def request(self, call: ToolCall, turn: int, now: float) -> RunTool | FunctionResponse:
        """Take a call of the model.

        Returns:
            What to do: run it, or answer it at once. An id that came before is not run again.
        """
        if call.id in self._seen:
            self.counters["duplicate"] += 1
            refusal = {"error": prompts.SAME_CALL, "retryable": False}
            return FunctionResponse(call.id, call.name, refusal)
        if len(self.records) >= MOST_CALLS or len(self._open) >= MOST_RUNNING:
            self.counters["refused"] += 1
            refusal = {"error": prompts.TOO_MANY_TOOLS, "retryable": True}
            return FunctionResponse(call.id, call.name, refusal)
        self._open[call.id] = self._record(call, turn, now)
        return RunTool(call.id, call.name, call.args)

    def answer_here(self, call: ToolCall, output: str, turn: int, now: float) -> FunctionResponse:
        """Answer a call that is ours to perform, not a business function's."""
        if len(self.records) < MOST_CALLS:
            self._move(self._record(call, turn, now), ToolState.ANSWERED, now)
        return FunctionResponse(call.id, call.name, {"output": output})

    def finish(
        self, id: str, response: Mapping[str, object], now: float
    ) -> FunctionResponse | str | None:
        """Take a result.

        Returns:
            The answer to the model; or, for an overdue call, a text for it; or nothing when
            nobody waits for it any more.
        """
        record = self._open.pop(id, None)
        if record is None:
            self.counters["dropped"] += 1
            return None
        record.failed = "error" in response
        if record.state is ToolState.RUNNING:
            self._move(record, ToolState.ANSWERED, now)
            return FunctionResponse(record.id, record.name, dict(response))
        self._move(record, ToolState.LATE, now)
        result = msgspec.json.encode(response).decode()
        return prompts.LATE_RESULT.format(name=record.name, result=result)

    def cancel(self, ids: Iterable[str], now: float) -> tuple[str, ...]:
        """Take a cancellation by the service; returns the ids of those that were running."""
        cancelled = []
        for id in ids:
            record = self._open.pop(id, None)
            if record is not None:
                self._move(record, ToolState.CANCELLED, now)
                self.counters["cancelled"] += 1
                cancelled.append(id)
        return tuple(cancelled)

    def cancel_all(self, now: float) -> tuple[str, ...]:
        """Cancel whatever still runs, because the call is over."""
        return self.cancel(list(self._open), now)

    def overdue(self, now: float) -> list[FunctionResponse]:
        """Return the answers in the place of functions that took too long."""
        answers = []
        for record in self._open.values():
            if record.state is ToolState.RUNNING and now >= record.requested_at + self._budget_s:
                record.state = ToolState.OVERDUE
                self.counters["overdue"] += 1
                reply = {"error": prompts.STILL_WORKING, "retryable": False}
                answers.append(FunctionResponse(record.id, record.name, reply))
        return answers

    def _record(self, call: ToolCall, turn: int, now: float) -> ToolRecord:
        record = ToolRecord(call.id, call.name, now, turn)
        self.records.append(record)
        self._seen.add(call.id)
        return record

    def _move(self, record: ToolRecord, to: ToolState, now: float) -> None:
        record.state, record.ended_at = to, now
