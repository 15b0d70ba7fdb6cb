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
from dataclasses import dataclass
from math import inf

RATE_HZ = 8000
LATE_S = 1.0
"""Audio within this time after the end of its turn is late; after it, it is a new turn's."""
WATCHDOG_S = 10.0
"""docs/protocols/gemini-live.md C-10."""
MOST_TURNS = 500
_SENTENCE_ENDS = frozenset(".!?")
MOST_TEXT = 20_000
MOST_CHARACTERS_PER_S = 20.0
"""Faster than anyone talks: where the transcript runs ahead of the audio, words beyond this rate
were not heard."""

IN_PROGRESS = "IN_PROGRESS"


@dataclass(slots=True)
class Turn:
    """One answer of the model.

    Attributes:
        number: from 1.
        answers_caller: the caller spoke since the turn before; else we asked for it.
        caller_text, agent_text: transcripts as they came, joined.
        audio: samples at 8 kHz queued for the caller.
        caller_stopped_at: when the caller had finished speaking.
        audio_started_at: when its first audio went out.
        generated: the model has sent all of it.
        closed: nothing more belongs to it.
        interrupted: the caller did not hear all of it.
        unheard_s: how much not.
        reason: why it ended, where the service or the watchdog gave one.
    """

    number: int
    began_at: float
    answers_caller: bool
    caller_text: str = ""
    agent_text: str = ""
    audio: int = 0
    caller_stopped_at: float | None = None
    audio_started_at: float | None = None
    generated: bool = False
    closed: bool = False
    interrupted: bool = False
    unheard_s: float = 0.0
    reason: str | None = None

    @property
    def heard_s(self) -> float:
        """How much of it the caller heard, once it is over, in seconds."""
        return max(0.0, self.audio / RATE_HZ - self.unheard_s)

    @property
    def latency_s(self) -> float | None:
        """From the caller's last sound to the agent's first, as far as both are known."""
        if self.caller_stopped_at is None or self.audio_started_at is None:
            return None
        return self.audio_started_at - self.caller_stopped_at

    @property
    def agent_text_heard(self) -> str:
        """The agent's words, cut to what was heard, in proportion and at a word's end."""
        text = self.agent_text.strip()
        if not self.interrupted:
            return text
        share = self.heard_s * RATE_HZ / self.audio if self.audio else 0.0
        n = int(min(len(text) * share, self.heard_s * MOST_CHARACTERS_PER_S))
        if n >= len(text):
            return text
        return text[: text.rfind(" ", 0, n + 1)] if " " in text[: n + 1] else ""


class Turns:
    """The turns of one call.

    Attributes:
        all: the last `MOST_TURNS` turns, oldest first.
        open: the turn that the model is in.
        count: turns so far.
        model_at: when the model last gave a sign of life.
        caller_speaking: as our own detection hears it.
        late: chunks dropped because they came after the end of their turn.
        closed_locally: turns that the watchdog had to close.
        text_dropped: characters of transcripts beyond `MOST_TEXT` per side and turn.
    """

    def __init__(self) -> None:
        self.all: deque[Turn] = deque(maxlen=MOST_TURNS)
        self.open: Turn | None = None
        self.caller_speaking = False
        self.late = 0
        self.closed_locally = 0
        self.count = 0
        self.model_at = -inf
        self.text_dropped = 0
        self._late_until = -inf
        self._expected_from = -inf
        self._caller_text = ""
        self._asked = False
        self._stopped_at: float | None = None
        self._waiting_since: float | None = None
        self._dead_air_s = 0.0

    def caller_started(self, at: float) -> None:
        """The caller began to speak at `at`."""
        self.caller_speaking = True
        self._asked = True
        self._stopped_at = None
        self._waited_until(at)

    def caller_stopped(self, at: float, agent_audible: bool) -> None:
        """The caller had finished speaking at `at`; known one hangover later."""
        self.caller_speaking = False
        turn = self.all[-1] if self.all else None
        if turn is not None and turn.audio_started_at is not None and turn.audio_started_at >= at:
            if turn.answers_caller and not self._asked:
                turn.caller_stopped_at = at
                self._dead_air_s = max(self._dead_air_s, turn.audio_started_at - at)
            return
        self._stopped_at = at
        if not agent_audible:
            self._waiting_since = at

    def caller_said(self, text: str) -> Turn | None:
        """Take a piece of the caller's transcript.

        Returns:
            The turn it belongs to, or None while the turn that answers it has not begun.
        """
        turn = self.all[-1] if self.all else None
        known = turn is not None and turn.closed and turn.caller_text
        if turn is None or not turn.answers_caller or self._asked or known:
            self._caller_text = self._joined(self._caller_text, text)
            return None
        turn.caller_text = self._joined(turn.caller_text, text)
        return turn

    def agent_said(self, turn: Turn, text: str) -> None:
        """Take a piece of the agent's transcript; sentences around a function are kept apart."""
        if turn.agent_text[-1:] in _SENTENCE_ENDS and text[:1].isalnum():
            text = f" {text}"
        turn.agent_text = self._joined(turn.agent_text, text)

    def model_spoke(self, now: float) -> Turn | None:
        """Find the turn that output of the model belongs to, opening one if need be.

        Returns:
            None when it comes too late: drop it.
        """
        turn = self.open
        if turn is not None and not turn.generated:
            self.model_at = now
            return turn
        if now < self._late_until:
            self.late += 1
            return None
        if turn is not None:
            self._close(turn)
        return self._begin(now)

    def generation_complete(self, now: float) -> Turn | None:
        """All output of the open turn has been received.

        Returns:
            That turn, if it was not known before.
        """
        self.model_at = now
        turn = self.open
        if turn is None:
            if self._late_until == inf:
                self._late_until = now + LATE_S
            return None
        if turn.generated:
            return None
        turn.generated = True
        self._late_until = now + LATE_S
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
            return None
        self._late_until = -inf
        if turn is not None:
            turn.reason = reason
            self._close(turn)
        return turn

    def interrupted(self, now: float) -> None:
        """The service says that it has stopped: nothing but late output comes for the turn."""
        self.model_at = now
        self._late_until = now + LATE_S
        self._asked = True
        if self.open is not None:
            self._close(self.open)

    def cut(self, unheard: dict[int, float], now: float) -> Turn | None:
        """The agent was silenced for the caller; `unheard` as `Playout.clear` gave it.

        Output of the open turn is dropped from now on.

        Returns:
            The last turn that the caller did not hear to its end.
        """
        turn = self.open
        if turn is not None:
            turn.interrupted = True
            if not turn.generated:
                self._late_until = inf
                self.model_at = now
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
        self._waited_until(now)
        turn = next((turn for turn in reversed(self.all) if turn.number == number), None)
        if turn is None or turn.audio_started_at is not None:
            return None
        turn.audio_started_at = now
        return turn.latency_s

    @property
    def unanswered_text(self) -> str:
        """What the caller said that no turn has answered yet."""
        return self._caller_text.strip()

    def expect_answer(self) -> None:
        """The service heard the caller speak: the next turn answers that."""
        self._asked = True

    def expect_output(self, now: float) -> None:
        """The model has been given what it was waiting for."""
        self._expected_from = now

    def watchdog_at(self, playout_end: float) -> float:
        """When to stop believing in the open turn, if nothing happens until then."""
        if self.open is None and self._late_until != inf:
            return inf
        return max(self.model_at, self._expected_from, playout_end) + WATCHDOG_S

    def give_up(self) -> Turn | None:
        """Close the open turn because its end was never said."""
        self.closed_locally += 1
        self._late_until = -inf
        turn = self.open
        if turn is not None:
            turn.reason = "watchdog"
            self._close(turn)
        return turn

    def dead_air_s(self, now: float) -> float:
        """The longest wait of the caller for the agent's voice so far."""
        waiting = now - self._waiting_since if self._waiting_since is not None else 0.0
        return max(self._dead_air_s, waiting)

    def _begin(self, now: float) -> Turn:
        self.count += 1
        turn = Turn(self.count, now, self._asked or bool(self._caller_text))
        turn.caller_text, self._caller_text = self._caller_text, ""
        if turn.answers_caller:
            turn.caller_stopped_at, self._stopped_at = self._stopped_at, None
        self._asked = False
        self._late_until = -inf
        self.model_at = now
        self.all.append(turn)
        self.open = turn
        return turn

    def _joined(self, text: str, more: str) -> str:
        room = MOST_TEXT - len(text)
        self.text_dropped += max(0, len(more) - room)
        return text + more[:room]

    def _close(self, turn: Turn) -> None:
        turn.closed = True
        self.open = None

    def _waited_until(self, at: float) -> None:
        if self._waiting_since is not None:
            self._dead_air_s = max(self._dead_air_s, at - self._waiting_since)
            self._waiting_since = None
