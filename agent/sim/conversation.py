"""Turn-taking of the model's stand-in: what it answers, when, and what interrupts it, without I/O.

Inputs wait in an inbox and are answered one turn at a time: thought about for a moment, put to the
mind, given to the voice, and delivered in timed steps.
Source: docs/protocols/gemini-live.md 3.3 to 3.5, E-14 to E-27.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, assert_never

import msgspec

from agent.audio.pcm import Pcm16
from agent.sim import server_frames as frames
from agent.sim.delivery import Delivery
from agent.sim.dialogue import CallTools, Move, Nothing, Say
from agent.sim.faults import Faults
from agent.sim.heard_words import HeardWords
from agent.sim.inbox import Entry, Inbox
from agent.sim.mind import Mind, Reader, Timing
from agent.sim.mishaps import Moment
from agent.sim.saying import Voicing
from agent.sim.server_io import Hear, Send, ServerOutput, Speech
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import SessionConfig
from agent.sim.talk_state import MOMENTS, ConversationState, Noted, Phase
from agent.sim.times import earlier
from agent.sim.turn_plan import StepKind
from agent.sim.wire import INVALID_ARGUMENT, Refused


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
            config, profile, faults, self.send, real_time=timing.realtime_playback
        )
        self._config, self._profile, self._mind = config, profile, mind
        self._numbers, self._timing = numbers, timing
        self._unknown_id_code = faults.unknown_id_code
        self._inbox = Inbox(mind)
        self._out: list[ServerOutput] = []
        self._words = HeardWords(
            profile, sent=config.input_transcription, late_s=timing.transcript_late_s
        )
        self._voice = Voicing(numbers)
        self._caller_speaking = False
        self._mute = False
        self._stale: frozenset[str] = frozenset()
        self._noted: list[Noted] = []

    @property
    def generating(self) -> bool:
        """Whether a reply is being made."""
        return self._voice.unspoken is not None or self.phase is Phase.SPEAKING

    @property
    def moment(self) -> Moment | None:
        """What is going on, for what was planned to happen then."""
        if self._caller_speaking and self.phase is Phase.LISTENING:
            return "hearing"
        return MOMENTS.get(self.phase)

    def noted(self) -> list[Noted]:
        """What has happened since the last call that handles depend on."""
        if not self._noted:
            return []
        noted, self._noted = self._noted, []
        return noted

    def kept(self, now: float) -> ConversationState:
        """What a handle is bound to now."""
        mind = copy(self._mind)
        inbox = self._inbox.copy(mind, self._voice.unspoken)
        output = self.delivery.kept(now)
        return ConversationState(mind, inbox, output, self._words.last, self._stale)

    def restore(
        self, state: ConversationState, lost: Sequence[frames.Call], *, mute: bool, speaking: bool
    ) -> None:
        """Go on from there; see `Session.restore`. The mind has been given to the constructor."""
        self._inbox = state.inbox.copy(self._mind, None)
        self.delivery.restore(state.output)
        self._words.last, self._mute, self._caller_speaking = state.heard, mute, speaking
        self._stale = state.stale | {call.id for call in lost}
        if self._profile.lost_call_waits:
            self._stale |= {call.id for call in self.delivery.tools.calls}

    def resume(self, now: float, *, replay_transcript: bool) -> None:
        """The restored session is ready: answer what waits."""
        if replay_transcript:
            self._words.replay(now)
        for utterance_id, pcm16k in self._inbox.unheard:
            self._out.append(Hear(utterance_id, pcm16k, self._mind.grammar))
        self._go_on(now)

    def phantom_interrupt(self, now: float) -> None:
        """Say `interrupted` for no reason (E-21)."""
        if self.phase is Phase.LISTENING:
            self.send(frames.content(interrupted=True))
        self._interrupt(now)
        self._go_on(now)

    def outputs(self) -> list[ServerOutput]:
        """What has to be done since the last call, in order."""
        if not self._out:
            return []
        out, self._out = self._out, []
        return out

    def next_timer(self) -> float | None:
        """When `handle_timer` is due next."""
        return earlier(
            earlier(self._words.next_at(), self._inbox.next_at()), self.delivery.next_at()
        )

    def handle_timer(self, now: float) -> None:
        """Do everything that is due."""
        for frame in self._words.due(now):
            self.send(frame)
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
        self._inbox.put(Entry(now + self._timing.think_s, None, utterance_id, pcm16k=pcm16k))
        self._go_on(now)

    def heard(self, utterance_id: int, text: str, now: float) -> None:
        """The ear's answer; "" when it made nothing of it."""
        self._words.add(text, now)
        self.delivery.ledger.add_words(text)
        self._inbox.heard(utterance_id, text)
        self._go_on(now)

    def spoken(self, speech_id: int, speech: Speech, now: float) -> None:
        """The voice's answer; when the reply has been withdrawn meanwhile, nothing comes of it."""
        saying = self._voice.take(speech_id)
        if saying is None:
            return
        self.delivery.speak(saying.text, speech, saying.calls, now)
        self._speaking()
        self._go_on(now)

    def typed(self, text: str, now: float, *, interrupts: bool) -> None:
        """A typed turn; it waits for the running one unless it interrupts."""
        if interrupts:
            self._interrupt(now)
        self.delivery.ledger.add_text(text)
        self._inbox.put(Entry(now + self._timing.think_s, text))
        self._go_on(now)

    def read(self, role: str, text: str) -> None:
        """A turn was handed over that is not answered by itself, such as history."""
        if isinstance(self._mind, Reader):
            self._mind.read(role, text)

    def tool_responses(self, responses: Sequence[Mapping[str, Any]], now: float) -> None:
        """Functions answered.

        Raises:
            Refused: the answer is not one the model takes.
        """
        answered = self.delivery.tools.answer(responses)
        late = self._stale & set(answered.unknown)
        self._stale -= {str(response.get("id")) for response in responses}
        if late and not self._stale and self.phase is Phase.LISTENING:
            self._say_nothing(now)  # the last lost call closes its exchange without a word
        elif answered.unknown and not late and self._unknown_id_code is not None:
            raise Refused(self._unknown_id_code, INVALID_ARGUMENT)
        if len(answered.unknown) < len(responses):
            self._noted.append(Noted.ANSWERED)
        ready_at = now + self._timing.after_tool_s
        for result in (*answered.together, *answered.single):
            self.delivery.ledger.add_text(msgspec.json.encode(result.response).decode())
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
        if not self._mute and self._inbox.begin(caller_speaking=self._caller_speaking):
            self.phase = Phase.THINKING

    def _consider(self, now: float) -> bool:
        """Begin to do what the mind says to the current input, if it is time."""
        if self._stale and self._inbox.skip(now):
            self.delivery.tools.forget(self._stale)
            self._stale = frozenset()
            self._say_nothing(now)
            return True
        move = self._inbox.consider(now, self.delivery.behaviors)
        if move is None:
            return False
        match move:
            case Say():
                self._say(move.text, (), move, now)
            case CallTools():
                calls = frames.new_calls(self._profile, self._numbers, move.calls)
                self._say(move.filler or "", calls, move, now)
            case Nothing():
                self._say_nothing(now)
            case _:
                assert_never(move)
        return True

    def _say_nothing(self, now: float) -> None:
        self.delivery.say_nothing(now)
        self.phase = Phase.SPEAKING

    def _say(self, text: str, calls: tuple[frames.Call, ...], move: Move, now: float) -> None:
        if text and self._config.modality == "AUDIO":
            self._out.append(self._voice.begin(text, calls, move))
        else:
            self.delivery.write(text, calls, now)
            self._speaking()

    def _speaking(self) -> None:
        self.phase = Phase.SPEAKING
        self._noted.append(Noted.GENERATING)

    def _step(self, now: float) -> bool:
        """Send the running turn's next step, if it is due."""
        kind = self.delivery.step(now)
        if kind is None:
            return False
        if kind is StepKind.COMPLETE:
            self._complete(now)
        elif kind is StepKind.GENERATED:
            self.phase = Phase.PLAYING
            self._noted.append(Noted.GENERATED)
        elif self.delivery.paused:
            self.phase = Phase.WAITING
        if kind is StepKind.CALL:
            self._noted.append(Noted.CALLING)
        return True

    def _complete(self, now: float) -> None:
        self.delivery.complete(now, result_due=self._inbox.result_due)
        self.phase = Phase.LISTENING
        self._noted.append(Noted.TURN_OVER)
        self._begin()

    def _interrupt(self, now: float) -> None:
        """Stop at once whatever the model is doing."""
        if self.phase is Phase.LISTENING:
            return
        self._inbox.withdraw(self._voice.withdraw())
        self._inbox.cancelled(self.delivery.interrupt(now, result_due=self._inbox.result_due))
        self.phase = Phase.LISTENING
        self._noted.append(Noted.TURN_OVER)

    def send(self, frame: bytes) -> None:
        """Put a frame behind those that are on their way."""
        self._out.append(Send(frame))
