"""What a call does for its two sides besides letting them talk: functions, keys, texts; no I/O.

Joins `OpenTools`, `Keypad` and the texts that we ourselves say to the model. Most models drop what
they are saying when a text comes (docs/protocols/gemini-live.md 2.3), so a text that can wait does,
until the agent is silent or the text's time is up.

For functions to take effect once (docs/protocols/gemini-live.md C-15), the owner says what happens
around them: `started` with the carrier's id of the call; `caller_spoke` at each sign of the caller;
`model_answered` when the model ends a turn, whichever way; `saved` when a handle comes from which
the session could be resumed; `left`, `lost` and `moved` as the connections go and come.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import msgspec

from agent.call import prompts
from agent.call.effects import CancelTools, Effect, RunTool
from agent.call.keeping import Keeping
from agent.call.keypad import PLAIN, Keypad, KeyPlan
from agent.call.requests import CallerTurns
from agent.call.timeline import Timeline
from agent.call.tools import Cancelled, OpenTools
from agent.call.turn import NOT_KEPT
from agent.gemini.session import LiveSession
from agent.gemini.session_events import ToolCall
from agent.gemini.tools import FunctionResponse

MOST_WAITING = 16
LATE_RESULT_S = 5.0
"""How long a function's late result waits for a quiet moment."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    text: str
    latest: float
    key: str | None = None  # of the request whose result it tells


class Errands:
    """The errands of one call.

    Args:
        end_call_tool: the model may end the call by the tool `end_call`.
        keys: what is made of the keys the caller presses.
        keeping: what of the call may be kept.
        pause_tool: the model may pause that.

    Attributes:
        counters: `texts_dropped` (too many were waiting), `echoes` (our own texts, reported by the
            service as the caller's words), `keys_ignored`.
        answers: how many were given to function calls.
        last_text, told_at: the latest text to the model, and when it was sent.
        ending: the call ends: keys and late results are not told any more, since every text cuts
            short what the model is saying, and these are its last words.
    """

    def __init__(
        self,
        session: LiveSession,
        timeline: Timeline,
        *,
        budget_s: float,
        end_call_tool: bool,
        keys: KeyPlan = PLAIN,
        keeping: Keeping | None = None,
        pause_tool: bool = False,
        scheduling: Mapping[str, str] | None = None,
    ) -> None:
        self._out: list[Effect] = []
        self.counters: Counter[str] = Counter()
        self.tools = OpenTools(budget_s, scheduling=scheduling)
        self._session = session
        self._timeline = timeline
        self._end_call_tool = end_call_tool
        self._keeping = keeping
        self._pause_tool = pause_tool
        self._caller_turns = CallerTurns()
        self._keypad = Keypad(keys)
        self._waiting: list[_Waiting] = []
        self.answers = 0
        self.last_text = ""
        self.told_at = -inf
        self.ending = False

    # Functions.

    def started(self, call_id: str) -> None:
        """The telephone call has a name: the carrier's, whichever process serves it."""
        self.tools.call_id = call_id

    def requested(self, calls: Sequence[ToolCall], turn: int, now: float) -> bool:
        """The model asks for functions.

        Returns:
            Whether it asks to end the call; that is answered already.
        """
        end_call = False
        answers: list[FunctionResponse] = []
        for call in calls:
            self._timeline.add(now, "tool.requested", id=call.id, tool=call.name, turn=turn)
            if self._end_call_tool and call.name == prompts.END_CALL:
                end_call = True
                answers.append(self.tools.answer_here(call, prompts.END_CALL_RESULT, turn, now))
                continue
            if (result := self._recording(call.name, now)) is not None:
                answers.append(self.tools.answer_here(call, result, turn, now))
                continue
            step = self.tools.request(call, turn, self._caller_turns.number, now)
            if isinstance(step, RunTool):
                self._out.append(step)
            elif step is not None:
                answers.append(step)
        self._finish(answers, now)
        return end_call

    def _recording(self, tool: str, now: float) -> str | None:
        """Pause what is kept, or go on, if this is what the tool does; returns the answer."""
        if not self._pause_tool or self._keeping is None:
            return None
        if tool == prompts.PAUSE_RECORDING:
            self._keeping.pause(now)
            return prompts.PAUSED.format(seconds=round(self._keeping.longest_pause_s))
        if tool == prompts.RESUME_RECORDING:
            self._keeping.resume(now)
            return prompts.RESUMED
        return None

    def finished(self, run: str, response: Mapping[str, object], now: float) -> None:
        """A function came back."""
        answers = self.tools.finish(run, response, now)
        if answers is None:
            return
        if all(answer.id != run for answer in answers):
            self._timeline.add(now, "tool.finished", id=run, failed="error" in response)
        self._finish(answers, now)

    def cancelled(self, ids: Sequence[str], now: float) -> None:
        """The service does not want these answers any more."""
        self._cancel(self.tools.cancel(ids, now), now)

    def lost(self, ids: Sequence[str], now: float) -> None:
        """The model waits for these answers no longer, because their connection is gone."""
        if lost := self.tools.lost(ids, now):
            self._timeline.add(now, "tool.lost", ids=lost)

    def left(self, now: float) -> None:
        """The session has no connection for the moment."""
        self._waiting = [waiting for waiting in self._waiting if waiting.key is None]
        self.tools.left(now)

    def moved(self, resumed: bool, now: float) -> None:
        """The session has a connection again.

        Args:
            resumed: the model knows all that it knew, and is sent nothing again that it answered.
        """
        self.tools.requests.moved(resumed, self._caller_turns.number, now)

    def caller_spoke(self) -> None:
        """The caller spoke, or still does, or pressed a key."""
        self._caller_turns.caller_spoke()

    def model_answered(self, now: float, *, whole: bool) -> None:
        """The model ended a turn, of which it said the `whole`, or was interrupted."""
        self._caller_turns.model_answered()
        if whole:
            self.tools.requests.used(now)

    def saved(self, now: float) -> None:
        """The session could be resumed from here."""
        self.tools.requests.saved(now)

    # Texts and keys.

    def end(self, now: float) -> None:
        """The call is over: nobody waits for anything."""
        self._waiting.clear()
        self._cancel(self.tools.cancel_all(now), now)

    def pressed(self, digit: str, now: float) -> None:
        """The caller pressed a key."""
        if self.ending or not self._keypad.press(digit, now):
            self.counters["keys_ignored"] += 1
        shown = NOT_KEPT if self._keeping is not None and self._keeping.paused else digit
        self._timeline.add(now, "dtmf", **{"pii.digit": shown})

    def tell(self, text: str, now: float, *, remember: bool = True) -> None:
        """Send the model a text that it shall answer, in the way its profile asks for.

        Args:
            remember: it is part of the conversation, also for a session begun anew.
        """
        self.last_text, self.told_at = text, now
        self._session.prompt(text, now, remember=remember)

    def tell_when_quiet(self, text: str, latest: float) -> None:
        """Have a text sent at the first quiet moment, or at `latest` whatever goes on."""
        if len(self._waiting) == MOST_WAITING:
            self.counters["texts_dropped"] += 1
            return
        self._waiting.append(_Waiting(text, latest))

    def take_back(self, text: str) -> bool:
        """Have a text that still waits not be sent; whether it did."""
        before, self._waiting = self._waiting, [w for w in self._waiting if w.text != text]
        return len(self._waiting) < len(before)

    def is_echo(self, text: str) -> bool:
        """Whether a transcript of the caller is our own last text, which some models report so."""
        echo = bool(text) and text.strip() == self.last_text
        self.counters["echoes"] += echo
        return echo

    def advance(self, quiet_at: float, now: float) -> bool:
        """Do what is due.

        Args:
            quiet_at: since, or from, when nobody speaks; `inf`: not known.

        Returns:
            Whether the caller ends the call by a key; the model has been told.
        """
        self._answer(self.tools.overdue(now), now)
        if self.ending:
            return False
        for request in self.tools.requests.due(now):
            result = msgspec.json.encode(request.response).decode()
            text = prompts.LATE_RESULT.format(name=request.name, result=result)
            self._waiting.append(_Waiting(text, now + LATE_RESULT_S, request.key))
        if self._take_keys(now):
            return True
        for waiting in self._waiting.copy():
            if now >= min(quiet_at, waiting.latest):
                self._waiting.remove(waiting)
                if waiting.key is None or self.tools.requests.tell(waiting.key, now):
                    self.tell(waiting.text, now)
        return False

    def take(self) -> list[Effect]:
        """Return the effects that came up, once; the list is the caller's."""
        out, self._out = self._out, []
        return out

    def deadline(self, quiet_at: float) -> float:
        """When `advance` next has something to do."""
        if self.ending:
            return self.tools.answer_due
        deadline = min(self.tools.deadline, self._keypad.deadline)
        if self._waiting:
            deadline = min(deadline, quiet_at, *(waiting.latest for waiting in self._waiting))
        return deadline

    def _take_keys(self, now: float) -> bool:
        entry = self._keypad.due(now)
        if entry is None:
            return False
        if entry.act is None:
            self.tell(prompts.KEYS.format(keys=entry.keys), now)
            return False
        self._timeline.add(now, "key.acted", does=entry.act.does)
        self.tell(entry.act.text, now)
        return entry.act.ends_call

    def _answer(self, answers: Sequence[FunctionResponse], now: float) -> None:
        if answers:
            self.answers += len(answers)
            self._session.send_tool_responses(answers, now)

    def _finish(self, answers: Sequence[FunctionResponse], now: float) -> None:
        for answer in answers:
            failed = "error" in (answer.response or ())
            self._timeline.add(now, "tool.finished", id=answer.id, failed=failed)
        self._answer(answers, now)

    def _cancel(self, cancelled: Cancelled, now: float) -> None:
        if cancelled.runs:
            self._out.append(CancelTools(cancelled.runs))
        if cancelled.ids:
            self._timeline.add(now, "tool.cancelled", ids=cancelled.ids)
