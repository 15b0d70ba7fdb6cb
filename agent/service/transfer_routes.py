"""What the carrier asks and tells about calls that were passed on."""

from __future__ import annotations

from aiohttp import web

from agent.call.effects import Outcome
from agent.service.carrier_requests import add_webhook, signed_form
from agent.service.carrier_routes import join_stream, our_url, xml
from agent.service.service import Service, service_key
from agent.service.transfer_fallback import LAST, for_stranger
from agent.service.transfers import (
    DIALLED_PATH,
    DONE_PATH,
    PROGRESS_PATH,
    REFERRED_PATH,
    end_of,
)
from agent.service.voicemail import DONE_PATH as VOICEMAIL_DONE_PATH
from agent.service.voicemail import RECORDED_PATH
from agent.service.warm_transfer import PATH as WARM_PATH
from agent.service.warm_transfer import Warm
from agent.telephony.twilio import dial, twiml

MACHINES = ("machine", "fax")


def add_transfer_routes(app: web.Application) -> None:
    """Add them; the carrier signs each request."""
    for path, answer in (
        (DONE_PATH, _done),
        (PROGRESS_PATH, _progress),
        (REFERRED_PATH, _referred),
        (DIALLED_PATH, _dialled),
        (f"{WARM_PATH}/enter/{{key}}", _enter),
        (f"{WARM_PATH}/left/{{key}}", _left),
        (f"{WARM_PATH}/back/{{key}}", _back),
        (f"{WARM_PATH}/events/{{key}}", _events),
        (f"{WARM_PATH}/person/{{key}}", _person),
        (f"{WARM_PATH}/key/{{key}}", _key),
        (f"{WARM_PATH}/over/{{key}}", _over),
        (f"{WARM_PATH}/status/{{key}}", _status),
        (f"{WARM_PATH}/machine/{{key}}", _machine),
        (VOICEMAIL_DONE_PATH, _voicemail_done),
        (f"{RECORDED_PATH}/{{tenant}}", _recorded),
    ):
        add_webhook(app, path, answer)


# Cold


async def _done(request: web.Request) -> web.Response:
    """A call to somebody else is over, or came to nothing: where does the caller go?"""
    fields = await signed_form(request)
    why = dial.failure(fields.get("DialCallStatus", ""))
    return _passed_on(request, fields, why)


async def _referred(request: web.Request) -> web.Response:
    """A call by SIP was handed over, or was not."""
    fields = await signed_form(request)
    return _passed_on(request, fields, dial.refer_failure(fields))


async def _progress(request: web.Request) -> web.Response:
    """Somebody has answered: the agent's part is over, while the two talk."""
    fields = await signed_form(request)
    if fields.get("CallStatus") == "in-progress":
        service, call_id = request.app[service_key], fields.get("ParentCallSid", "")
        service.facts.transfer_over(call_id, _number(request), "answered")
        service.transfers.finish(call_id, Outcome.TRANSFERRED)
    return web.Response(status=204)


def _passed_on(request: web.Request, fields: dict[str, str], why: str | None) -> web.Response:
    service, call_id = request.app[service_key], fields.get("CallSid", "")
    over, seconds = fields.get("CallStatus") in dial.OVER, fields.get("DialCallDuration", "")
    end = "answered" if why is None else end_of(why)
    if over and end in {"no-answer", "canceled"}:
        end = "caller_left"
    service.facts.transfer_over(call_id, _number(request), end, seconds)
    if why is None:
        service.transfers.finish(call_id, Outcome.TRANSFERRED)
        return xml(twiml.hang_up())
    if over:
        service.transfers.finish(call_id, Outcome.CALLER_HUNG_UP)
        return xml(twiml.nothing())
    service.transfers.failed(call_id, why, _number(request))
    return xml(_back_to_agent(service, request, fields))


def _back_to_agent(service: Service, request: web.Request, fields: dict[str, str]) -> str:
    """The document that brings a caller back; without an agent to go back to, the fallback."""
    call_id = fields.get("CallSid", "")
    running = service.call_of(call_id)
    if running is None:
        return for_stranger(service, fields, last=LAST in request.query)
    return join_stream(service, request, running.ready, call_id)


def _number(request: web.Request) -> int | None:
    """Which attempt to pass the caller on an address of ours is about; None: it does not say."""
    n = request.query.get("n", "")
    return int(n) if n.isascii() and n.isdigit() and len(n) < 4 else None


async def _dialled(request: web.Request) -> web.Response:
    """The carrier has dialled on the line: the call comes back to its conversation."""
    service, fields = request.app[service_key], await signed_form(request)
    if fields.get("CallStatus") in dial.OVER:
        service.transfers.finish(fields.get("CallSid", ""), Outcome.CALLER_HUNG_UP)
        return xml(twiml.nothing())
    return xml(_back_to_agent(service, request, fields))


# Warm


async def _enter(request: web.Request) -> web.Response:
    """The caller has left the agent, and waits from now on."""
    service, fields = request.app[service_key], await signed_form(request)
    warm = _warm(request)
    if fields.get("CallStatus") in dial.OVER:
        service.transfers.finish(fields.get("CallSid", ""), Outcome.CALLER_HUNG_UP)
        return xml(twiml.nothing())
    if warm is None or warm.running.id != fields.get("CallSid"):
        return xml(_back_to_agent(service, request, fields))
    return xml(warm.enter(our_url(service, request, "")))


async def _left(request: web.Request) -> web.Response:
    """The caller's side has left the conference."""
    service, fields = request.app[service_key], await signed_form(request)
    call_id, status = fields.get("CallSid", ""), fields.get("CallStatus", "")
    warm = _warm(request)
    mine = warm is not None and warm.running.id == call_id
    returns = warm.caller_left(status) if warm is not None and mine else call_id in service.detached
    if returns:
        return xml(_back_to_agent(service, request, fields))
    return xml(twiml.nothing() if status in dial.OVER else twiml.hang_up())


async def _back(request: web.Request) -> web.Response:
    """The caller was taken out of the conference."""
    service, fields = request.app[service_key], await signed_form(request)
    return xml(_back_to_agent(service, request, fields))


async def _events(request: web.Request) -> web.Response:
    """Somebody came to the conference, or left it."""
    fields, warm = await signed_form(request), _warm(request)
    left = fields.get("StatusCallbackEvent") == "participant-leave"
    if warm is not None and left and fields.get("CallSid") == warm.running.id:
        warm.somebody_left()
    return web.Response(status=204)


async def _person(request: web.Request) -> web.Response:
    """The person who was called has answered."""
    fields, warm = await signed_form(request), _warm(request)
    if warm is None:
        return xml(twiml.hang_up())
    if _is_machine(fields):
        warm.machine_heard()
    return xml(warm.person_answered())


async def _key(request: web.Request) -> web.Response:
    """The person has pressed a key, or spoken, or the time for it is over."""
    fields, warm = await signed_form(request), _warm(request)
    if warm is None:
        return xml(twiml.hang_up())
    key, spoken = fields.get("Digits", ""), fields.get("SpeechResult", "")
    return xml(warm.pressed(key, spoken, again="again" in request.query))


async def _over(request: web.Request) -> web.Response:
    """The person's side has left the conference."""
    await signed_form(request)
    return xml(twiml.hang_up())


async def _status(request: web.Request) -> web.Response:
    """The person's call is over."""
    fields, warm = await signed_form(request), _warm(request)
    if warm is not None and (status := fields.get("CallStatus", "")) in dial.OVER:
        warm.person_ended(status)
    return web.Response(status=204)


async def _machine(request: web.Request) -> web.Response:
    """What the carrier takes the person for."""
    fields, warm = await signed_form(request), _warm(request)
    if warm is not None and _is_machine(fields):
        warm.machine_heard()
    return web.Response(status=204)


def _is_machine(fields: dict[str, str]) -> bool:
    return fields.get("AnsweredBy", "").startswith(MACHINES)


def _warm(request: web.Request) -> Warm | None:
    return request.app[service_key].transfers.warm.find(request.match_info["key"])


# Voicemail


async def _voicemail_done(request: web.Request) -> web.Response:
    """The caller has spoken: the call is over."""
    service, fields = request.app[service_key], await signed_form(request)
    service.transfers.finish(fields.get("CallSid", ""), Outcome.VOICEMAIL)
    return xml(twiml.hang_up())


async def _recorded(request: web.Request) -> web.Response:
    """A message can be fetched; an answer that is no 2xx has the carrier tell it again."""
    service, fields = request.app[service_key], await signed_form(request)
    ready = service.tenants.by_name.get(request.match_info["tenant"])
    if ready is not None:
        await service.voicemails.recorded(ready.tenant, fields)
    return web.Response(status=204)
