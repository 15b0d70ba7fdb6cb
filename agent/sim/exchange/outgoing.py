"""Calls that the exchange makes, for the REST API or for another call; without I/O.

Source: docs/protocols/twilio.md 5.1, 5.2.
"""

from typing import assert_never

from agent.sim.exchange import sounds
from agent.sim.exchange.desk import Desk
from agent.sim.exchange.dialling import attend
from agent.sim.exchange.documents import document_from, heard, inline_document, perform
from agent.sim.exchange.fields import CallStatus, Identity, call_fields
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.plan import Detection, Outgoing, Party
from agent.sim.exchange.recordings import begin_recording
from agent.sim.exchange.signals import LegAnswered

_SIP_CODES = {"busy": 486, "no-answer": 480, "failed": 503}


def make_call(desk: Desk, outgoing: Outgoing, parent: Leg | None, *, wait_s: float = 0.0) -> Leg:
    """Begin a call.

    Args:
        wait_s: how long it stays queued first.
    """
    call = Identity(
        desk.account.sid,
        desk.sid("CA"),
        outgoing.from_,
        outgoing.to,
        "outbound-api" if parent is None else "outbound-dial",
        parent.sid if parent is not None else "",
    )
    leg = Leg(
        desk,
        call,
        outgoing.options or desk.world.options_of(len(desk.legs)),
        status_callback=outgoing.status,
        fallback=outgoing.fallback,
        parent=parent,
    )
    leg.time_limit_s = outgoing.time_limit_s
    leg.begin(_life(leg, outgoing, wait_s))
    return leg


def _life(leg: Leg, outgoing: Outgoing, wait_s: float) -> Life[None]:
    desk = leg.desk
    if wait_s:
        yield Wait(until=desk.now + wait_s)
    leg.tell_status("initiated", "initiated")
    party = desk.world.party(outgoing.to)
    leg.become(CallStatus.RINGING)
    yield Wait(until=desk.now + min(party.after_s, outgoing.timeout_s))
    if (failed := _failure(party, outgoing)) is not None:
        leg.finally_, leg.sip_code = failed, _SIP_CODES[str(failed)]
        return
    leg.connect_line(sounds.script_of(party))
    leg.become(CallStatus.IN_PROGRESS)
    if outgoing.record:
        begin_recording(leg, None, channels=2)
    if outgoing.digits:
        yield from heard(leg, sounds.keys(outgoing.digits))
    elif outgoing.detection is not None:
        yield from _detect(leg, outgoing.detection, party)
    yield from _answered(leg, outgoing)


def _failure(party: Party, outgoing: Outgoing) -> CallStatus | None:
    """How a call fails to be answered; None when it is."""
    if party.after_s >= outgoing.timeout_s:
        return CallStatus.NO_ANSWER
    match party.outcome:
        case "answer":
            return None
        case "busy":
            return CallStatus.BUSY
        case "no-answer":
            return CallStatus.NO_ANSWER
        case "failed":
            return CallStatus.FAILED
        case _:
            assert_never(party.outcome)


def _answered(leg: Leg, outgoing: Outgoing) -> Life[None]:
    if outgoing.room is not None:
        yield from attend(leg, outgoing.room, outgoing.base, outgoing.time_limit_s)
        return
    if outgoing.hook is not None:
        document = yield from document_from(leg, outgoing.hook, outgoing.base)
        through = yield from perform(leg, document)
        if not through:
            return
    elif outgoing.document:
        document = yield from inline_document(leg, outgoing.document)
        yield from perform(leg, document)
    if outgoing.bridged and leg.parent is not None:
        leg.desk.post(leg.parent, LegAnswered(leg.sid))
        yield Wait()  # the other side ends it, or the party does


def _detect(leg: Leg, wanted: Detection, party: Party) -> Life[None]:
    """Find out who answered: before the document, or while it runs."""
    kind: str = party.answered_by
    known_s = party.known_after_s
    if kind == "machine" and wanted.message_end:
        known_s = party.greeting_s
        kind = "machine_end_beep"
    elif kind == "machine":
        kind = "machine_start"
    if known_s > wanted.timeout_s:
        kind, known_s = "unknown", wanted.timeout_s
    desk = leg.desk
    fields = {"AnsweredBy": kind, "MachineDetectionDuration": str(round(known_s * 1000))}
    if wanted.callback is not None:
        told = call_fields(leg.call, leg.status) | fields
        desk.callback(wanted.callback, told, after_s=known_s, still=lambda: not leg.over)
        return
    yield Wait(until=desk.now + known_s)
    desk.note(leg.sid, "detected", answered_by=kind)
    leg.answered_by = kind
