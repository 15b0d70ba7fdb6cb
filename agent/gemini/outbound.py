"""What may go out to the service just now, and what must wait or be dropped, without I/O.

    HELD --take_over--> OPEN <--ungate / gate--> GATED;  --hold--> HELD;  any --shut--> SHUT

HELD: no connection carries the session; everything waits in the ledger, in order (C-4, B8, B9).
OPEN: at first what the ledger's plan names goes out, audio no faster than the policy's speed, and
whatever is new queues behind it. GATED: while a BLOCKING tool call is pending, some models take
live input as a reason to close (B17, B37): live input waits, within a time limit. Afterwards what
the caller said meanwhile goes out, and silence does not. SHUT: nothing goes out any more.
Source: docs/protocols/gemini-live.md 3.4, 4.2, C-22, C-24, C-25.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum, auto
from math import inf

from agent.gemini.client_messages import (
    ActivityEnd,
    ActivityStart,
    RealtimeInput,
    RealtimeInputMessage,
)
from agent.gemini.codec import encode_audio, encode_client
from agent.gemini.connection import Connection
from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.ledger import Kind, Ledger, Plan
from agent.gemini.session_events import SendFrame, SessionEffect
from agent.gemini.session_state import MovePolicy

BURST_S = 0.2
"""Audio that may go out at once before the speed counts, so that no timer is needed per packet."""
GATED_LIMIT = 256
"""Live texts that may wait behind a gate; more means the owner is looping."""


class _State(Enum):
    HELD = auto()
    OPEN = auto()
    GATED = auto()
    SHUT = auto()


_ACTIVITY = {
    True: encode_client(RealtimeInputMessage(RealtimeInput(activity_start=ActivityStart()))),
    False: encode_client(RealtimeInputMessage(RealtimeInput(activity_end=ActivityEnd()))),
}
_STREAM_END = encode_client(RealtimeInputMessage(RealtimeInput(audio_stream_end=True)))


class Outbound:
    """Puts frames among the effects, or keeps them.

    Args:
        manual: the service detects no speech; it is told when the caller speaks.

    Attributes:
        gated_until: when the gate gives way; `inf` while there is none.
        due: when the next of what was kept may go out; `inf` while nothing is kept.
    """

    def __init__(
        self,
        effects: list[SessionEffect],
        ledger: Ledger,
        policy: MovePolicy,
        counters: Counter[str],
        *,
        manual: bool = False,
    ) -> None:
        self._manual = manual
        self._effects = effects
        self._ledger = ledger
        self._counters = counters
        self._rate = UPLINK_RATE_HZ * policy.replay_speed
        self._state = _State.HELD
        self._connection: Connection | None = None
        self._behind_gate: deque[tuple[bytes, Kind]] = deque()
        self._speaking = False  # as the owner says
        self._speaking_sent = False  # as the service was told
        self._sent_until = 0.0
        self.gated_until = inf
        self.due = inf

    # What is to be sent

    def audio(self, pcm: bytes) -> None:
        """A packet of caller audio: s16le at 16 kHz."""
        connection = self._connection
        at_once = self._state is _State.OPEN and not self._ledger.waiting
        if at_once and connection is not None:
            connection.index += 1
            self._ledger.add_audio(pcm, connection.index)
            self._effects.append(SendFrame(connection.number, encode_audio(pcm)))
        elif self._state is _State.SHUT:
            self._counters["sent_after_close"] += 1
        else:
            self._ledger.add_audio(pcm, 0)

    def end_audio(self) -> None:
        """No audio follows for a while; a connection that takes over meanwhile is told so too."""
        self._ledger.stream_ended()
        self.live(_STREAM_END, Kind.TELLS)

    def live(self, frame: bytes, kind: Kind) -> None:
        """A frame of live input that is not audio."""
        if self._state is not _State.GATED:
            self.other(frame, kind)
        elif len(self._behind_gate) < GATED_LIMIT:
            self._behind_gate.append((frame, kind))
        else:
            self._counters["frames_dropped"] += 1

    def other(self, frame: bytes, kind: Kind, *, bound: bool = False) -> None:
        """A frame that is not live input; `bound`: it means nothing to another connection.

        What is bound, an answer to a call, does not wait for the rest of a plan: that may have to
        wait for it.
        """
        connection = self._connection
        waits = self._state is _State.HELD or (bool(self._ledger.waiting) and not bound)
        if self._state is _State.SHUT:
            self._counters["sent_after_close"] += 1
        elif connection is None or waits:
            self._ledger.add(frame, 0, kind, bound=bound)
        else:
            connection.index += 1
            self._ledger.add(frame, connection.index, kind, bound=bound)
            self._effects.append(SendFrame(connection.number, frame))

    def untracked(self, frame: bytes) -> None:
        """A frame that only this connection needs, now: not what a new one would be told anew."""
        connection = self._connection
        if connection is not None:
            connection.index += 1
            self._effects.append(SendFrame(connection.number, frame))

    def activity(self, speaking: bool) -> None:
        """The caller starts or stops, by our own detection; saying so twice sends nothing."""
        self._speaking = speaking
        if self._state is not _State.GATED:
            self._tell_activity()

    # The way out

    def carried_by(self, connection: Connection) -> None:
        """From now on this connection is meant; nothing kept is sent before `take_over`."""
        self._connection = connection

    def take_over(self, plan: Plan, now: float) -> None:
        """The connection is ready: send what the plan names, then whatever comes."""
        self._state = _State.OPEN
        if self._manual:
            self._open_bracket(plan)
        self._end_again()
        self._sent_until = now - BURST_S
        self._ledger.sends(now)
        self._send_pending(now)

    def hold(self) -> None:
        """No connection carries the session any more; what had not gone out stays kept."""
        if self._state is not _State.SHUT:
            gated, self._state = self._state is _State.GATED, _State.HELD
            if gated:
                self._ledger.ungate(silence=True)
                self._drop_gate()
        self._connection = None
        self.due = inf

    def gate(self, until: float) -> None:
        """Hold live input back, at the latest until then; only an open way is gated."""
        if self._state in {_State.OPEN, _State.GATED}:
            if self._state is _State.OPEN:
                self._ledger.gate()
            self._state = _State.GATED
            self.gated_until = until
            self.due = inf

    def ungate(self) -> None:
        """Live input may go out again; harmless where there was no gate."""
        if self._state is _State.GATED:
            self._state = _State.OPEN
            heard = self._ledger.ungate()
            if heard and self._manual and not self._speaking_sent:
                self._speaking_sent = True
                self.untracked(_ACTIVITY[True])
            self.due = self._sent_until if self._ledger.waiting else inf
            self._drop_gate()

    def handle_timer(self, now: float) -> None:
        """Open the gate when its time is up; send what is due. Called before audio is sent, too."""
        self._ledger.sends(now)
        if now >= self.gated_until:
            self._counters["gate_timeouts"] += 1
            self.ungate()
        if now >= self.due:
            self._send_pending(now)

    def shut(self) -> None:
        """Nothing goes out from now on."""
        if self._state is _State.GATED:
            self._ledger.forget_gated()
        self._state = _State.SHUT
        self.hold()
        self.gated_until = inf
        self._behind_gate.clear()

    def _drop_gate(self) -> None:
        self.gated_until = inf
        self._tell_activity()
        waiting, self._behind_gate = self._behind_gate, deque()
        for frame, kind in waiting:
            self.other(frame, kind)

    def _open_bracket(self, plan: Plan) -> None:
        """Begin the activity that the plan begins within, unless the service knows of it.

        A plan bears the brackets that lie among its audio. Where it bears none, nothing has
        changed in it; where its first is an end, the beginning of that lies before it.
        """
        brackets = (e for e in self._ledger.waiting.others() if e.kind is Kind.BRACKET)
        told = [bracket.payload == _ACTIVITY[True] for bracket in brackets]
        if not plan.exact and (not told[0] if told else self._speaking):
            self.untracked(_ACTIVITY[True])
        self._speaking_sent = told[-1] if told else self._speaking

    def _end_again(self) -> None:
        """Where the stream has ended, end what the plan sends again: the service waits else."""
        told = any(entry.payload == _STREAM_END for entry in self._ledger.waiting.others())
        if self._ledger.stream_is_over and not told:
            self._ledger.add(_STREAM_END, 0, Kind.TELLS)

    def _tell_activity(self) -> None:
        if self._speaking is not self._speaking_sent:
            self._speaking_sent = self._speaking
            self.other(_ACTIVITY[self._speaking], Kind.BRACKET)

    def _send_pending(self, now: float) -> None:
        ledger, connection = self._ledger, self._connection
        while connection is not None and (front := ledger.waiting.front) is not None:
            n = front.n
            if n and self._sent_until > now:
                self.due = self._sent_until
                return
            connection.index += 1
            payload = ledger.take(connection.index).payload
            frame = encode_audio(payload) if n else payload
            self._effects.append(SendFrame(connection.number, frame))
            if n:
                self._sent_until = max(self._sent_until, now - BURST_S) + n / self._rate
        self.due = inf
        self._tell_activity()
