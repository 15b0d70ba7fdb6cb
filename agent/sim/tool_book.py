"""The function calls of one session that wait for an answer, without I/O.

Source: docs/protocols/gemini-live.md 2.4, 3.4, E-23 to E-25.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from agent.sim.server_frames import Call
from agent.sim.server_profiles import ServerProfile
from agent.sim.wire import INVALID_PAYLOAD, Refused, invalid_argument


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One call answered for good.

    Attributes:
        scheduling: WHEN_IDLE, INTERRUPT or SILENT; only of a call that does not block.
    """

    name: str
    response: Mapping[str, Any]
    scheduling: str = "WHEN_IDLE"


@dataclass(slots=True)
class Batch:
    """The BLOCKING calls of one frame: the model goes on when all are answered."""

    turn: int
    open: set[str]
    results: list[ToolResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a `toolResponse` brought.

    Attributes:
        together: results of BLOCKING calls, when the last of their frame is in.
        single: results of calls that did not block.
        unknown: ids never issued, answered already or cancelled.
    """

    together: tuple[ToolResult, ...]
    single: tuple[ToolResult, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Open:
    call: Call
    batch: Batch
    blocking: bool


class ToolBook:
    """Open calls, in the order in which they were made."""

    def __init__(self, profile: ServerProfile) -> None:
        self._profile = profile
        self._open: dict[str, _Open] = {}

    @property
    def blocked(self) -> bool:
        """Whether a BLOCKING call waits."""
        return bool(self._open) and any(entry.blocking for entry in self._open.values())

    @property
    def pending(self) -> bool:
        """Whether any call waits."""
        return bool(self._open)

    @property
    def calls(self) -> list[Call]:
        """All that wait."""
        return [entry.call for entry in self._open.values()]

    def copy(self) -> ToolBook:
        """The same, to go its own way."""
        twin = ToolBook(self._profile)
        if not self._open:
            return twin
        batches = {
            id(entry.batch): replace(
                entry.batch, open=set(entry.batch.open), results=list(entry.batch.results)
            )
            for entry in self._open.values()
        }
        twin._open = {
            call_id: replace(entry, batch=batches[id(entry.batch)])
            for call_id, entry in self._open.items()
        }
        return twin

    def is_open(self, call_id: str) -> bool:
        """Whether this call waits for an answer."""
        return call_id in self._open

    def issue(self, calls: Sequence[Call], blocking: Set[str], turn: int) -> None:
        """These have been sent in one frame, during the turn with this ordinal.

        Args:
            blocking: the ids for whose answers the model waits.
        """
        batch = Batch(turn, set(blocking))
        for call in calls:
            self._open[call.id] = _Open(call, batch, call.id in blocking)

    def answer(self, responses: Sequence[Mapping[str, Any]]) -> Answered:
        """Take one `toolResponse`.

        Raises:
            Refused: an id is missing where the surface wants one, or scheduling is not taken.
        """
        together: list[ToolResult] = []
        single: list[ToolResult] = []
        unknown: list[str] = []
        for response in responses:
            call_id = self._id_of(response)
            entry = self._open.get(call_id)
            if entry is None:
                unknown.append(call_id)
                continue
            result = self._result(entry, response)
            if response.get("willContinue") and not entry.blocking:
                continue
            del self._open[call_id]
            if not entry.blocking:
                single.append(result)
                continue
            entry.batch.results.append(result)
            entry.batch.open.discard(call_id)
            if not entry.batch.open:
                together.extend(entry.batch.results)
        return Answered(tuple(together), tuple(single), tuple(unknown))

    def cancel(self, turn: int) -> list[Call]:
        """Forget what the turn with this ordinal called and has no answer yet."""
        calls = [entry.call for entry in self._open.values() if entry.batch.turn == turn]
        for call in calls:
            del self._open[call.id]
        return calls

    def forget(self, call_ids: Iterable[str]) -> None:
        """Nobody waits for these any more."""
        for call_id in call_ids:
            self._open.pop(call_id, None)

    def _id_of(self, response: Mapping[str, Any]) -> str:
        """The id; on Vertex a missing one is found by the name (E-24)."""
        if response.get("id"):
            return str(response["id"])
        if not self._profile.vertex:
            raise invalid_argument()
        name = response.get("name", "")
        found = (id_ for id_, entry in self._open.items() if entry.call.name == name)
        return next(found, "")

    def _result(self, entry: _Open, response: Mapping[str, Any]) -> ToolResult:
        scheduling = response.get("scheduling")
        if scheduling and self._profile.scheduling == "refused":
            reason = "Function response scheduling is not supported for this model"
            raise Refused(INVALID_PAYLOAD, reason)
        if scheduling not in ("INTERRUPT", "SILENT") or self._profile.scheduling == "ignored":
            scheduling = "WHEN_IDLE"
        return ToolResult(entry.call.name, response.get("response", {}), scheduling)
