"""Turns: whose words belong together, how long the caller waited, what was heard; without I/O.

A turn is one answer of the model, with the caller's words it answers. It opens with the model's
first output of any kind and closes with `turnComplete`, with an interruption, or by the watchdog
when the service forgets to say so.

Two things arrive out of order and are put right here. The caller's transcript may come long after
the answer has begun: it goes to the turn that answers it, not to the latest. And audio may still
come for a turn that is over: it is dropped until the next turn begins, which is at `turnComplete`
or, when that is missing, with output after a pause that no late audio spans.

Source: docs/protocols/gemini-live.md 3.3, 3.5, C-9 to C-11, B28.
"""

from collections import deque
from collections.abc import Callable
from math import inf

from agent.call.dead_air import DeadAir
from agent.call.late_output import LateOutput
from agent.call.transcripts import Transcripts
from agent.call.turn import Turn

MOST_TURNS = 500
IN_PROGRESS = "IN_PROGRESS"


class Turns:
    """The turns of one call.

    Args:
        hidden: asked when a turn begins, or is gone on with: whether its words are not to be kept.

    Attributes:
        all: the last `MOST_TURNS` turns, oldest first.
        open: the turn that the model is in.
        count: turns so far.
        model_at: when the model last gave a sign of life.
        caller_speaking: as our own detection hears it.
        late: what comes after the end of its turn.
        closed_locally: turns that a watchdog had to close.
        transcripts: of both sides.
        dead_air: the caller's waits.
    """

    def __init__(self, hidden: Callable[[], bool] = lambda: False) -> None:
        self._hidden = hidden
        self.all: deque[Turn] = deque(maxlen=MOST_TURNS)
        self.open: Turn | None = None
        self.caller_speaking = False
        self.late = LateOutput()
        self.closed_locally = 0
        self.count = 0
        self.model_at = -inf
        self.transcripts = Transcripts()
        self._expected_from = -inf
        self._asked = False
        self._stopped_at: float | None = None
        self._unfinished: Turn | None = None
        self.dead_air = DeadAir()

    def caller_started(self, at: float) -> None:
        """The caller began to speak at `at`."""
        self.caller_speaking = True
        self._asked = True
        self._unfinished = None
        self._stopped_at = None
        self.dead_air.over(at)

    def caller_stopped(self, at: float, agent_audible: bool) -> None:
        """The caller had finished speaking at `at`; known one hangover later."""
        self.caller_speaking = False
        turn = self.all[-1] if self.all else None
        if turn is not None and turn.audio_started_at is not None and turn.audio_started_at >= at:
            if turn.answers_caller and not self._asked:
                turn.caller_stopped_at = at
                self.dead_air.lasted(turn.audio_started_at - at)
            return
        self._stopped_at = at
        if not agent_audible:
            self.dead_air.waits(at)

    def caller_said(self, text: str) -> Turn | None:
        """Take a piece of the caller's transcript.

        Returns:
            The turn it belongs to, or None while the turn that answers it has not begun.
        """
        self.late.caller_heard()
        turn = self.all[-1] if self.all else None
        known = turn is not None and turn.closed and turn.caller_text
        if turn is None or not turn.answers_caller or self._asked or known:
            turn = None
        self.transcripts.caller_said(text, turn)
        return turn

    def caller_wrote(self, text: str, at: float, agent_audible: bool) -> None:
        """The caller wrote an utterance at `at`; the next turn answers it, unless he speaks on."""
        self.expect_answer()
        self.transcripts.caller_finished()
        self.caller_said(text)
        self.transcripts.caller_finished()
        if not self.caller_speaking:
            self.caller_stopped(at, agent_audible)

    def model_spoke(self, now: float) -> Turn | None:
        """Find the turn that output of the model belongs to, opening one if need be.

        Returns:
            None when it comes too late: drop it.
        """
        turn = self.open
        if turn is not None and not turn.generated:
            self.model_at = turn.output_at = now
            turn.resting = False
            return turn
        if self.late.dropped_now(now):
            return None
        if turn is not None:
            self._close(turn)
        return self._begin(now)

    def drops(self, now: float) -> bool:
        """Whether output that came now would be too late, its turn having been closed."""
        return self.open is None and self.late.expected(now)

    def generation_complete(self, now: float) -> Turn | None:
        """All output of the open turn has been received.

        Returns:
            That turn, if it was not known before.
        """
        self.model_at = now
        turn = self.open
        if turn is not None and turn.generated:
            turn = None
        self.late.all_came(now, of_open=turn is not None)
        if turn is not None:
            turn.generated = True
            if turn.paused and self._expected_from >= turn.output_at:  # it has the results already
                self.late.over()
        return turn

    def complete(self, reason: str | None, interaction: str | None, now: float) -> Turn | None:
        """The service says that a turn is over.

        Returns:
            The turn that this closes: none if it was closed already, or is only resting while the
            model thinks in the background.
        """
        self.model_at = now
        turn = self.open
        if interaction == IN_PROGRESS and turn is not None:
            turn.resting = True
            return None
        self.late.over()
        if turn is not None:
            turn.reason = reason
            self._close(turn)
        return turn

    def interrupted(self, now: float, *, phantom: bool = False) -> None:
        """The service says that it has stopped: nothing but late output comes for the turn.

        Args:
            phantom: nobody interrupted it. Whatever comes then is to be heard.
        """
        self.model_at = now
        self._asked = True
        self._unfinished = None
        if phantom:
            self.late.over()
        else:
            self.late.stopped(now, turn_open=self.open is not None and self.open.has_rest)
        if self.open is not None:
            self._close(self.open)

    def cut(self, unheard: dict[int, float], now: float) -> Turn | None:
        """The agent was silenced for the caller; `unheard` as `Playout.clear` gave it.

        Output of the open turn is dropped from now on.

        Returns:
            The last turn that the caller did not hear to its end.
        """
        self._unfinished = None
        turn = self.open
        if turn is not None:
            turn.interrupted = True
            if not turn.generated:
                self.model_at = now
            if turn.has_rest:
                self.late.turn_cut()
            self._close(turn)
        for other in self.all:
            if other.number in unheard:
                other.interrupted = True
                other.unheard_s = unheard[other.number]
                turn = other
        return turn

    def audio_sent(self, number: int, now: float) -> float | None:
        """An utterance of a turn begins to go out to the caller.

        Returns:
            The turn's latency, if this is its first and the caller's last sound is known.
        """
        self.dead_air.over(now)
        turn = next((turn for turn in reversed(self.all) if turn.number == number), None)
        if turn is None or turn.audio_started_at is not None:
            return None
        turn.audio_started_at = now
        return turn.latency_s

    @property
    def reply_from(self) -> float:
        """When what the model said last began; `-inf`: it has said nothing."""
        return self.all[-1].output_from if self.all else -inf

    def answers(self, at: float) -> bool:
        """Whether what the model said last began after `at`, and was not cut."""
        return bool(self.all) and self.all[-1].output_from > at and not self.all[-1].interrupted

    @property
    def unanswered_text(self) -> str:
        """What the caller said that no turn has answered yet."""
        return self.transcripts.waiting.strip()

    def expect_answer(self) -> None:
        """The service heard the caller speak: the next turn answers that."""
        self._asked = True
        self._unfinished = None

    def answer_may_come(self) -> None:
        """The service heard the caller stop: what comes now is no rest of what he interrupted."""
        self.late.answer_may_come()

    def expect_output(self, now: float) -> None:
        """The model has been given what it was waiting for: what comes now is its answer."""
        self._expected_from = now
        if self.open is not None and self.open.generated:
            self.late.over()

    def unended_from(self) -> float:
        """Since when nothing but the end of a turn is waited for; `inf`: it is not."""
        turn = self.open
        ends = self.late.unended if turn is None else turn.generated or turn.resting
        return max(self.model_at, self._expected_from) if ends else inf

    def stalled_from(self) -> float:
        """Since when the open turn has stood still; `inf`: it does not, or has been asked to."""
        turn = self.open
        if turn is None or turn.generated or turn.resting:
            return inf
        return turn.output_at if turn.output_at >= self._expected_from else inf

    def hide(self) -> None:
        """The words of the turn that goes on are not to be kept."""
        if self.open is not None:
            self.open.hidden = True

    def give_up(self) -> Turn | None:
        """Close the open turn because its end was never said."""
        self.closed_locally += 1
        self.late.over()
        turn = self.open
        if turn is not None:
            turn.reason = "watchdog"
            self._close(turn)
        return turn

    def connection_left(self) -> Turn | None:
        """Nothing more comes on the connection: close the open turn, if there is one."""
        self.late.over()
        turn = self.open
        if turn is not None:
            self._close(turn)
        return turn

    def go_on_with(self, turn: Turn) -> None:
        """The model is asked to go on with this turn: its next output belongs to it."""
        self._unfinished = turn

    def _begin(self, now: float) -> Turn:
        self.late.turn_begins()
        self.model_at = now
        turn, self._unfinished = self._unfinished, None
        if turn is not None:
            turn.go_on(now)
            turn.hidden = self._hidden() or turn.hidden
            self.open = turn
            return turn
        self.count += 1
        answers = self._asked or bool(self.transcripts.waiting)
        turn = Turn(self.count, now, answers, output_from=now, output_at=now, hidden=self._hidden())
        self.transcripts.answered_by(turn)
        if turn.answers_caller:
            turn.caller_stopped_at, self._stopped_at = self._stopped_at, None
        self._asked = False
        self.all.append(turn)
        self.open = turn
        return turn

    def _close(self, turn: Turn) -> None:
        turn.closed = True
        self.open = None
