"""Conferences and who is in them, in the REST API; without I/O.

Source: docs/protocols/twilio.md 5.3.
"""

from typing import Any

from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import CallStatus
from agent.sim.exchange.outgoing import make_call
from agent.sim.exchange.plan import Outgoing
from agent.sim.exchange.rest_answers import (
    INVALID,
    NOT_FOUND,
    NUMBER,
    Form,
    Refused,
    RestAnswer,
)
from agent.sim.exchange.rest_calls import resource
from agent.sim.exchange.rooms import Member, Room, conference
from agent.sim.exchange.verbs import Conference


def list_conferences(exchange: Exchange, query: Form) -> RestAnswer:
    """Conferences, by name and status."""
    found = [
        _conference(exchange, room)
        for room in exchange.desk.rooms.values()
        if room.name
        and query.get("FriendlyName", room.name) == room.name
        and query.get("Status", room.status) == room.status
    ]
    return RestAnswer(200, {"conferences": found, "page": 0, "next_page_uri": None})


def update_conference(exchange: Exchange, name: str, form: Form) -> RestAnswer:
    """End a conference."""
    room = _room_of(exchange, name)
    if form.get("Status") != "completed":
        raise Refused(400, INVALID, f"Status {form.get('Status')!r}")
    room.end()
    return RestAnswer(200, _conference(exchange, room))


def list_participants(exchange: Exchange, name: str) -> RestAnswer:
    """Who is in a conference."""
    room = _room_of(exchange, name)
    found = [_participant(room, member) for member in room.members.values()]
    return RestAnswer(200, {"participants": found, "page": 0, "next_page_uri": None})


def add_participant(exchange: Exchange, name: str, form: Form) -> RestAnswer:
    """Call somebody into a conference, which begins with this if there is none."""
    to, from_ = form.get("To"), form.get("From")
    if not (NUMBER.fullmatch(to) or to.startswith(("sip:", "sips:"))):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number")
    if exchange.number(from_) is None:
        raise Refused(400, 21210, f"The 'From' number {from_} is none of the account's")
    known = exchange.desk.rooms.get(name)
    room = known or conference(exchange.desk, name)
    terms = Conference(
        room.name,
        form.get("Label"),
        form.flag("Muted"),
        form.flag("StartConferenceOnEnter", default=True),
        form.flag("EndConferenceOnExit"),
        form.callback("ConferenceStatusCallback"),
    )
    outgoing = Outgoing(
        to,
        from_,
        timeout_s=form.seconds("Timeout", 60, 600),
        time_limit_s=form.seconds("TimeLimit", 14_400, 86_400),
        status=form.callback("StatusCallback"),
        room=terms,
    )
    leg = make_call(exchange.desk, outgoing, None)
    return RestAnswer(201, _participant(room, Member(leg, terms)) | {"status": "queued"})


def change_participant(exchange: Exchange, name: str, sid: str, form: Form) -> RestAnswer:
    """Hold or mute somebody, or not any more."""
    room = _room_of(exchange, name)
    member = _member_of(room, sid)
    room.set(
        sid,
        hold=form.flag("Hold") if form.has("Hold") else None,
        muted=form.flag("Muted") if form.has("Muted") else None,
    )
    return RestAnswer(200, _participant(room, member))


def fetch_participant(exchange: Exchange, name: str, sid: str) -> RestAnswer:
    """Somebody in a conference."""
    room = _room_of(exchange, name)
    return RestAnswer(200, _participant(room, _member_of(room, sid)))


def remove_participant(exchange: Exchange, name: str, sid: str) -> RestAnswer:
    """Put somebody out of a conference."""
    room = _room_of(exchange, name)
    room.put_out(_member_of(room, sid).leg)
    return RestAnswer(204)


def _room_of(exchange: Exchange, name: str) -> Room:
    """The conference of this sid, or the one of this name that goes on."""
    rooms = exchange.desk.rooms
    for room in [rooms[name]] if name in rooms else rooms.values():
        if (room.sid == name or room.name == name) and not room.over:
            return room
    raise Refused(404, NOT_FOUND, f"conference {name} was not found")


def _member_of(room: Room, sid: str) -> Member:
    member = room.members.get(sid)
    if member is None:
        raise Refused(404, NOT_FOUND, f"participant {sid} was not found")
    return member


def _conference(exchange: Exchange, room: Room) -> dict[str, Any]:
    return {
        "sid": room.sid,
        "account_sid": exchange.account.sid,
        "friendly_name": room.name,
        "status": room.status,
    }


def _participant(room: Room, member: Member) -> dict[str, Any]:
    status = "connected" if member.leg.status is CallStatus.IN_PROGRESS else "ringing"
    return {
        "call_sid": member.leg.sid,
        "conference_sid": room.sid,
        "account_sid": resource(member.leg)["account_sid"],
        "label": member.terms.label or None,
        "muted": member.muted,
        "hold": member.hold,
        "start_conference_on_enter": member.terms.start_on_enter,
        "end_conference_on_exit": member.terms.end_on_exit,
        "status": status,
    }
