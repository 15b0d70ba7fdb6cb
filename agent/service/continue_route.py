"""The carrier asks what next: a call's media socket is closed, or could not be opened.

Source: docs/protocols/twilio.md section 2.3, R15, R17.
"""

from aiohttp import web

from agent.call.effects import Outcome
from agent.service.carrier_requests import add_webhook, signed_form
from agent.service.carrier_routes import CONTINUE_PATH, join_stream, xml
from agent.service.carrier_status import FINAL
from agent.service.continuation import attempt_in
from agent.service.latest import Latest
from agent.service.service import service_key
from agent.service.transfer_fallback import apology, for_stranger, lay_ready
from agent.telephony.twilio import twiml

TOKEN = "I-Twilio-Idempotency-Token"
MOST_ANSWERS = 1_000

answers_key = web.AppKey("answers", Latest[str, str])


def add_continue_route(app: web.Application) -> None:
    """Add the route; a request that is repeated gets the answer that it had."""
    app[answers_key] = Latest(MOST_ANSWERS)
    add_webhook(app, CONTINUE_PATH, _continue)


async def _continue(request: web.Request) -> web.Response:
    service, fields = request.app[service_key], await signed_form(request)
    call_id = fields.get("CallSid", "")
    if fields.get("CallStatus") in FINAL:
        if (running := service.call_of(call_id)) is not None:
            running.supervisor.finish(Outcome.CALLER_HUNG_UP)
        return xml(twiml.nothing())
    answers, token = request.app[answers_key], request.headers.get(TOKEN, "")
    if (document := answers.get(f"{call_id} {token}")) is None:
        document = await _what_next(request, call_id, fields)
        if token:
            answers[f"{call_id} {token}"] = document
    return xml(document)


async def _what_next(request: web.Request, call_id: str, fields: dict[str, str]) -> str:
    service = request.app[service_key]
    if (document := service.after_stream.pop(call_id, None)) is not None:
        return document
    fate, running = await service.fates.of(call_id), service.call_of(call_id)
    if fate is not None:
        service.counters["continued_over"] += 1
        return apology(service.tenants.by_name.get(fate.tenant)) if fate.abrupt else twiml.hang_up()
    if running is None:
        service.counters["continued_unknown"] += 1
        return for_stranger(service, fields)
    attempt = service.attempts.next(call_id, attempt_in(request.query.get("attempt", "")))
    if attempt is None:
        service.counters["continued_in_vain"] += 1
        lay_ready(service, running, Outcome.FAILED)
        document = service.after_stream.pop(call_id, None)
        running.supervisor.finish(Outcome.PHONE_LOST)
        return document or apology(running.ready)
    service.counters["continued"] += 1
    return join_stream(service, request, running.ready, call_id, attempt=attempt)
