"""The output side of a session: the running turn, its frames, its end and its bill, without I/O.

Source: docs/protocols/gemini-live.md 3.3, E-16 to E-19, E-21 to E-23, E-26.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.sim import server_frames as frames
from agent.sim import turn_plan as plan
from agent.sim.faults import Faults, TurnFault
from agent.sim.server_io import Speech
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import SessionConfig
from agent.sim.token_ledger import TokenLedger, text_tokens
from agent.sim.tool_book import ToolBook
from agent.sim.turn import Turn
from agent.sim.turn_plan import Step, StepKind

_REASONS = {
    TurnFault.REJECTED: "RESPONSE_REJECTED",
    TurnFault.MALFORMED_CALL: "MALFORMED_FUNCTION_CALL",
    TurnFault.UNKNOWN_ENUM: "REASON_OF_TOMORROW",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of a session's output, without what is on its way."""

    tools: ToolBook
    ledger: TokenLedger
    n_turns: int


class Delivery:
    """Plans turns and sends them step by step.

    Attributes:
        behaviors: declared functions and whether each is BLOCKING; a context update changes them.
        tools: the open calls.
        ledger: the context, in tokens.
        audio_sent_at: when each audio part went out, monotonic seconds.
    """

    def __init__(
        self,
        config: SessionConfig,
        profile: ServerProfile,
        faults: Faults,
        send: Callable[[bytes], None],
        *,
        real_time: bool,
    ) -> None:
        self.behaviors = dict(config.behaviors)
        self.tools = ToolBook(profile)
        self.ledger = TokenLedger(config.system_instruction)
        self.audio_sent_at: list[float] = []
        self._transcribed = config.output_transcription
        self._compression = config.compression
        self._system_instruction = config.system_instruction
        self._profile, self._faults, self._send = profile, faults, send
        self._real_time = real_time
        self._turn: Turn | None = None
        self._n_turns = 0

    @property
    def turn(self) -> tuple[int, float]:
        """The running turn's number, or the next one's; and how much audio it has put out."""
        if self._turn is None:
            return self._n_turns + 1, 0.0
        return self._turn.ordinal, self._turn.audio_s

    def kept(self, now: float) -> Kept:
        """What a handle is bound to now: of a running turn, what has been heard."""
        ledger = self.ledger.copy()
        if self._turn is not None:
            _enter(ledger, self._turn, now)
        return Kept(self.tools.copy(), ledger, self._n_turns)

    def restore(self, kept: Kept) -> None:
        """Go on from there, under the instruction of the new set-up."""
        self.tools, self.ledger = kept.tools.copy(), kept.ledger.copy()
        self.ledger.instruct(self._system_instruction)
        if self._profile.function_parts == "forgotten":
            self.ledger.forget_functions()
        self._n_turns = kept.n_turns

    def next_at(self) -> float | None:
        """When the next step is due."""
        return None if self._turn is None else self._turn.next_at()

    def speak(self, text: str, speech: Speech, calls: tuple[frames.Call, ...], now: float) -> None:
        """Deliver a spoken reply, and the calls that come with it."""
        turn = self._open_turn()
        faults = turn.faults
        turn.words = f"{turn.words} {text}".strip()
        words = plan.spoken(self._profile, text, speech, faults, transcribed=self._transcribed)
        self._deliver(words, calls, now)

    def write(self, text: str, calls: tuple[frames.Call, ...], now: float) -> None:
        """Deliver a written reply, which may be nothing, and the calls that come with it."""
        self._deliver(plan.written(self._profile, text), calls, now)

    def say_nothing(self, now: float) -> None:
        """A turn without content: the model has nothing to answer."""
        self._open_turn().deliver([Step(0.0, StepKind.COMPLETE)], now)

    def step(self, now: float) -> StepKind | None:
        """Send the next step if it is due; COMPLETE is left to `complete`.

        Returns:
            What it was; None when nothing is due.
        """
        turn, at = self._turn, self.next_at()
        if turn is None or at is None or at > now:
            return None
        step = turn.take(now)
        if step.frame:
            self._send(step.frame)
        if step.kind is StepKind.AUDIO:
            self.audio_sent_at.append(now)
        if step.calls:
            self.tools.issue(step.calls, self._blocking(step.calls), turn.ordinal)
        return step.kind

    @property
    def paused(self) -> bool:
        """Whether the running turn has no step left, but is not complete: it waits for tools."""
        return self._turn is not None and not self._turn.sending

    def complete(self, now: float, *, result_due: bool = False) -> None:
        """End the running turn, one way or another, and bill it.

        Args:
            result_due: a function's result waits to be spoken of.
        """
        turn, self._turn = self._turn or Turn(0, frozenset(), real_time=False), None
        profile = self._profile
        thoughts = text_tokens(frames.THOUGHT) if profile.thought and turn.audio_s else 0
        usage = self.ledger.usage(
            text=turn.text, audio_s=turn.audio_s, thoughts=thoughts, vertex=profile.vertex
        )
        _enter(self.ledger, turn, now)
        if self._compression is not None and self.ledger.context_tokens > self._compression[0]:
            self.ledger.cut(self._compression[1])
        if TurnFault.LOST_TURN_COMPLETE in turn.faults:
            return
        reason = next((text for fault, text in _REASONS.items() if fault in turn.faults), "")
        status = ""
        if profile.interaction_status:
            status = "IN_PROGRESS" if self.tools.pending or result_due else "IDLE"
        self._send(frames.turn_complete(profile, usage, status=status, reason=reason))

    def interrupt(self, now: float, *, result_due: bool = False) -> list[frames.Call]:
        """Cut the running turn: nothing more of it is sent, and its open calls are cancelled.

        Returns:
            What was cancelled (E-19).
        """
        ordinal = self._ordinal
        self._send(frames.content(interrupted=True))
        self.complete(now, result_due=result_due)
        return self._cancel(ordinal)

    def cancel_calls(self) -> list[frames.Call]:
        """Cancel what the running turn called (E-27), and name it."""
        return self._cancel(self._ordinal)

    @property
    def _ordinal(self) -> int:
        return 0 if self._turn is None else self._turn.ordinal

    def _cancel(self, ordinal: int) -> list[frames.Call]:
        calls = self.tools.cancel(ordinal)
        if calls:
            self._send(frames.tool_cancellation([call.id for call in calls]))
        return calls

    def _open_turn(self) -> Turn:
        if self._turn is None:
            self._n_turns += 1
            faults = self._faults.of_turn(self._n_turns)
            self._turn = Turn(self._n_turns, faults, real_time=self._real_time)
        return self._turn

    def _deliver(self, words: list[Step], calls: tuple[frames.Call, ...], now: float) -> None:
        turn, profile = self._open_turn(), self._profile
        opening = plan.opening(profile, first=not turn.audio_s) if words else []
        parts = [opening, words, plan.ended()]
        if calls:
            called = plan.called(profile, calls, transcribed=self._transcribed)
            if profile.call_turn_closes:
                parts.insert(2, called)
            elif self._blocking(calls):
                parts[2] = called
            else:
                parts.insert(0, called)
        steps = plan.joined(plan.speed_of(profile, turn.faults), *parts)
        turn.deliver(plan.faulty(steps, turn.faults), now)

    def _blocking(self, calls: Sequence[frames.Call]) -> set[str]:
        return {call.id for call in calls if self.behaviors.get(call.name) == "BLOCKING"}


def _enter(ledger: TokenLedger, turn: Turn, now: float) -> None:
    """A turn becomes history: as far as it has been heard."""
    ledger.add_audio(turn.played_s(now), "model", turn.played_words(now))
    ledger.add_text(turn.text, "model")
