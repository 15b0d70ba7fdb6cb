"""The phone's socket in virtual time: it breaks, or is let go, and comes back; without I/O.

The caller stays on the line all the while: what he says then is lost at the carrier, and so is what
the carrier had queued for him. Another socket brings the same call back on a stream of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from agent.call.limits import MEDIA_S
from agent.sim.carrier import CarrierState, CarrierStream
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.record import Away, Record
from agent.sim.simulation.script import CarrierGap, LineBreak, SteppingAside

ASIDE_S = 10.0
"""A phone that is let go may be away for so long."""
CALLBACK_S = 0.3
"""So long after he hung up the carrier says so elsewhere than on a stream."""
REJOINS_S = 0.5
"""So long a carrier whose socket was closed takes to open another one."""
RETURNS = "The caller could not be put through, and is back with you. Say so."

_MEDIA, _START = b'{"event":"media"', b'{"event":"start"'
_ROUNDING_S = 0.001
_ATTACHED = {CarrierState.OPENING, CarrierState.STREAMING}


class Host(Protocol):
    """Our side of the phone's sockets."""

    def phone_lost(self) -> None:
        """The present one is gone."""
        ...

    def phone_back(self, tell: str | None) -> None:
        """There is another one; the model may be told something."""
        ...

    def let_phone_go(self) -> None:
        """The phone is wanted elsewhere for a while."""
        ...

    def caller_gone(self) -> None:
        """The caller hung up while there was no stream."""
        ...


class Line:
    """One call's sockets, one after the other.

    Args:
        frame_s: how long the caller's frames are.
        hang_up: makes the caller do so.
        changed: is told when the carrier has something to do at another time.

    Attributes:
        watched: something may become of it: only then it need be told anything.
    """

    def __init__(
        self,
        record: Record,
        agenda: Agenda,
        carrier: CarrierStream,
        host: Host,
        frame_s: float,
        hang_up: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._record, self._agenda, self._carrier, self._host = record, agenda, carrier, host
        self._frame_s, self._hang_up, self._changed = frame_s, hang_up, changed
        self._wanted: SteppingAside | None = None
        self._sockets = 1
        self._attaching = self._opening = False  # the other socket; its stream, to our side
        self._alive_s = agenda.now
        self._handed = 0  # frames of the caller that came so far, or were lost
        self.watched = False
        for trouble in record.script.troubles:
            match trouble:
                case LineBreak(at_s):
                    agenda.at(agenda.now + at_s, partial(self._break, trouble))
                case SteppingAside(at_s):
                    agenda.at(agenda.now + at_s, partial(self._ask, trouble))
                case CarrierGap(for_s=for_s) if for_s >= MEDIA_S:
                    pass
                case _:
                    continue
            self.watched = True

    # What passes.

    def delivers(self, text: bytes, *, lost: bool) -> None:
        """The carrier sends our side this; `lost`: it does not arrive."""
        if text.startswith(_MEDIA):
            self._handed += 1
            if not lost:
                self._alive_s = self._agenda.now
        elif self._opening and text.startswith(_START):
            self._opening = False
            self._record.away[-1].back_s = self._alive_s = self._agenda.now

    def sends(self) -> None:
        """Our side sends something to the phone."""
        away = self._away
        if away is not None and away.told_s is not None:
            self._record.astray += 1

    def streams(self, n_frames: int) -> None:
        """The carrier did what was due; before that the caller had spoken so many frames."""
        if self._attaching and self._carrier.state is CarrierState.STREAMING:
            self._attaching = False
            self.note_lost(n_frames)

    def let_go(self) -> None:
        """Our side closes the phone's socket, if it is still there."""
        if self._carrier.state in _ATTACHED:
            self._goes()
            asked, self._wanted = self._wanted, None
            now = self._agenda.now
            if asked is None and now - self._alive_s < MEDIA_S - _ROUNDING_S:
                self._record.refused.append("a phone that was there was let go")
            elif asked is None:  # the carrier, which was only not heard, asks what to do now
                self._agenda.at(now + REJOINS_S, partial(self._comes, 0.0, None))
            elif asked.for_s is not None:
                self._agenda.at(now + asked.for_s, partial(self._comes, 0.0, RETURNS))
            self._changed()
        else:  # he has hung up; what is on its way with that is not waited for
            self._passed_over(self._carrier.mouth.n_frames)
        self._told()

    def note_lost(self, n_frames: int) -> None:
        """The phone is away: what the caller said up to this frame does not come any more."""
        if self._away is not None:
            self._passed_over(n_frames)

    def _passed_over(self, n_frames: int) -> None:
        """Up to this frame nobody listened to what he said."""
        origin = self._carrier.origin
        first, last = self._handed * self._frame_s + origin, n_frames * self._frame_s + origin
        self._handed = n_frames
        for said in self._record.said:
            n = round((min(said.to_s, last) - max(said.from_s, first)) * 1000)
            said.lost_ms += max(n, 0)
        if (away := self._away) is not None:
            away.lost = (min(away.lost[0] or first, first), last)

    # What happens.

    @property
    def _away(self) -> Away | None:
        """Where the phone is not there now."""
        away = self._record.away
        return away[-1] if away and away[-1].back_s is None else None

    def _break(self, trouble: LineBreak) -> None:
        if self._carrier.state not in _ATTACHED:
            return
        agenda = self._agenda
        self._goes()
        if trouble.told_s is not None:
            agenda.at(agenda.now + trouble.told_s, partial(self._lose, self._sockets))
        if trouble.for_s is not None:
            comes = partial(self._comes, trouble.start_s, None)
            agenda.at(agenda.now + trouble.for_s, self._hang_up if trouble.leaves else comes)
        self._changed()

    def _ask(self, trouble: SteppingAside) -> None:
        if self._carrier.state is CarrierState.STREAMING:
            self._wanted = trouble
            self._host.let_phone_go()

    def _goes(self) -> None:
        now = self._agenda.now
        self._attaching = self._opening = False
        if self._away is None:
            self._record.away.append(Away(now, self._alive_s, self._wanted is not None))
        self._carrier.detach(now, stop=False)

    def _lose(self, socket: int) -> None:
        if socket == self._sockets and self._record.ended is None:
            self._told()
            self._host.phone_lost()

    def _told(self) -> None:
        away = self._away
        if away is not None and away.told_s is None:
            away.told_s = self._agenda.now

    def _comes(self, start_s: float, tell: str | None) -> None:
        carrier, now, away = self._carrier, self._agenda.now, self._away
        if carrier.state is not CarrierState.DETACHED or self._record.ended is not None:
            return
        assert away is not None
        self._sockets += 1
        self._attaching = self._opening = True
        self._told()
        away.comes_s = now
        stream_sid = f"MZ{self._sockets:032x}"
        carrier.attach(replace(carrier.call, stream_sid=stream_sid), now, start_after_s=start_s)
        self._host.phone_back(tell)
        self._changed()
