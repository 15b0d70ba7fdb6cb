"""What may go out to the service just now, and what must wait or be dropped, without I/O.

    HELD --open--> OPEN <--ungate / gate--> GATED;  any of them --shut--> SHUT

HELD: before setupComplete everything waits, in order (C-4). GATED: while a BLOCKING tool call is
pending, some models take live input as a reason to close (B17, B37): audio is dropped, live text
waits, the bracket of manual activity is put right afterwards. The gate has a time limit. SHUT:
nothing goes out any more (B9). Source: docs/protocols/gemini-live.md 3.4, 4.2.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto

from agent.gemini.backlog import Backlog
from agent.gemini.client_messages import (
    ActivityEnd,
    ActivityStart,
    RealtimeInput,
    RealtimeInputMessage,
)
from agent.gemini.codec import encode_client
from agent.gemini.session_events import SendFrame, SessionEffect


class _State(Enum):
    HELD = auto()
    OPEN = auto()
    GATED = auto()
    SHUT = auto()


_ACTIVITY = {
    True: encode_client(RealtimeInputMessage(RealtimeInput(activity_start=ActivityStart()))),
    False: encode_client(RealtimeInputMessage(RealtimeInput(activity_end=ActivityEnd()))),
}


class Outbound:
    """Puts frames among the effects, or not.

    Attributes:
        gated_until: when the gate gives way, or None while there is none.
    """

    def __init__(
        self, effects: list[SessionEffect], audio_samples: int, counters: Counter[str]
    ) -> None:
        self._effects = effects
        self._counters = counters
        self._backlog = Backlog(audio_samples, counters)
        self._state = _State.HELD
        self._speaking = False  # as the owner says
        self._speaking_sent = False  # as the service was told
        self.gated_until: float | None = None

    def audio(self, frame: bytes, n_samples: int) -> None:
        """A frame of caller audio."""
        if self._state is _State.OPEN:
            self._effects.append(SendFrame(frame))
        elif self._state is _State.HELD:
            self._backlog.add_audio(frame, n_samples)
        elif self._state is _State.GATED:
            self._counters["audio_samples_gated"] += n_samples
        else:
            self._counters["sent_after_close"] += 1

    def live(self, frame: bytes) -> None:
        """A frame of live input that is not audio."""
        if self._state is _State.GATED:
            self._backlog.add(frame)
        else:
            self.other(frame)

    def other(self, frame: bytes) -> None:
        """A frame that is not live input."""
        if self._state is _State.HELD:
            self._backlog.add(frame)
        elif self._state is _State.SHUT:
            self._counters["sent_after_close"] += 1
        else:
            self._effects.append(SendFrame(frame))

    def activity(self, speaking: bool) -> None:
        """The caller starts or stops, by our own detection; saying so twice sends nothing."""
        self._speaking = speaking
        if self._state is not _State.GATED:
            self._tell_activity()

    def open(self) -> None:
        """The service is ready: send what has waited."""
        self._state = _State.OPEN
        self._flush()

    def gate(self, until: float) -> None:
        """Hold live input back, at the latest until then; only an open way is gated."""
        self._state = _State.GATED
        self.gated_until = until

    def ungate(self) -> None:
        """Live input may go out again; harmless where there was no gate."""
        if self._state is _State.GATED:
            self._state = _State.OPEN
            self.gated_until = None
            self._tell_activity()
            self._flush()

    def handle_timer(self, now: float) -> None:
        """Open the gate when its time is up."""
        if self.gated_until is not None and now >= self.gated_until:
            self._counters["gate_timeouts"] += 1
            self.ungate()

    def shut(self) -> None:
        """Nothing goes out from now on."""
        self._state = _State.SHUT
        self.gated_until = None
        self._backlog.drain()

    def _tell_activity(self) -> None:
        if self._speaking is not self._speaking_sent:
            self._speaking_sent = self._speaking
            self.other(_ACTIVITY[self._speaking])

    def _flush(self) -> None:
        self._effects += [SendFrame(frame) for frame in self._backlog.drain()]
