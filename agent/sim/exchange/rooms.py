"""Rooms in which legs hear each other: a conference, or the two sides of a dialled call.

One speaks at a time: what others say meanwhile is not mixed in. Nobody hears music on hold.
Without I/O.

Source: docs/protocols/twilio.md 5.3.
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from agent.sim.clips import RATE_HZ, SILENT_PAYLOADS
from agent.sim.exchange.desk import Desk
from agent.sim.exchange.fields import iso
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.signals import RoomOver
from agent.sim.exchange.verbs import Callback, Conference

_SILENT: Final = frozenset(SILENT_PAYLOADS)
_AHEAD: Final = int(0.06 * RATE_HZ)
"""Whoever hears something for so long yet has somebody else speaking to them."""
_EVENTS: Final = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
}


@dataclass(slots=True)
class Member:
    """A leg in a room."""

    leg: Leg
    terms: Conference
    muted: bool = False
    hold: bool = False


class Room:
    """Legs that hear each other once it has started.

    Attributes:
        name: of a conference; empty for a dialled call.
        members: by the sid of their calls.
        over: everybody has left, or whose leaving ends it.
    """

    def __init__(self, desk: Desk, name: str = "") -> None:
        self.sid = desk.sid("CF")
        self.name = name
        self.members: dict[str, Member] = {}
        self.started = self.over = False
        self._desk = desk
        self._callback: Callback | None = None
        self._base = ""
        self._n_told = 0

    @property
    def status(self) -> str:
        """In the carrier's words."""
        return "completed" if self.over else "in-progress" if self.started else "init"

    def enter(self, leg: Leg, terms: Conference, base: str = "") -> Member:
        """Let a leg in; whoever comes first says who is told of what happens."""
        if self._callback is None and terms.callback is not None:
            self._callback, self._base = terms.callback, base
        member = self.members[leg.sid] = Member(leg, terms, terms.muted)
        self._tell("participant-join", member)
        starts = any(member.terms.start_on_enter for member in self.members.values())
        if not self.started and starts and len(self.members) > 1:
            self.started = True
            self._tell("conference-start", member)
        return member

    def leave(self, leg: Leg) -> None:
        """Let a leg out; with the last one, or one on whom it depends, the room ends."""
        member = self.members.pop(leg.sid, None)
        if member is None:
            return
        self._tell("participant-leave", member)
        if not self.members or member.terms.end_on_exit:
            self.end(member)

    def end(self, member: Member | None = None) -> None:
        """End it for all who are there."""
        if self.over:
            return
        self.over = True
        others, self.members = self.members, {}
        for other in others.values():
            self._tell("participant-leave", other)
            self._desk.post(other.leg, RoomOver(self.sid))
        self._tell("conference-end", member)

    def put_out(self, leg: Leg) -> None:
        """Remove a leg; what its document says next, it does."""
        self._desk.post(leg, RoomOver(self.sid))

    def set(self, sid: str, *, hold: bool | None = None, muted: bool | None = None) -> None:
        """Hold or mute a member, or not any more."""
        member = self.members[sid]
        if hold is not None and hold is not member.hold:
            member.hold = hold
            self._tell("participant-hold" if hold else "participant-unhold", member)
        if muted is not None and muted is not member.muted:
            member.muted = muted
            self._tell("participant-mute" if muted else "participant-unmute", member)

    def hear(self, leg: Leg, payloads: list[bytes], now: float) -> None:
        """A member speaks: the others hear it."""
        speaker = self.members.get(leg.sid)
        if speaker is None or not self.started or speaker.muted or speaker.hold:
            return
        listeners = [m.leg.line for m in self.members.values() if m is not speaker and not m.hold]
        for payload in payloads:
            if payload in _SILENT:
                continue
            audio = b64decode(payload)
            for line in listeners:
                if line is not None and line.line.end - line.position(now) < _AHEAD:
                    line.play(audio, now)

    def _tell(self, event: str, member: Member | None) -> None:
        desk = self._desk
        call = member.leg.sid if member is not None else ""
        desk.note(call, event, room=self.name or self.sid)
        wanted = self._callback
        number, self._n_told = self._n_told, self._n_told + 1
        if wanted is None or _EVENTS[event] not in wanted.events:
            return
        fields = {
            "AccountSid": desk.account.sid,
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "StatusCallbackEvent": event,
            "SequenceNumber": str(number),
            "Timestamp": iso(desk.at_utc),
        }
        if member is not None:
            fields |= {
                "CallSid": call,
                "Muted": str(member.muted).lower(),
                "Hold": str(member.hold).lower(),
                "StartConferenceOnEnter": str(member.terms.start_on_enter).lower(),
                "EndConferenceOnExit": str(member.terms.end_on_exit).lower(),
                "ParticipantLabel": member.terms.label,
            }
        if event == "conference-end":
            fields["CallSidEndingConference"] = call
            fields["ReasonConferenceEnded"] = "last-participant-left"
            if member is not None and member.terms.end_on_exit:
                fields["ReasonConferenceEnded"] = "participant-with-end-conference-on-exit-left"
        desk.callback(wanted, fields, self._base)


def conference(desk: Desk, name: str) -> Room:
    """The conference of this name that goes on, or a new one."""
    for room in desk.rooms.values():
        if room.name == name and not room.over:
            return room
    room = Room(desk, name)
    desk.rooms[room.sid] = room
    return room
