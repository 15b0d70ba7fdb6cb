"""The carrier and the caller in virtual time, without I/O.

The caller waits for the agent to finish, or speaks into its words, as the script says; when nothing
is heard for long he says the next thing all the same; in the end he hangs up, or falls silent.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Protocol

import numpy as np

from agent.sim.carrier import CarrierState, CarrierStream, CloseSocket, SendText, Stall
from agent.sim.carrier_texts import CallIds
from agent.sim.clips import RATE_HZ
from agent.sim.simulation import line as sockets
from agent.sim.simulation import numbered
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.line import CALLBACK_S, Line
from agent.sim.simulation.record import HeardPiece, Record, Said
from agent.sim.simulation.script import CarrierGap, Utterance

FRAME_MS = 200
"""Longer than the carrier's own, so that a call costs less."""
LINGER_S = 0.6
"""After the agent's last word, before he hangs up."""

_MEDIA = b'{"event":"media"'
_IDS = CallIds("AC" + "0" * 32, "CA" + "0" * 32, "MZ" + "0" * 32)


class Host(sockets.Host, Protocol):
    """Our side of the phone's sockets, and of what comes on them."""

    def phone_received(self, text: bytes) -> None:
        """The carrier sent this."""
        ...


class PhoneSide:
    """One caller and his line.

    Attributes:
        carrier: the stand-in.
        next_at: when it has something to do.
    """

    def __init__(
        self, record: Record, agenda: Agenda, host: Host, trace: Callable[[str], None]
    ) -> None:
        script = record.script
        self._script, self._record, self._agenda = script, record, agenda
        self._host, self._trace = host, trace
        gaps = [t for t in script.troubles if isinstance(t, CarrierGap)]
        stalls = tuple(Stall(gap.at_s, gap.for_s) for gap in gaps if not gap.lost)
        self.carrier = CarrierStream(
            _IDS,
            agenda.now,
            np.random.default_rng(script.seed),
            stalls=stalls,
            frame_ms=FRAME_MS,
        )
        self._line = Line(
            record, agenda, self.carrier, host, FRAME_MS / 1000, self._hang_up, self._look
        )
        self._look()
        self._lost = [(gap.at_s, gap.at_s + gap.for_s) for gap in gaps if gap.lost]
        self._began = agenda.now
        self._left = list(script.utterances)
        self._keys = list(script.keys)
        self._next_number = 1
        self._speaks_until = -inf
        self._agent_from = self._agent_until = -inf
        self._waits_from = agenda.now

    def handle_timer(self) -> None:
        """Do what is due, on the line and in the caller's head."""
        n_frames = self.carrier.mouth.n_frames
        self.carrier.handle_timer(self._agenda.now)
        if self._line.watched:
            self._line.streams(n_frames)
        for frame in self.carrier.listen():
            if frame.loud_at is not None:
                self._hears(frame.loud_at, frame.end)
            self._think()
        self._carry()
        self._look()

    def _carry(self) -> None:
        """Bring what the carrier says to our side."""
        for output in self.carrier.outputs(self._agenda.now):
            match output:
                case SendText():
                    lost = self._loses(output.text)
                    if self._line.watched:
                        if self.carrier.state is CarrierState.DETACHED:
                            break  # our side has just let it go
                        self._line.delivers(output.text, lost=lost)
                    if not lost:
                        self._host.phone_received(output.text)
                case CloseSocket():
                    self._host.phone_lost()

    def receive(self, frame: bytes) -> None:
        """Our side sent this."""
        if self._line.watched:
            self._line.sends()
        self.carrier.receive(frame, self._agenda.now)
        self._look()

    def let_go(self) -> None:
        """Our side closed the socket, and keeps the call."""
        self._line.let_go()

    def close(self) -> None:
        """Our side closed the socket."""
        self._keep_heard()
        self.carrier.peer_closed(self._agenda.now)
        self._look()

    def _look(self) -> None:
        at = self.carrier.next_timer()
        self.next_at = inf if at is None else at

    # The caller

    def _time_of(self, position: int) -> float:
        return self.carrier.origin + position / RATE_HZ

    def _hears(self, start: int, end: int) -> None:
        if self._time_of(start) - self._agent_until > 0.5:
            self._agent_from = self._time_of(start)
        self._agent_until = self._time_of(end)

    def _think(self) -> None:
        now = self._agenda.now
        while self._keys and self._began + self._keys[0][0] <= now:
            self.carrier.press(self._keys.pop(0)[1])
        if now >= self._began + self._script.hang_up_s:
            self._hang_up()
        elif now >= self._speaks_until:
            if self._left and self._is_time(self._left[0], now):
                self._say(self._left.pop(0), now)
            elif not self._left and self._script.leaves == "hangs up" and self._is_over(now):
                self._hang_up()

    def _is_time(self, utterance: Utterance, now: float) -> bool:
        answered = self._agent_until > self._waits_from
        if not answered:
            return now - self._waits_from >= self._script.patience_s
        speaks_s = now - self._agent_from if self._agent_from > self._waits_from else 0.0
        if utterance.barge_in_s is not None and speaks_s >= utterance.barge_in_s:
            return True
        return now - self._agent_until >= utterance.pause_s

    def _is_over(self, now: float) -> bool:
        answered = self._agent_until > self._waits_from
        if not answered:
            return now - self._waits_from >= self._script.patience_s
        return now - self._agent_until >= LINGER_S

    def _say(self, utterance: Utterance, now: float) -> None:
        clip = numbered.clip(self._next_number, utterance.ms, FRAME_MS)
        start = self._time_of(self.carrier.say(clip))
        end = start + utterance.ms / 1000
        self._record.said.append(
            Said(utterance.number, self._next_number, utterance.ms, start, end)
        )
        self._trace(f"caller: utterance {utterance.number}, {utterance.ms} ms")
        self._next_number += utterance.ms
        self._speaks_until = self._waits_from = end

    def _hang_up(self) -> None:
        if self._record.gone_at is None and self.carrier.state is not CarrierState.CLOSED:
            self._record.gone_at = self._agenda.now
            self._trace("caller: hangs up")
            self._keep_heard()
            if self.carrier.state is not CarrierState.STREAMING:
                self._agenda.at(self._agenda.now + CALLBACK_S, self._host.caller_gone)
            self.carrier.hang_up(self._agenda.now)
            self._look()

    # The line

    def _loses(self, text: bytes) -> bool:
        """Whether the carrier loses this."""
        if not self._lost or not text.startswith(_MEDIA):
            return False
        at_s = self._agenda.now - self._began
        if not any(a <= at_s < b for a, b in self._lost):
            return False
        if self._record.said and self._agenda.now <= self._speaks_until + FRAME_MS / 1000:
            self._record.said[-1].lost_ms += FRAME_MS
        return True

    def _keep_heard(self) -> None:
        """What was heard, before the line is cut."""
        if self._record.heard or self._record.sounds:
            return
        until = self._agenda.now
        self._line.note_lost(self.carrier.mouth.n_frames)
        self._record.refused += [broken.detail for broken in self.carrier.violations]
        self._record.most_lead_s = max(self.carrier.leads_s, default=0.0)
        for start, audio in self.carrier.line.pieces:
            at = self._time_of(start)
            if at >= until:
                break
            heard = audio[: round((until - at) * RATE_HZ)]
            self._record.sounds.append((at, at + len(heard) / RATE_HZ))
            for run in numbered.voice_runs(heard):  # there is none in cover
                self._record.heard.append(HeardPiece(at + run.at_ms / 1000, run))
