"""The carrier's routes: what becomes of a call, and the media sockets that calls are joined to."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from agent.errors import ConfigError
from agent.observe.missed import Missed
from agent.service.auth import settings_key
from agent.service.callers import caller_of
from agent.service.carrier_requests import (
    add_webhook,
    check_upgrade,
    signed_form,
    upgrades_key,
)
from agent.service.carrier_status import STREAM_STATUS_PATH
from agent.service.door import Door, upgrade_signatures
from agent.service.missed import turned_away
from agent.service.service import Service, service_key
from agent.service.shortcut import QuickWebSocketResponse
from agent.service.sockets import ABNORMAL_CLOSURE, CLOSE_TIMEOUT_S, PhoneSocket
from agent.service.tenant_files import ReadyTenant
from agent.service.transfer_fallback import without_agent
from agent.telephony.twilio import twiml
from agent.tenants.hours import Hours, Open, WhenClosed
from agent.tenants.tenant import Tenant

__all__ = [
    "add_carrier_routes",
    "answer_media",
    "asked_again",
    "door",
    "join_stream",
    "our_url",
    "signed_form",
    "xml",
]

VOICE_PATH = "/twilio/voice"
CONTINUE_PATH = "/twilio/continue"
MEDIA_PATH = "/twilio/media"
WORKER = "1"
FRAME_LIMIT = 64 * 1024

NO_ROOM = frozenset({"draining", "service_full"})
"""Why this service has no agent for a call, whatever its tenant's limits are."""

REFUSALS = {
    "unknown_number": "This number is not in service.",
    "busy": "All our lines are busy at the moment. Please call again in a few minutes.",
}


def add_carrier_routes(app: web.Application) -> None:
    """Add the webhooks and the media sockets; a slash at a path's end is no other path."""
    settings = app[settings_key]
    media = (settings.public_url or "").replace("http", "ws", 1) + f"{MEDIA_PATH}/{WORKER}"
    app[upgrades_key] = upgrade_signatures(settings.carrier_tokens, media)
    add_webhook(app, VOICE_PATH, _voice)
    app.router.add_get(f"{MEDIA_PATH}/{WORKER}{{slash:/?}}", _media)
    app.router.add_get(f"{MEDIA_PATH}/local", _local_media)


def door(app: web.Application, inner: asyncio.Protocol) -> asyncio.Protocol:
    """What stands before aiohttp's protocol of one connection: it knows who may open media."""
    if app[settings_key].insecure_local:
        return inner
    refused = partial(app[service_key].refusals.note, "signature", f"{MEDIA_PATH}/{WORKER}")
    return Door(inner, f"{MEDIA_PATH}/".encode(), app[upgrades_key], refused)


def xml(document: str) -> web.Response:
    """The answer that is this document."""
    return web.Response(text=document, content_type="text/xml")


def our_url(service: Service, request: web.Request, path: str) -> str:
    """The address of a path of ours as the carrier knows it; on loopback, as it was asked for."""
    return (service.settings.public_url or f"http://{request.host}") + path


def join_stream(
    service: Service,
    request: web.Request,
    ready: ReadyTenant,
    call_id: str,
    *,
    attempt: int = 0,
    parameters: Mapping[str, str] | None = None,
) -> str:
    """The document that joins a call to a media socket of ours, and asks what next after that.

    Args:
        attempt: how often the call has lost its socket lately.
        parameters: to be handed back in the stream's `start`, besides our own.

    Raises:
        HTTPBadRequest: there is no public URL, and the Host is not this machine's.
    """
    now = asyncio.get_running_loop().time()
    tenant = ready.tenant.tenant
    ticket = service.tickets.issue(call_id, tenant, now, attempt)
    ours = {"tenant": tenant, "ticket": ticket, "attempt": str(attempt)}
    media = our_url(service, request, f"{MEDIA_PATH}/{WORKER}").replace("http", "ws", 1)
    try:
        return twiml.connect_stream(
            media,
            {**(parameters or {}), **ours},
            status_callback=our_url(service, request, STREAM_STATUS_PATH),
            then=our_url(service, request, f"{CONTINUE_PATH}?attempt={attempt}"),
            pause_s=int(attempt > 1),  # sockets fail in a row: no hasty loop
        )
    except ConfigError:
        raise web.HTTPBadRequest(text="the Host is not loopback\n") from None


async def asked_again(service: Service, request: web.Request, call_id: str) -> str | None:
    """The document for a call that has been answered before; None: it has not.

    A carrier whose request fails asks again; so it does when another page has failed meanwhile.
    """
    if (running := service.call_of(call_id)) is not None:
        return join_stream(service, request, running.ready, call_id)
    if await service.fates.of(call_id) is not None:
        service.counters["refused_call_over"] += 1
        return twiml.hang_up()
    return None


async def _voice(request: web.Request) -> web.Response:
    """The carrier asks what to do with a call: join it to a media socket of ours."""
    service = request.app[service_key]
    values = await signed_form(request)
    call_id = values.get("CallSid", "")
    if (again := await asked_again(service, request, call_id)) is not None:
        return xml(again)
    ready = service.tenants.for_number(values.get("To", ""))
    if ready is None:
        service.counters["refused_unknown_number"] += 1
        return xml(twiml.say_and_hang_up(REFUSALS["unknown_number"], "en-US"))
    limits = ready.tenant.limits
    caller, now = caller_of(values), asyncio.get_running_loop().time()
    often = service.rates.refuses(ready.tenant.tenant, limits, call_id, caller.number, now)
    if often == "caller_rate":
        service.counters["refused_caller_rate"] += 1
        return xml(twiml.reject())
    if (closed := _closed(ready.tenant.hours)) is not None:
        service.counters["refused_closed"] += 1
        service.missed.rang(ready, call_id, caller, Missed.CLOSED)
        return xml(_while_closed(service, ready.tenant, values, closed))
    if (reason := often or service.refusal(ready)) is not None:
        service.counters[f"refused_{reason}"] += 1
        service.missed.rang(ready, call_id, caller, turned_away(reason))
        return xml(_without_room(service, ready.tenant, values, reason))
    if call_id and "From" in values:
        service.missed.rang(ready, call_id, caller)
        await service.announced(ready, call_id, caller.number, caller)
    return xml(join_stream(service, request, ready, call_id))


def _without_room(service: Service, tenant: Tenant, values: Mapping[str, str], reason: str) -> str:
    """The document for a call that is not taken now, for this reason."""
    call_id = values.get("CallSid", "")
    if reason in NO_ROOM and call_id:
        document = without_agent(service, tenant, call_id, caller_of(values))
        if document is not None:
            return document
    overflow = tenant.limits.overflow
    if reason in {"tenant_full", "tenant_rate", "spent"} and overflow is not None:
        return twiml.say_and_hang_up(overflow.say, tenant.agent.language or "en-US")
    return twiml.say_and_hang_up(REFUSALS["busy"], "en-US")


def _closed(hours: Hours) -> WhenClosed | None:
    """What becomes of a call because the business is closed now; None while it is open."""
    if hours.closed is None or isinstance(hours.state(datetime.now(UTC)), Open):
        return None
    return hours.closed


def _while_closed(
    service: Service, tenant: Tenant, values: Mapping[str, str], closed: WhenClosed
) -> str:
    if closed.then == "voicemail":
        number = caller_of(values).number
        return service.transfers.voicemail(tenant, values.get("CallSid", ""), number, closed.say)
    return twiml.say_and_hang_up(closed.say, tenant.agent.language or "en-US")


async def _media(request: web.Request) -> web.StreamResponse:
    check_upgrade(request)
    return await answer_media(request, ticketed=True)


async def _local_media(request: web.Request) -> web.StreamResponse:
    """Without signature or ticket, on loopback only: for load generators and tests."""
    if not request.app[service_key].settings.insecure_local:
        raise web.HTTPNotFound
    return await answer_media(request, ticketed=False)


async def answer_media(request: web.Request, *, ticketed: bool) -> web.StreamResponse:
    """Take a media socket, the carrier's or a browser's, until the call has left it."""
    phone: PhoneSocket = QuickWebSocketResponse(
        compress=False,
        max_msg_size=FRAME_LIMIT,
        timeout=CLOSE_TIMEOUT_S,
        decode_text=False,
    )
    await phone.prepare(request)
    await request.app[service_key].answer(phone, ticketed=ticketed)
    if phone.close_code == ABNORMAL_CLOSURE and request.transport is not None:
        request.transport.abort()  # a peer that reads nothing would hold it open for ever
    return phone
