"""The model's function calls: asked, running, answered, cancelled, lost; without I/O.

Every call the model makes gets exactly one answer, unless it is cancelled: then none. A function
that takes longer than the model may wait is answered in its place, and what it brings later goes
to the model as text.

What is run is the request, not the call (`agent.call.requests`): a second call for the same thing
waits for the effect that is under way, or is answered at once with its result. A result that came
for nobody, because the connection was lost, is kept: the model may ask again, and is answered with
it; when it does not within `REISSUE_S` of the new connection, it is told by text. Never both.

A cancelled call whose function may have begun is not known to have taken effect or not: asked for
again, it is run under the same key, and the journal (`agent.tools.journal`) decides.

Source: docs/protocols/gemini-live.md 3.4, C-14 to C-17, C-27.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf

from agent.call import prompts
from agent.call.effects import RunTool
from agent.call.requests import Knowledge, Request, Requests
from agent.gemini.messages import FunctionResponse
from agent.gemini.session_events import ToolCall

SILENT = "SILENT"
"""The scheduling of a result that the model is told and does not speak of."""
MOST_RUNNING = 16
MOST_CALLS = 200
"""In one telephone call; further ones are refused."""
REISSUE_S = 3.0
"""So long the model has, on a new connection, to ask again for what was lost with the old one."""


class ToolState(Enum):
    """Where one function call stands."""

    RUNNING = "running"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    """Answered with "still working"; its result is still to come."""
    LATE = "late"
    """Its result came after that."""
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its connection went before its result came."""


@dataclass(slots=True)
class ToolRecord:
    """One function call.

    Attributes:
        id: the service's.
        turn: the number of the turn that asked for it; 0: none was open.
        key: of its request; empty for a call that is ours to perform.
        ended_at: when its result came, or it was cancelled or lost.
        failed: its result was an error.
    """

    id: str
    name: str
    requested_at: float
    turn: int
    key: str = ""
    state: ToolState = ToolState.RUNNING
    ended_at: float | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancellation came to.

    Attributes:
        ids: the calls that were open.
        runs: of the functions that nobody waits for any more.
    """

    ids: tuple[str, ...]
    runs: tuple[str, ...]


class OpenTools:
    """The function calls of one call.

    Args:
        budget_s: how long the model waits for an answer.
        reissue_s: see `REISSUE_S`.
        scheduling: when the model speaks of a function's result, by its name.

    Attributes:
        call_id: the carrier's id of the telephone call; set it before the first request.
        records: those of the whole call but the refused, oldest first.
        counters: `duplicate`, `refused` (too many), `dropped` (results nobody waits for),
            `cancelled`, `overdue`, `lost`; `joined` (waited for an effect under way) and
            `repeated` (answered from the result of the same request).
        requests: what was asked for; is told by the owner what the model may know.
    """

    def __init__(
        self,
        budget_s: float,
        reissue_s: float = REISSUE_S,
        scheduling: Mapping[str, str] | None = None,
    ) -> None:
        self.call_id = ""
        self.records: list[ToolRecord] = []
        self.counters: Counter[str] = Counter()
        self.requests = Requests(reissue_s)
        self._budget_s = budget_s
        self._scheduling = scheduling or {}
        self._open: dict[str, ToolRecord] = {}
        self._runs: dict[str, Request] = {}
        self._run_ids: set[str] = set()
        self._seen: set[str] = set()

    @property
    def pending(self) -> bool:
        """Whether the model waits for an answer."""
        return bool(self._open) and any(
            record.state is ToolState.RUNNING for record in self._open.values()
        )

    @property
    def deadline(self) -> float:
        """When the next answer, or the next text, is due."""
        return min(self.answer_due, self.requests.deadline)

    @property
    def answer_due(self) -> float:
        """When the next function takes too long, and is answered for; `inf`: none runs."""
        waiting = [r.requested_at for r in self._open.values() if r.state is ToolState.RUNNING]
        return min(waiting) + self._budget_s if waiting else inf

    def request(
        self, call: ToolCall, turn: int, ordinal: int, now: float
    ) -> RunTool | FunctionResponse | None:
        """Take a call of the model.

        Args:
            turn: the model's, for the record.
            ordinal: the caller's turn, as `CallerTurns` counts.

        Returns:
            What to do: run it; or answer it at once; or nothing, because the answer comes with
            the effect that is under way, or is not wanted.
        """
        if call.id in self._seen:
            return self._duplicate(call)
        request = self.requests.find(call, ordinal, now)
        to_run = request is None or (not self._under_way(request) and request.done is None)
        if len(self.records) >= MOST_CALLS or (to_run and len(self._runs) >= MOST_RUNNING):
            self.counters["refused"] += 1
            refusal = {"error": prompts.TOO_MANY_TOOLS, "retryable": True}
            return FunctionResponse(call.id, call.name, refusal)
        if request is None:
            request = self.requests.new(self.call_id, call, ordinal, now)
        record = self._record(call, request.key, turn, now)
        if to_run:
            return self._run(call, record, request, now)
        if request.done is not None:
            return self._repeat(request.done, record, request, now)
        self.counters["joined"] += 1
        self._open[call.id] = record
        return None

    def answer_here(self, call: ToolCall, output: str, turn: int, now: float) -> FunctionResponse:
        """Answer a call that is ours to perform, not a business function's."""
        if len(self.records) < MOST_CALLS:
            self._move(self._record(call, "", turn, now), ToolState.ANSWERED, now)
        return FunctionResponse(call.id, call.name, {"output": output})

    def finish(
        self, run: str, response: Mapping[str, object], now: float
    ) -> list[FunctionResponse] | None:
        """Take a result.

        Args:
            run: the id of its `RunTool`.

        Returns:
            The answers to the model; none: the result is kept, see `Requests.due`. None when nobody
            wants it any more.
        """
        request = self._runs.pop(run, None)
        if request is None:
            self.counters["dropped"] += 1
            return None
        request.response = dict(response)
        answers = []
        for record in [r for r in self._open.values() if r.key == request.key]:
            del self._open[record.id]
            record.failed = "error" in response
            if record.state is ToolState.RUNNING:
                answers.append(self._response(record, dict(response)))
                self._move(record, ToolState.ANSWERED, now)
            else:
                request.promised = True
                self._move(record, ToolState.LATE, now)
        request.know(Knowledge.GIVEN if answers else Knowledge.KEPT, now)
        return answers

    def cancel(self, ids: Iterable[str], now: float) -> Cancelled:
        """Take a cancellation by the service; calls that are not open are none of its business."""
        cancelled = [self._open.pop(id) for id in dict.fromkeys(ids) if id in self._open]
        for record in cancelled:
            self._move(record, ToolState.CANCELLED, now)
            self.counters["cancelled"] += 1
        wanted = {record.key for record in self._open.values()}
        keys = {record.key for record in cancelled} - wanted
        runs = tuple(run for run, request in self._runs.items() if request.key in keys)
        for run in runs:
            self._runs.pop(run).know(Knowledge.CANCELLED, now)
        return Cancelled(tuple(record.id for record in cancelled), runs)

    def cancel_all(self, now: float) -> Cancelled:
        """Cancel whatever still runs, because the call is over."""
        cancelled = self.cancel(list(self._open), now)
        lost, self._runs = tuple(self._runs), {}
        return Cancelled(cancelled.ids, cancelled.runs + lost)

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

    # What connections do to it.

    def lost(self, ids: Iterable[str], now: float) -> tuple[str, ...]:
        """These calls went with their connection; their effects go on. Returns those open."""
        lost = [self._open.pop(id) for id in dict.fromkeys(ids) if id in self._open]
        for record in lost:
            self._move(record, ToolState.LOST, now)
            self._seen.discard(record.id)
            self.counters["lost"] += 1
        return tuple(record.id for record in lost)

    def left(self, now: float) -> None:
        """There is no connection for the moment: the ids that came on the last mean nothing more.

        Calls that are still open are `lost` by name, if the session gives them up.
        """
        self.lost([r.id for r in self._open.values() if r.state is ToolState.OVERDUE], now)
        self._seen &= self._open.keys()
        self.requests.left(now)

    def _under_way(self, request: Request) -> bool:
        return self._runs.get(request.run) is request

    def _duplicate(self, call: ToolCall) -> FunctionResponse | None:
        """An id that came before on this connection: open and cancelled ones are not answered."""
        self.counters["duplicate"] += 1
        record = next(r for r in reversed(self.records) if r.id == call.id)
        if call.id in self._open or record.state is ToolState.CANCELLED:
            return None
        refusal = {"error": prompts.SAME_CALL, "retryable": False}
        return FunctionResponse(call.id, call.name, refusal)

    def _run(self, call: ToolCall, record: ToolRecord, request: Request, now: float) -> RunTool:
        """Run a request under the id of the call, or one like it: a new connection may reuse it."""
        request.run = call.id
        while request.run in self._run_ids:
            request.run += "+"
        self._run_ids.add(request.run)
        request.response = None
        request.know(Knowledge.RUNNING, now)
        self._runs[request.run] = request
        self._open[call.id] = record
        return RunTool(request.run, call.name, call.args, request.key)

    def _repeat(
        self, response: Mapping[str, object], record: ToolRecord, request: Request, now: float
    ) -> FunctionResponse:
        """Answer with the result that is there; a model that has had it is told so."""
        self.counters["repeated"] += 1
        record.failed = "error" in response
        self._move(record, ToolState.ANSWERED, now)
        known = request.knowledge not in {Knowledge.KEPT, Knowledge.QUEUED}
        request.know(Knowledge.GIVEN, now)
        note = {"note": prompts.DONE_BEFORE} if known else {}
        return self._response(record, {**response, **note})

    def _response(self, record: ToolRecord, response: dict[str, object]) -> FunctionResponse:
        """A result; of one that failed the model must not keep silent."""
        when = self._scheduling.get(record.name)
        if when == SILENT and "error" in response:
            when = None
        return FunctionResponse(record.id, record.name, response, when)

    def _record(self, call: ToolCall, key: str, turn: int, now: float) -> ToolRecord:
        record = ToolRecord(call.id, call.name, now, turn, key)
        self.records.append(record)
        self._seen.add(call.id)
        return record

    def _move(self, record: ToolRecord, to: ToolState, now: float) -> None:
        record.state, record.ended_at = to, now
