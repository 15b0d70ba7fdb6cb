"""Calls in the REST API: making, fetching, listing and changing them; without I/O.

Source: docs/protocols/twilio.md 5.1, 5.3.
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from agent.sim.exchange.documents import document_from, inline_document, perform
from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import API_VERSION, CallStatus
from agent.sim.exchange.leg import Leg, Life
from agent.sim.exchange.outgoing import make_call
from agent.sim.exchange.plan import Detection, Outgoing
from agent.sim.exchange.rest_answers import INVALID, NOT_FOUND, NUMBER, Form, Refused, RestAnswer
from agent.sim.exchange.verbs import Callback

LONGEST_DOCUMENT: Final = 4_000
_NOT_IN_PROGRESS: Final = 21220


def create_call(exchange: Exchange, form: Form) -> RestAnswer:
    """Make a call; more than the account may begin in a second are queued."""
    to, from_ = form.get("To"), form.get("From")
    _check(exchange, to, from_, form)
    document, hook = form.get("Twiml"), form.callback("Url", "Method")
    if len(document) > LONGEST_DOCUMENT:
        raise Refused(400, 21626, f"Twiml has over {LONGEST_DOCUMENT} characters")
    outgoing = Outgoing(
        to,
        from_,
        hook,
        form.callback("FallbackUrl", "FallbackMethod"),
        "" if hook is not None else document,
        form.seconds("Timeout", 60, 600),
        form.seconds("TimeLimit", 14_400, 86_400),
        form.get("SendDigits"),
        form.callback("StatusCallback"),
        None if form.get("SendDigits") else _detection(form),
        form.flag("Record"),
    )
    leg = make_call(exchange.desk, outgoing, None, wait_s=exchange.next_turn_s())
    return RestAnswer(201, resource(leg) | {"status": "queued", "queue_time": "0"})


def fetch_call(exchange: Exchange, sid: str) -> RestAnswer:
    """A call as it stands."""
    return RestAnswer(200, resource(leg_of(exchange, sid)))


def list_calls(exchange: Exchange, query: Form) -> RestAnswer:
    """Calls, the newest first, by number and status."""
    found = [
        resource(leg)
        for leg in reversed(exchange.legs.values())
        if query.get("To", leg.call.to) == leg.call.to
        and query.get("From", leg.call.from_) == leg.call.from_
        and query.get("Status", str(leg.status)) == str(leg.status)
    ]
    return RestAnswer(200, {"calls": found, "page": 0, "next_page_uri": None})


def update_call(exchange: Exchange, sid: str, form: Form) -> RestAnswer:
    """End a call, or have it do something else at once: what it did is abandoned."""
    leg = leg_of(exchange, sid)
    if leg.over:
        raise Refused(404, NOT_FOUND, f"call {sid} is over")
    status, hook, text = form.get("Status"), form.callback("Url", "Method"), form.get("Twiml")
    if form.has("TimeLimit") and leg.answered_at is not None:
        leg.time_limit_s = form.seconds("TimeLimit", leg.time_limit_s, 86_400)
    if status == "completed":
        answered = leg.status is CallStatus.IN_PROGRESS
        leg.end(CallStatus.COMPLETED if answered else CallStatus.CANCELED)
    elif status == "canceled":
        if leg.status is CallStatus.IN_PROGRESS:
            raise Refused(400, _NOT_IN_PROGRESS, "only a call that is not answered is canceled")
        leg.end(CallStatus.CANCELED)
    elif status:
        raise Refused(400, 21218, f"Status {status!r}")
    elif hook is not None or text:
        if leg.status is not CallStatus.IN_PROGRESS:
            raise Refused(400, _NOT_IN_PROGRESS, "the call is not in-progress")
        if hook is not None and text:
            raise Refused(400, INVALID, "Url and Twiml at once")
        leg.desk.note(leg.sid, "diverted")
        leg.begin(_diverted(leg, hook, text))
    return RestAnswer(200, resource(leg))


def _diverted(leg: Leg, hook: Callback | None, text: str) -> Life[None]:
    if hook is not None:
        document = yield from document_from(leg, hook)
    else:
        document = yield from inline_document(leg, text)
    yield from perform(leg, document)


def leg_of(exchange: Exchange, sid: str) -> Leg:
    """The call of this sid.

    Raises:
        Refused: there is none.
    """
    leg = exchange.legs.get(sid)
    if leg is None:
        raise Refused(404, NOT_FOUND, f"The requested resource /Calls/{sid}.json was not found")
    return leg


def resource(leg: Leg) -> dict[str, Any]:
    """A call in the API's form."""
    seconds = None
    if leg.ended_at is not None:
        began = leg.answered_at if leg.answered_at is not None else leg.ended_at
        seconds = str(round(leg.ended_at - began))
    return {
        "sid": leg.sid,
        "account_sid": leg.call.account,
        "api_version": API_VERSION,
        "to": leg.call.to,
        "from": leg.call.from_,
        "status": str(leg.status),
        "direction": leg.call.direction,
        "answered_by": leg.answered_by or None,
        "duration": seconds,
        "date_created": _date(leg, leg.created_at),
        "start_time": _date(leg, leg.answered_at),
        "end_time": _date(leg, leg.ended_at),
        "parent_call_sid": leg.call.parent or None,
        "uri": f"/{API_VERSION}/Accounts/{leg.call.account}/Calls/{leg.sid}.json",
    }


def _date(leg: Leg, at: float | None) -> str | None:
    if at is None:
        return None
    return format_datetime(datetime.fromtimestamp(leg.desk.epoch + at, UTC))


def _check(exchange: Exchange, to: str, from_: str, form: Form) -> None:
    """Refuse what the carrier refuses, by its own codes."""
    if not to:
        raise Refused(400, 21201, "No 'To' number is specified")
    if not (NUMBER.fullmatch(to) or to.startswith(("sip:", "sips:"))):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number")
    if not from_:
        raise Refused(400, 21213, "No 'From' number is specified")
    if exchange.number(from_) is None:
        raise Refused(400, 21210, f"The 'From' number {from_} is none of the account's")
    if not (form.has("Url") or form.has("Twiml")):
        raise Refused(400, 21205, "Url or Twiml is required")
    for name in ("Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback"):
        check_url(form.get(name), name)


def check_url(url: str, name: str) -> None:
    """Refuse a URL that cannot be asked; loopback is let pass, the carrier would not.

    Raises:
        Refused: it is no absolute URL, or its host holds an underscore.
    """
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition(":")[0]
    if url and (scheme not in {"http", "https"} or not host or ("_" in host)):
        raise Refused(400, 21205, f"{name} is not a valid URL: {url}")


def _detection(form: Form) -> Detection | None:
    kind = form.get("MachineDetection")
    if not kind or kind == "none":
        return None
    if kind not in {"Enable", "DetectMessageEnd"}:
        raise Refused(400, INVALID, f"MachineDetection {kind!r}")
    callback = None
    if form.flag("AsyncAmd"):
        callback = form.callback("AsyncAmdStatusCallback") or Callback("")
    timeout_s = form.seconds("MachineDetectionTimeout", 30, 59)
    return Detection(kind == "DetectMessageEnd", callback, timeout_s)
