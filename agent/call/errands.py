"""What a call does for its two sides besides letting them talk: functions, keys, texts; no I/O.

Joins `OpenTools`, `Keypad` and the texts that we ourselves say to the model. Most models drop what
they are saying when a text comes (docs/protocols/gemini-live.md 2.3), so a text that can wait does,
until the agent is silent or the text's time is up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.call import prompts
from agent.call.effects import CancelTools, Effect, RunTool
from agent.call.keypad import Keypad
from agent.call.timeline import Timeline
from agent.call.tools import OpenTools
from agent.gemini.content import text_content
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


class Errands:
    """The errands of one call.

    Args:
        end_call_tool: the model may end the call by the tool `end_call`.

    Attributes:
        counters: `texts_dropped` (too many were waiting), `echoes` (our own texts, reported by the
            service as the caller's words).
    """

    def __init__(
        self, session: LiveSession, timeline: Timeline, *, budget_s: float, end_call_tool: bool
    ) -> None:
        self._out: list[Effect] = []
        self.counters: Counter[str] = Counter()
        self.tools = OpenTools(budget_s)
        self._session = session
        self._timeline = timeline
        self._end_call_tool = end_call_tool
        self._keypad = Keypad()
        self._waiting: list[_Waiting] = []
        self._last_text = ""

    def requested(self, calls: Sequence[ToolCall], turn: int, now: float) -> bool:
        """The model asks for functions.

        Returns:
            Whether it asks to end the call; that is answered already.
        """
        end_call = False
        answers = []
        for call in calls:
            self._timeline.add(now, "tool.requested", id=call.id, tool=call.name, turn=turn)
            if self._end_call_tool and call.name == prompts.END_CALL:
                end_call = True
                answers.append(self.tools.answer_here(call, prompts.END_CALL_RESULT, turn, now))
                self._timeline.add(now, "tool.finished", id=call.id, failed=False)
                continue
            step = self.tools.request(call, turn, now)
            if isinstance(step, RunTool):
                self._out.append(step)
            else:
                answers.append(step)
        self._answer(answers, now)
        return end_call

    def finished(self, id: str, response: Mapping[str, object], now: float) -> None:
        """A function came back."""
        answer = self.tools.finish(id, response, now)
        if answer is None:
            return
        self._timeline.add(now, "tool.finished", id=id, failed="error" in response)
        if isinstance(answer, str):
            self.tell_when_quiet(answer, now + LATE_RESULT_S)
        else:
            self._answer([answer], now)

    def cancelled(self, ids: Sequence[str], now: float) -> None:
        """The service does not want these answers any more."""
        self._cancel(self.tools.cancel(ids, now), now)

    def end(self, now: float) -> None:
        """The call is over: nobody waits for anything."""
        self._waiting.clear()
        self._cancel(self.tools.cancel_all(now), now)

    def pressed(self, digit: str, now: float) -> None:
        """The caller pressed a key."""
        self._keypad.press(digit, now)
        self._timeline.add(now, "dtmf", **{"pii.digit": digit})

    def tell(self, text: str, now: float) -> None:
        """Send the model a text that it shall answer, in the way its profile asks for."""
        self._last_text = text
        if self._session.profile.kick_off == "realtime_text":
            self._session.send_text(text, now)
        else:
            self._session.send_content([text_content(text)], now, turn_complete=True)

    def tell_when_quiet(self, text: str, latest: float) -> None:
        """Have a text sent at the first quiet moment, or at `latest` whatever goes on."""
        if len(self._waiting) == MOST_WAITING:
            self.counters["texts_dropped"] += 1
            return
        self._waiting.append(_Waiting(text, latest))

    def is_echo(self, text: str) -> bool:
        """Whether a transcript of the caller is our own last text, which some models report so."""
        echo = bool(text) and text.strip() == self._last_text
        self.counters["echoes"] += echo
        return echo

    def advance(self, quiet_at: float, now: float) -> None:
        """Do what is due.

        Args:
            quiet_at: since, or from, when nobody speaks; `inf`: not known.
        """
        self._answer(self.tools.overdue(now), now)
        keys = self._keypad.due(now)
        if keys:
            self.tell(prompts.KEYS.format(keys=keys), now)
        for waiting in self._waiting.copy():
            if now >= min(quiet_at, waiting.latest):
                self._waiting.remove(waiting)
                self.tell(waiting.text, now)

    def take(self) -> list[Effect]:
        """Return the effects that came up, once; the list is the caller's."""
        out, self._out = self._out, []
        return out

    def deadline(self, quiet_at: float) -> float:
        """When `advance` next has something to do."""
        deadline = min(self.tools.deadline, self._keypad.deadline)
        if self._waiting:
            deadline = min(deadline, quiet_at, *(waiting.latest for waiting in self._waiting))
        return deadline

    def _answer(self, answers: Sequence[FunctionResponse], now: float) -> None:
        if answers:
            self._session.send_tool_responses(answers, now)

    def _cancel(self, ids: tuple[str, ...], now: float) -> None:
        if ids:
            self._out.append(CancelTools(ids))
            self._timeline.add(now, "tool.cancelled", ids=ids)
