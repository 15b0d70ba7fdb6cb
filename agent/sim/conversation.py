"""Turn-taking of the model's stand-in: what it answers, when, and what interrupts it, without I/O.

Inputs wait in an inbox and are answered one turn at a time: thought about for a moment, put to the
mind, given to the voice, and delivered in timed steps.
Source: docs/protocols/gemini-live.md 3.3 to 3.5, E-14 to E-27.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never

import msgspec

from agent.audio.pcm import Pcm16
from agent.sim import server_frames as frames
from agent.sim.delivery import Delivery
from agent.sim.dialogue import CallTools, Move, Nothing, Say
from agent.sim.faults import Faults
from agent.sim.inbox import Entry, Inbox
from agent.sim.mind import Mind, Timing
from agent.sim.server_io import Hear, Send, ServerOutput, Speak, Speech
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import SessionConfig
from agent.sim.turn_plan import StepKind
from agent.sim.wire import INVALID_ARGUMENT, Refused


class Phase(Enum):
    """What the model is doing."""

    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    PLAYING = "playing"  # all is sent; the caller is assumed to be listening still
    WAITING = "waiting"  # silent until BLOCKING calls are answered


@dataclass(frozen=True, slots=True)
class _Saying:
    """A move whose words are with the voice."""

    speech_id: int
    text: str
    calls: tuple[frames.Call, ...]
    move: Move


_MOST_MISSING_CALLS = 5  # then a mind that keeps calling functions nobody declared is cut off


class Conversation:
    """One session's dialogue with one mind.

    Attributes:
        phase: what the model is doing.
        delivery: its output, with the open calls and the token ledger.
    """

    def __init__(
        self,
        config: SessionConfig,
        profile: ServerProfile,
        mind: Mind,
        numbers: Iterator[int],
        timing: Timing,
        faults: Faults,
    ) -> None:
        self.phase = Phase.LISTENING
        self.delivery = Delivery(
            config, profile, faults, self._send, real_time=timing.realtime_playback
        )
        self._config, self._profile, self._mind = config, profile, mind
        self._numbers, self._timing = numbers, timing
        self._unknown_id_code = faults.unknown_id_code
        self._inbox = Inbox(mind)
        self._out: list[ServerOutput] = []
        self._late: deque[tuple[float, bytes]] = deque()
        self._saying: _Saying | None = None
        self._caller_speaking = False

    def outputs(self) -> list[ServerOutput]:
        """What has to be done since the last call, in order."""
        out, self._out = self._out, []
        return out

    def next_timer(self) -> float | None:
        """When `handle_timer` is due next."""
        late = self._late[0][0] if self._late else None
        times = (late, self._inbox.next_at(), self.delivery.next_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do everything that is due."""
        while self._late and self._late[0][0] <= now:
            self._send(self._late.popleft()[1])
        while self._consider(now) or self._step(now):
            pass

    def speech_began(self, now: float) -> None:
        """The caller's speech has been committed."""
        self._caller_speaking = True
        if not self._config.interrupts:
            return
        if self.phase is not Phase.WAITING or self._profile.speech_during_call == "interrupts":
            self._interrupt(now)
        elif self._profile.speech_during_call == "cancels":
            self._inbox.cancelled(self.delivery.cancel_calls())
            self._complete(now)

    def speech_ended(self, pcm16k: Pcm16, seconds: float, now: float) -> None:
        """An utterance is complete; the ear gets it at once.

        Args:
            seconds: how long the speech was, without the audio kept around it.
        """
        self._caller_speaking = False
        self.delivery.ledger.add_audio(seconds)
        utterance_id = next(self._numbers)
        self._out.append(Hear(utterance_id, pcm16k, self._mind.grammar))
        self._inbox.put(Entry(now + self._timing.think_s, None, utterance_id))
        self._go_on(now)

    def heard(self, utterance_id: int, text: str, now: float) -> None:
        """The ear's answer; "" when it made nothing of it."""
        late_s = self._timing.transcript_late_s
        if late_s is None:
            late_s = self._profile.input_transcript_late_s
        if self._config.input_transcription:
            transcripts = frames.input_transcripts(self._profile, text)
            self._late.extend((now + late_s, frame) for frame in transcripts)
        self._inbox.heard(utterance_id, text)
        self._go_on(now)

    def spoken(self, speech_id: int, speech: Speech, now: float) -> None:
        """The voice's answer; when the reply has been withdrawn meanwhile, nothing comes of it."""
        saying = self._saying
        if saying is None or saying.speech_id != speech_id:
            return
        self._saying = None
        self.delivery.speak(saying.text, speech, saying.calls, now)
        self.phase = Phase.SPEAKING
        self._go_on(now)

    def typed(self, text: str, now: float, *, interrupts: bool) -> None:
        """A typed turn; it waits for the running one unless it interrupts."""
        if interrupts:
            self._interrupt(now)
        self.delivery.ledger.add_text(text)
        self._inbox.put(Entry(now + self._timing.think_s, text))
        self._go_on(now)

    def tool_responses(self, responses: Sequence[Mapping[str, Any]], now: float) -> None:
        """Functions answered.

        Raises:
            Refused: the answer is not one the model takes.
        """
        answered = self.delivery.tools.answer(responses)
        if answered.unknown and self._unknown_id_code is not None:
            raise Refused(self._unknown_id_code, INVALID_ARGUMENT)
        ready_at = now + self._timing.after_tool_s
        for result in (*answered.together, *answered.single):
            text = msgspec.json.encode(result.response).decode()
            self.delivery.ledger.add_text(text)
        if answered.together:
            self._inbox.put(Entry(ready_at, results=answered.together), next_=True)
            if self.phase is Phase.WAITING:
                self._begin()
        for result in answered.single:
            self._schedule(Entry(ready_at, results=(result,)), result.scheduling, now)
        self._go_on(now)

    def _schedule(self, entry: Entry, scheduling: str, now: float) -> None:
        """A result of a call that did not block enters as its scheduling says (E-23)."""
        waits = self._caller_speaking and self._profile.result_waits_for_caller
        if scheduling == "SILENT":
            self._inbox.ask(entry)
        elif scheduling == "INTERRUPT" and not waits:
            self._interrupt(now)
            self._inbox.put(entry, next_=True)
        else:
            self._inbox.put_when_idle(entry, next_=scheduling == "INTERRUPT")

    def _go_on(self, now: float) -> None:
        if self.phase is Phase.LISTENING:
            self._begin()
        self.handle_timer(now)

    def _begin(self) -> None:
        """Begin to think about the next input, if there is one."""
        if self._inbox.begin(caller_speaking=self._caller_speaking):
            self.phase = Phase.THINKING

    def _consider(self, now: float) -> bool:
        """Begin to do what the mind says to the current input, if it is time."""
        move = self._inbox.consider(now)
        if move is None:
            return False
        move = self._without_missing(move)
        match move:
            case Say():
                self._say(move.text, (), move, now)
            case CallTools():
                calls = tuple(
                    frames.Call(frames.call_id(self._profile, next(self._numbers)), name, args)
                    for name, args in move.calls
                )
                self._say(move.filler or "", calls, move, now)
            case Nothing():
                self.delivery.say_nothing(now)
                self.phase = Phase.SPEAKING
            case _:
                assert_never(move)
        return True

    def _without_missing(self, move: Move) -> Move:
        """A model calls declared functions only: a mind that knows others is told so."""
        for _ in range(_MOST_MISSING_CALLS):
            if not isinstance(move, CallTools):
                return move
            missing = [name for name, _ in move.calls if name not in self.delivery.behaviors]
            if not missing:
                return move
            error = {"error": f"There is no function {missing[0]}.", "retryable": False}
            move = self._mind.tool_result(missing[0], error)
        return Nothing()

    def _say(self, text: str, calls: tuple[frames.Call, ...], move: Move, now: float) -> None:
        if text and self._config.modality == "AUDIO":
            self._saying = _Saying(next(self._numbers), text, calls, move)
            self._out.append(Speak(self._saying.speech_id, text))
        else:
            self.delivery.write(text, calls, now)
            self.phase = Phase.SPEAKING

    def _step(self, now: float) -> bool:
        """Send the running turn's next step, if it is due."""
        kind = self.delivery.step(now)
        if kind is None:
            return False
        if kind is StepKind.COMPLETE:
            self._complete(now)
        elif kind is StepKind.GENERATED:
            self.phase = Phase.PLAYING
        elif self.delivery.paused:
            self.phase = Phase.WAITING
        return True

    def _complete(self, now: float) -> None:
        self.delivery.complete(now, result_due=self._inbox.result_due)
        self.phase = Phase.LISTENING
        self._begin()

    def _interrupt(self, now: float) -> None:
        """Stop at once whatever the model is doing."""
        if self.phase is Phase.LISTENING:
            return
        self._inbox.withdraw(None if self._saying is None else self._saying.move)
        self._saying = None
        self._inbox.cancelled(self.delivery.interrupt(now, result_due=self._inbox.result_due))
        self.phase = Phase.LISTENING

    def _send(self, frame: bytes) -> None:
        self._out.append(Send(frame))
