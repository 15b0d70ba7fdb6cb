"""The browser's telephone: it dials here, then speaks the carrier's protocol on a media socket.

The socket is let in by a one-use ticket, as the carrier's is, besides the session of the page.
"""

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

from aiohttp import web
from msgspec import Struct

from agent.call.state import CallState
from agent.service.auth import require_token
from agent.service.carrier_routes import answer_media
from agent.service.console_requests import answer_json, read_json
from agent.service.running import RunningCall
from agent.service.service import Service, service_key
from agent.service.tenant_files import ReadyTenant
from agent.tenants.hours import Open
from agent.tenants.scalars import phone_number

BROWSER = "browser"
"""The account of a call where the carrier's is not known."""
LONGEST_TEXT = 1000
LONGEST_NUMBER = 32

NOT_TAKEN = {
    "draining": "The service is being stopped.",
    "service_full": "All lines are busy.",
    "tenant_full": "All lines of this tenant are busy.",
}


class Dial(Struct, rename={"from_": "from"}):
    """What the telephone dials.

    Attributes:
        tenant: by name, or
        to: by number.
        from_: the number that the caller pretends to have; empty: withheld.
    """

    tenant: str | None = None
    to: str | None = None
    from_: str = ""


class Text(Struct):
    """What the caller writes in place of speaking."""

    text: str


def add_phone_routes(app: web.Application) -> None:
    """Let a signed-in browser hold calls."""
    app.router.add_post("/phone/calls", _dial)
    app.router.add_get("/phone/media", _media)
    app.router.add_post("/phone/calls/{id}/text", _write)


def find_running(service: Service, id: str) -> RunningCall:
    """The running call of this id.

    Raises:
        HTTPNotFound: it has ended, or never was.
    """
    running = service.call_of(id)
    if running is None:
        raise web.HTTPNotFound(text="there is no such call now\n")
    return running


async def _dial(request: web.Request) -> web.Response:
    require_token(request)
    service = request.app[service_key]
    dial = await read_json(request, Dial)
    ready = _called(service, dial)
    if (reason := service.refusal(ready)) is not None:
        service.counters[f"refused_{reason}"] += 1
        raise web.HTTPServiceUnavailable(text=f"{NOT_TAKEN.get(reason, reason)}\n")
    call_id, stream_id = f"CA{token_hex(16)}", f"MZ{token_hex(16)}"
    name = ready.tenant.tenant
    await service.announced(ready, call_id, _number(dial.from_))
    now = asyncio.get_running_loop().time()
    ticket = service.tickets.issue(call_id, name, now)
    carrier = service.settings.carrier
    return answer_json(
        {
            "call": call_id,
            "stream": stream_id,
            "account": BROWSER if carrier is None else carrier.sid,
            "parameters": {"tenant": name, "ticket": ticket},
            "closed": _closed(ready),
        }
    )


def _called(service: Service, dial: Dial) -> ReadyTenant:
    ready = None
    if dial.tenant is not None:
        ready = service.tenants.by_name.get(dial.tenant)
    elif dial.to is not None and len(dial.to) <= LONGEST_NUMBER:
        ready = service.tenants.for_number(dial.to)
    if ready is None:
        raise web.HTTPNotFound(text="Nobody answers this number.\n")
    return ready


def _number(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return str(phone_number(text[: LONGEST_NUMBER + 1]))
    except ValueError:
        raise web.HTTPBadRequest(
            text="Your number is none; write it as +15550123456, or leave it empty.\n"
        ) from None


def _closed(ready: ReadyTenant) -> str | None:
    """What a caller would hear because the business is closed now; None while it is open."""
    hours = ready.tenant.hours
    if hours.closed is None or isinstance(hours.state(datetime.now(UTC)), Open):
        return None
    return hours.closed.say


async def _media(request: web.Request) -> web.StreamResponse:
    require_token(request)
    return await answer_media(request, ticketed=True)


async def _write(request: web.Request) -> web.Response:
    require_token(request)
    running = find_running(request.app[service_key], request.match_info["id"])
    text = (await read_json(request, Text)).text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise web.HTTPBadRequest(text=f"write 1 to {LONGEST_TEXT} characters\n")
    if running.call.state is not CallState.TALKING:
        raise web.HTTPConflict(text="The agent is not listening now.\n")
    running.supervisor.caller_wrote(text)
    return answer_json({})
