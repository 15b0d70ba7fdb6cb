"""The routes of calls that our agents make: asked for with a token, told of by the carrier."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Final

import msgspec
from aiohttp import web

from agent.service.auth import require_token
from agent.service.carrier_requests import add_webhook, signed_form
from agent.service.carrier_routes import asked_again, join_stream, xml
from agent.service.carrier_status import FINAL, note_end
from agent.service.console_requests import answer_json, read_json
from agent.service.outbound import OutboundCalls, new_order_id, outbound_key
from agent.service.outbound_order import Order
from agent.service.outbound_rules import NotCalled, zone_for
from agent.service.service import service_key
from agent.service.tenant_files import ReadyTenant
from agent.telephony.twilio import twiml
from agent.tenants.placeholders import LONGEST, facts_of
from agent.tenants.scalars import phone_number

ANSWERED_PATH: Final = "/twilio/outbound"
STATUS_PATH: Final = "/twilio/outbound-status"
DETECTED_PATH: Final = "/twilio/amd"
KEY_HEADER: Final = "Idempotency-Key"
LONGEST_KEY: Final = 200
MOST_CONTEXT: Final = 50


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request for a call.

    Attributes:
        tenant: whose agent calls.
        to: the number.
        context: what its prompt and greeting are filled with, by field.
        zone: the time zone of who is called, where the number does not say it.
    """

    tenant: str
    to: str
    context: dict[str, str | int | float | bool] = {}
    zone: str | None = None


def add_outbound_routes(app: web.Application) -> None:
    """Add them all."""
    app.router.add_post("/api/calls", _ask)
    app.router.add_get("/api/orders/{id}", _order)
    add_webhook(app, ANSWERED_PATH, _answered)
    add_webhook(app, STATUS_PATH, _status)
    add_webhook(app, DETECTED_PATH, _detected)


async def _ask(request: web.Request) -> web.Response:
    """Take the order of a call; the same key again gets the same order."""
    require_token(request)
    body = await read_json(request, Asked)
    key = request.headers.get(KEY_HEADER, "")
    try:
        order, new = await _taken(request, body, key)
    except NotCalled as reason:
        answer = {"error": reason.code, "message": str(reason)}
        if reason.until is not None:
            answer["until"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(reason.until))
        return answer_json(answer, status=reason.status)
    return answer_json(shown(order), status=202 if new else 200)


async def _taken(request: web.Request, body: Asked, key: str) -> tuple[Order, bool]:
    service, outbound = request.app[service_key], request.app.get(outbound_key)
    if service.draining:
        raise NotCalled(503, "draining", "the service is going down")
    if service.rest is None or outbound is None:
        text = "there is no account at the carrier: set TWILIO_ACCOUNT_SID and a secret"
        raise NotCalled(503, "no_account", text)
    if len(key) > LONGEST_KEY or not key.isprintable():
        text = f"{KEY_HEADER} is at most {LONGEST_KEY} printable characters"
        raise NotCalled(422, "bad_key", text)
    ready = service.tenants.by_name.get(body.tenant)
    if ready is None:
        raise NotCalled(404, "unknown_tenant", "no tenant has this name")
    digest = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
    if (known := outbound.known(body.tenant, key)) is not None:
        return _same(known, digest), False
    made = _made(request, body, key, digest)
    order = await outbound.ask(made, ready)
    return _same(order, digest), order is made


def _same(order: Order, digest: str) -> Order:
    if order.digest != digest:
        text = f"another call was asked for under this {KEY_HEADER}"
        raise NotCalled(409, "key_reused", text)
    return order


def _made(request: web.Request, body: Asked, key: str, digest: str) -> Order:
    """The order that a request describes.

    Raises:
        NotCalled: it describes none.
    """
    try:
        to = str(phone_number(body.to))
    except ValueError:
        text = "to is not a number in international form, as +15550100100"
        raise NotCalled(422, "bad_number", text) from None
    facts = facts_of(body.context)
    for name, value in body.context.items():
        if name not in facts or len(str(value)) > LONGEST or len(facts) > MOST_CONTEXT:
            text = (
                f"context: a field is a word, its value one line of at most {LONGEST} "
                f"characters, and there are at most {MOST_CONTEXT}"
            )
            raise NotCalled(422, "bad_context", text)
    settings = request.app[service_key].settings
    origin = settings.public_url or f"http://{request.host}"
    zone = zone_for(to, body.zone)
    return Order(new_order_id(), body.tenant, to, zone, origin, time.time(), facts, key, digest)


async def _order(request: web.Request) -> web.Response:
    """How an order stands."""
    require_token(request)
    outbound = request.app.get(outbound_key)
    order = None if outbound is None else outbound.of(request.match_info["id"])
    if order is None:
        raise web.HTTPNotFound(text="no such order\n")
    return answer_json(shown(order))


def shown(order: Order) -> dict[str, Any]:
    """An order as the API shows it."""
    return {
        "id": order.id,
        "tenant": order.tenant,
        "to": order.to,
        "state": order.state.value,
        "tries": order.tries,
        "call": order.call_sid,
        "answered_by": order.answered_by,
        "result": order.result,
        "carrier_code": order.carrier_code,
    }


# What the carrier asks and tells.


async def _answered(request: web.Request) -> web.Response:
    """A call that we placed was answered: join it to a media socket, or hang up."""
    values = await signed_form(request)
    service, found = request.app[service_key], _found(request)
    call_id = values.get("CallSid", "")
    if found is None or not call_id:
        return xml(twiml.hang_up())
    if (again := await asked_again(service, request, call_id)) is not None:
        return xml(again)
    outbound, order, ready, n = found
    who = values.get("AnsweredBy", "")
    if not await outbound.news.answered(order, ready, call_id, n, who):
        return xml(twiml.hang_up())
    return xml(join_stream(service, request, ready, call_id))


async def _status(request: web.Request) -> web.Response:
    """A call that we placed has another status."""
    values = await signed_form(request)
    if (found := _found(request)) is not None:
        outbound, order, ready, n = found
        status = values.get("CallStatus", "")
        if status in FINAL:
            note_end(request.app[service_key], values)
        await outbound.news.ended(order, ready, values.get("CallSid", ""), n, status)
    return web.Response(status=204)


async def _detected(request: web.Request) -> web.Response:
    """The carrier has found out who answered."""
    values = await signed_form(request)
    if (found := _found(request)) is not None:
        outbound, order, ready, n = found
        who = values.get("AnsweredBy", "")
        await outbound.news.detected(order, ready, values.get("CallSid", ""), n, who)
    return web.Response(status=204)


def _found(request: web.Request) -> tuple[OutboundCalls, Order, ReadyTenant, int] | None:
    """The order that a signed URL of ours names, its tenant, and the try; None: there is none."""
    outbound = request.app.get(outbound_key)
    if outbound is None:
        return None
    order = outbound.of(request.query.get("order", ""))
    n = request.query.get("try", "")
    if order is None or not (n.isascii() and n.isdigit() and len(n) < 4):
        return None
    ready = request.app[service_key].tenants.by_name.get(order.tenant)
    return None if ready is None else (outbound, order, ready, int(n))
