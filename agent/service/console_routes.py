"""The console and the browser's telephone: their pages, what they read, and what they do."""

from aiohttp import web
from msgspec import Struct

from agent.errors import ToolError
from agent.service.auth import require_token
from agent.service.console_alarms import add_alarm_routes
from agent.service.console_calls import add_call_routes
from agent.service.console_files import add_file_routes
from agent.service.console_phone import add_phone_routes, find_running
from agent.service.console_requests import answer_json, read_json
from agent.service.console_session import add_session_routes
from agent.service.console_tenants import add_tenant_routes
from agent.service.live_feed import LiveFeed
from agent.service.live_listen import listen
from agent.service.live_socket import Viewers, feed_key, viewers_key
from agent.service.service import service_key
from agent.tools.builtins_line import LONGEST_SUMMARY, words_before

ASKED_BY_OPERATOR = "The operator passes this caller on."
TRANSFERRED = "The operator is passing the caller on now. {before}"


def add_console_routes(app: web.Application) -> None:
    """Add everything that the console and the browser's telephone need."""
    add_file_routes(app)
    add_session_routes(app)
    add_phone_routes(app)
    add_tenant_routes(app)
    add_alarm_routes(app)
    add_call_routes(app)
    app[feed_key] = LiveFeed(lambda: app[service_key].running.values())
    app[viewers_key] = viewers = Viewers()
    app.router.add_get("/api/live", viewers.serve)
    app.router.add_get("/api/calls/{id}/listen", listen)
    app.router.add_post("/api/calls/{id}/hangup", _hang_up)
    app.router.add_post("/api/calls/{id}/transfer", _transfer)

    async def close(_: web.Application) -> None:
        await viewers.close()

    app.on_shutdown.append(close)


class Target(Struct):
    """To whom a call is passed on.

    Attributes:
        to: the name of one of the tenant's transfers.
        summary: what a person is told who is asked first.
    """

    to: str
    summary: str = ""


async def _hang_up(request: web.Request) -> web.Response:
    """End a running call, politely: what is being said is played out."""
    require_token(request)
    await read_json(request, dict)
    running = find_running(request.app[service_key], request.match_info["id"])
    running.supervisor.finish("operator")
    return answer_json({})


async def _transfer(request: web.Request) -> web.Response:
    """Pass a caller on, as the agent would: once it has said so."""
    require_token(request)
    service = request.app[service_key]
    target = await read_json(request, Target)
    running = find_running(service, request.match_info["id"])
    chosen = running.ready.tenant.transfers.get(target.to)
    if chosen is None:
        raise web.HTTPNotFound(text="this tenant passes nobody on to there\n")
    summary = " ".join(target.summary.split()) or ASKED_BY_OPERATOR
    if len(summary) > LONGEST_SUMMARY:
        raise web.HTTPBadRequest(text=f"the summary is longer than {LONGEST_SUMMARY} characters\n")
    try:
        service.transfers.begin(running, target.to, summary)
    except ToolError as error:
        raise web.HTTPConflict(text=f"{error}\n") from None
    running.supervisor.advise(TRANSFERRED.format(before=words_before(chosen)))
    return answer_json({})
