"""Connecting a call with others: dialling, conferences, and handing a SIP call over; without I/O.

Source: docs/protocols/twilio.md 5.3 and section 6.
"""

from collections.abc import Mapping

from agent.sim.exchange.fields import CallStatus
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.plan import Outgoing
from agent.sim.exchange.rooms import Room, conference
from agent.sim.exchange.signals import KeyPressed, LegAnswered, LegEnded, RoomOver
from agent.sim.exchange.verbs import Conference, Dial, Refer

_BRIDGE = Conference("bridge", end_on_exit=True)
_SIP_CODES = {"answer": "200", "busy": "486", "no-answer": "480", "failed": "503"}


def dial(leg: Leg, verb: Dial, base: str) -> Life[Mapping[str, str]]:
    """Connect a call; gives the fields for the action once that is over."""
    if verb.room is not None:
        return (yield from attend(leg, verb.room, base, verb.time_limit, star=verb.hangup_on_star))
    desk = leg.desk
    called: dict[str, Leg] = {}
    try:
        for target in verb.targets:
            outgoing = Outgoing(
                target.address,
                verb.caller_id or leg.call.from_,
                hook=target.screen,
                timeout_s=verb.timeout,
                time_limit_s=verb.time_limit,
                status=target.callback,
                bridged=True,
                base=base,
            )
            child = desk.make_call(outgoing, leg)
            called[child.sid] = child
        answered = yield from _first_answer(leg, called, verb.timeout)
        if answered is None:
            return {"DialCallStatus": str(_worst(called)), **_sid_of(called)}
        for child in called.values():
            if child is not answered:
                child.end(CallStatus.CANCELED)
        leg.answer()
        seconds = yield from _talk(leg, answered, star=verb.hangup_on_star)
        return {
            "DialCallStatus": "completed",
            "DialCallSid": answered.sid,
            "DialCallDuration": str(round(seconds)),
            "DialBridged": "true",
        }
    finally:
        for child in called.values():
            given_up = child.answered_at is None
            child.end(CallStatus.NO_ANSWER if given_up else CallStatus.COMPLETED)


def _first_answer(leg: Leg, called: dict[str, Leg], timeout_s: float) -> Life[Leg | None]:
    """Wait for somebody who can be talked to; None when nobody can."""
    until = leg.desk.now + timeout_s
    while any(not child.over for child in called.values()):
        event = yield Wait((LegAnswered, LegEnded), until)
        if isinstance(event, LegAnswered) and event.leg in called:
            return called[event.leg]
        if event is None:
            if all(child.answered_at is None for child in called.values()):
                return None
            until = leg.desk.now + timeout_s  # one of them is being told who calls
    return None


def _talk(leg: Leg, other: Leg, *, star: bool) -> Life[float]:
    """Let two hear each other until one of them goes; gives for how long."""
    desk = leg.desk
    room = Room(desk)
    desk.rooms[room.sid] = room
    room.enter(leg, _BRIDGE)
    room.enter(other, _BRIDGE)
    began = desk.now
    try:
        while True:
            event = yield Wait((LegEnded, KeyPressed))
            if isinstance(event, LegEnded) and event.leg == other.sid:
                break
            if star and isinstance(event, KeyPressed) and event.digit == "*":
                break
    finally:
        room.leave(other)
        room.leave(leg)
        del desk.rooms[room.sid]
    return desk.now - began


def attend(
    leg: Leg, terms: Conference, base: str, time_limit_s: float, *, star: bool = False
) -> Life[Mapping[str, str]]:
    """Be in a conference until it ends, or this leg is put out of it."""
    desk = leg.desk
    room = conference(desk, terms.name)
    room.enter(leg, terms, base)
    until = desk.now + time_limit_s
    try:
        while True:
            event = yield Wait((RoomOver, KeyPressed), until)
            if event is None or (isinstance(event, RoomOver) and event.room == room.sid):
                break
            if star and isinstance(event, KeyPressed) and event.digit == "*":
                break
    finally:
        room.leave(leg)
    return {"DialCallStatus": "completed", "ConferenceSid": room.sid}


def refer(leg: Leg, verb: Refer) -> Life[Mapping[str, str]]:
    """Hand a call over; only one that came by SIP can be."""
    desk = leg.desk
    if not any(name.startswith("Sip") for name in leg.call.extra or {}):
        desk.error(leg.sid, 13710, "<Refer> of a call that did not come by SIP")
        return {"ReferCallStatus": "failed", "ReferSipResponseCode": "405"}
    party = desk.world.party(verb.address)
    desk.note(leg.sid, "referred", to=verb.address)
    yield Wait(until=desk.now + party.after_s)
    code = _SIP_CODES[party.outcome]
    status = "completed" if code == "200" else "failed"
    return {
        "ReferCallStatus": status,
        "ReferSipResponseCode": "202",
        "NotifySipResponseCode": code,
    }


def _worst(called: dict[str, Leg]) -> CallStatus:
    """What is said of several who did not answer."""
    statuses = {child.status for child in called.values()}
    for status in (CallStatus.BUSY, CallStatus.FAILED):
        if status in statuses and len(called) == 1:
            return status
    return CallStatus.NO_ANSWER


def _sid_of(called: dict[str, Leg]) -> Mapping[str, str]:
    return {"DialCallSid": next(iter(called))} if called else {}
