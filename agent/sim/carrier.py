"""The carrier's side of one media stream, as a stand-in for Twilio; without I/O.

Towards the service it sends `connected`, `start` and a frame of the caller every 20 ms, silence
included, on absolute deadlines: frame k leaves at `origin + 160 k / 8000`. From the service it
takes media, marks and clears under the carrier's own strict rules, plays them through `HeardLine`
and echoes marks when they are due.

Use: call `handle_timer` when `next_timer` says, `receive` for each frame of the service, and
perform `outputs` after either. What the caller hears comes out of `listen`, frame by frame.

A call may have several streams, one after the other. Between them, and before the first if the
line is made so, it is detached: the caller speaks and hears what the carrier plays, on the same
clock, but nothing goes to a service. Each stream counts from the start again.

Source: docs/protocols/twilio.md section 9 (E8-E16, E18).
"""

from collections import Counter, deque
from typing import Final, assert_never

import numpy as np

from agent.sim.carrier_io import (
    CarrierOutput,
    CarrierState,
    CloseSocket,
    HangUp,
    HeardFrame,
    Overheard,
    SendText,
    Stall,
    Stalls,
)
from agent.sim.carrier_keys import key_tone
from agent.sim.carrier_rules import (
    INVALID,
    UNDECODABLE,
    Broken,
    EmptyQueue,
    PlayAudio,
    PutMark,
    Violation,
    read_order,
)
from agent.sim.carrier_texts import CallIds, CarrierTexts
from agent.sim.clips import RATE_HZ, Clip, first_loud
from agent.sim.heard import HeardLine
from agent.sim.mouth import FRAME_MS, NO_LOSS, Loss, Mouth

__all__ = [
    "CarrierOutput",
    "CarrierState",
    "CarrierStream",
    "CloseSocket",
    "HangUp",
    "HeardFrame",
    "Overheard",
    "SendText",
    "Stall",
]

MAX_VIOLATIONS: Final = 100

_EPSILON: Final = 1e-3  # of a sample: a deadline computed twice must not miss by a rounding
_UNHEARD_FRAMES: Final = 3_000


class CarrierStream:
    """One call's line, and its media stream to the service.

    Args:
        call: the names to send in `start`.
        now: monotonic seconds; `connected` is due at once.
        rng: everything random is drawn from it.
        start_after_s: between `connected` and `start`.
        loss, stalls: what goes wrong on the way to the service.
        keep_audio: hold all audio for `line.pcm` and `mouth.pcm`; off for long load tests.
        frame_ms: length of the caller's frames; the carrier's own is 20.
        attached: off: no stream yet, and `attach` begins one.
        tones: keys are heard, too: their tones are in what the caller says.

    Attributes:
        call: the names of the present stream, or of the last one.
        origin: the time of sample 0, at which the first `start` is sent, or a detached line began.
        line: the queue towards the caller and the record of what was heard.
        mouth: what the caller says.
        keeps_audio: as asked for.
        violations: rules the service broke, the first hundred.
        counters: `31950`, `31951` (all violations), `media`, `mark`, `clear`, `after_stop`.
        mark_waits_s: from each mark's arrival to its echo; those a clear echoed not counted.
        leads_s: how much was queued when a media message arrived, that one not counted.
        keys: pressed while detached, for whoever asks for them.
        tapped: whether what is said and heard is kept for `overheard`.
    """

    def __init__(
        self,
        call: CallIds,
        now: float,
        rng: np.random.Generator,
        *,
        start_after_s: float = 0.0,
        loss: Loss = NO_LOSS,
        stalls: tuple[Stall, ...] = (),
        keep_audio: bool = True,
        frame_ms: int = FRAME_MS,
        attached: bool = True,
        tones: bool = False,
    ) -> None:
        self.call = call
        self.state = CarrierState.OPENING if attached else CarrierState.DETACHED
        self.origin = now + start_after_s
        self.keeps_audio = keep_audio
        self.line = HeardLine(keep=keep_audio)
        self.mouth = Mouth(rng, loss=loss, keep=keep_audio, frame_ms=frame_ms)
        self._frame = self.mouth.frame_samples
        self.violations: list[Violation] = []
        self.counters: Counter[str] = Counter()
        self.mark_waits_s: list[float] = []
        self.leads_s: list[float] = []
        self.keys: list[str] = []
        self.tapped = False
        self._tones = tones
        self._overheard: list[Overheard] = []
        self._stalls = Stalls(stalls, self.origin)
        self._texts = CarrierTexts(call)
        self._starts_s = 0.0  # after the origin
        self._first_ms = 0  # of the stream's timestamps, by the caller's own
        self._heard: deque[HeardFrame] = deque(maxlen=_UNHEARD_FRAMES)
        self._close_at = 0.0
        self._outputs: list[CarrierOutput] = []
        self._release_at: float | None = None
        if attached:
            self._send(self._texts.connected())

    def attach(self, call: CallIds, now: float, *, start_after_s: float = 0.0) -> None:
        """Begin a stream on a detached line: `connected` at once, then `start`."""
        assert self.state is CarrierState.DETACHED
        self.call = call
        self._texts = CarrierTexts(call)
        self._starts_s = now + start_after_s - self.origin
        self.state = CarrierState.OPENING
        self._send(self._texts.connected())

    def detach(self, now: float, *, stop: bool) -> None:
        """End the stream and keep the line: the queue and its marks are gone.

        Args:
            stop: the carrier ends it, with `stop` and a close; else the socket is gone already.
        """
        if self.state not in (CarrierState.OPENING, CarrierState.STREAMING):
            return
        self.line.cut(self.position(now))
        if not stop:
            self._outputs.clear()
        else:
            if self.state is CarrierState.STREAMING:
                self._send(self._texts.stop())
            self._outputs.append(CloseSocket())
        self.state = CarrierState.DETACHED

    def play(self, audio: bytes, now: float) -> float:
        """Let the caller hear mu-law of the carrier's own; returns when it will be over."""
        self.line.play(audio, self.position(now))
        return self.origin + self.line.end / RATE_HZ

    def hush(self, now: float) -> None:
        """End what the carrier plays of its own."""
        self.line.cut(self.position(now))

    def overheard(self) -> list[Overheard]:
        """Drain what was said and heard on the line since the last call, frame by frame."""
        said, self._overheard = self._overheard, []
        return said

    def say(self, clip: Clip) -> int:
        """Let the caller speak, after what is being said; returns the first sample's position."""
        return self.mouth.say(clip)

    def press(self, digit: str) -> None:
        """Let the caller press a key."""
        if self.state is CarrierState.STREAMING:
            self._send(self._texts.dtmf(digit))
        elif self.state is CarrierState.DETACHED:
            self.keys.append(digit)
        if self._tones and self.state in (CarrierState.STREAMING, CarrierState.DETACHED):
            self.mouth.say(key_tone(digit))

    def hang_up(
        self, now: float, how: HangUp = HangUp.STOP_THEN_CLOSE, *, linger_s: float = 2.0
    ) -> None:
        """Let the caller hang up; before `start` there is only the socket to close, if that."""
        if self.state is CarrierState.DETACHED:
            self.line.cut(self.position(now))
            self.state = CarrierState.CLOSED
        if self.state not in (CarrierState.OPENING, CarrierState.STREAMING):
            return
        self.line.cut(self.position(now))
        if self.state is CarrierState.STREAMING and how is not HangUp.CLOSE_ONLY:
            self._send(self._texts.stop())
            if how is HangUp.STOP_ONLY:
                self.state = CarrierState.LINGERING
                self._close_at = now + linger_s
                return
        self._close()

    def receive(self, frame: bytes | str, now: float, *, binary: bool = False) -> None:
        """Take one frame of the service."""
        if self.state not in (CarrierState.OPENING, CarrierState.STREAMING):
            self.counters["after_stop"] += 1
            return
        try:
            if binary:
                raise Broken(UNDECODABLE, f"a binary frame of {len(frame)} bytes")
            if self.state is CarrierState.OPENING:
                raise Broken(INVALID, "a message before start")
            order = read_order(frame, self.call.stream_sid)
        except Broken as broken:
            self.counters[str(broken.code)] += 1
            if len(self.violations) < MAX_VIOLATIONS:
                at_s = now - self.origin
                self.violations.append(Violation(broken.code, str(broken), at_s))
            return
        at = self.position(now)
        match order:
            case PlayAudio():
                self.counters["media"] += 1
                self.leads_s.append(max(self.line.end - at, 0) / RATE_HZ)
                self.line.play(order.media.payload, at)
            case PutMark():
                self.counters["mark"] += 1
                self.line.mark(order.mark.name, at)
                self._echo_reached(at)
            case EmptyQueue():
                self.counters["clear"] += 1
                for mark in self.line.cut(at):
                    self._send(self._texts.mark(mark.name))
            case _:
                assert_never(order)

    def peer_closed(self, now: float) -> None:
        """The service closed the socket, or it broke: the queue is gone, the stream over."""
        if self.state is not CarrierState.CLOSED:
            self.line.cut(self.position(now))
            self.state = CarrierState.CLOSED
        self._outputs.clear()
        self._release_at = None

    def next_timer(self) -> float | None:
        """When `handle_timer` and `outputs` must be called; None when the stream is over."""
        match self.state:
            case CarrierState.STREAMING:
                due = self._next_frame_at()
                if self.line.marks:
                    due = min(due, self.origin + self.line.marks[0].due / RATE_HZ)
            case CarrierState.OPENING:
                due = min(self.origin + self._starts_s, self._next_frame_at())
            case CarrierState.DETACHED:
                due = self._next_frame_at()
            case CarrierState.LINGERING:
                due = self._close_at
            case CarrierState.CLOSED:
                return self._release_at
            case _:
                assert_never(self.state)
        return due if self._release_at is None else min(due, self._release_at)

    def handle_timer(self, now: float) -> None:
        """Do everything that is due: start, the caller's frames, marks, the late close."""
        if self.state is CarrierState.OPENING and now >= self.origin + self._starts_s:
            self._start()
        if self.state not in (CarrierState.LINGERING, CarrierState.CLOSED):
            at = self.position(now)
            while (self.mouth.n_frames + 1) * self._frame <= at:
                self._next_frame()
            if self.state is CarrierState.STREAMING:
                self._echo_reached(at)
        if self.state is CarrierState.LINGERING and now >= self._close_at:
            self._close()

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what must go out now, in order; nothing while the connection stalls."""
        self._release_at = self._stalls.until(now) if self._outputs else None
        if self._release_at is not None:
            return []
        outputs, self._outputs = self._outputs, []
        return outputs

    def listen(self) -> list[HeardFrame]:
        """Drain the frames that the caller heard since the last call."""
        heard = list(self._heard)
        self._heard.clear()
        return heard

    def position(self, now: float) -> int:
        """The sample that is heard at this time."""
        return max(0, int((now - self.origin) * RATE_HZ + _EPSILON))

    def _next_frame_at(self) -> float:
        return self.origin + (self.mouth.n_frames + 1) * self._frame / RATE_HZ

    def _start(self) -> None:
        self.state = CarrierState.STREAMING
        self._first_ms = self.mouth.n_frames * self._frame * 1000 // RATE_HZ
        self._send(self._texts.start())

    def _next_frame(self) -> None:
        start = self.mouth.n_frames * self._frame
        end = start + self._frame
        frame = self.mouth.frame()
        if frame is not None and self.state is CarrierState.STREAMING:
            since_ms = max(0, frame[0] - self._first_ms)  # it wobbles
            self._send(self._texts.media(since_ms, frame[1]))
        heard = None if self.line.is_silent(end) else self.line.listen(start, end)
        loud = None if heard is None else first_loud(heard)
        self._heard.append(HeardFrame(end, None if loud is None else start + loud))
        if self.tapped:
            said = None if frame is None else frame[1]
            self._overheard.append(Overheard(start, said, heard))

    def _echo_reached(self, at: int) -> None:
        for mark in self.line.reached(at):
            self.mark_waits_s.append((at - mark.at) / RATE_HZ)
            self._send(self._texts.mark(mark.name))

    def _close(self) -> None:
        self.state = CarrierState.CLOSED
        self._outputs.append(CloseSocket())

    def _send(self, text: bytes) -> None:
        self._outputs.append(SendText(text))
