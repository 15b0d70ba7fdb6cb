"""The HTTP surface: the carrier's webhook and media sockets, and the health of the service."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import structlog
from aiohttp import web
from aiohttp.connector import AddrInfoType

from agent.errors import ConfigError
from agent.service.auth import settings_key
from agent.service.gemini_dial import (
    Endpoint,
    GeminiDialler,
    refuse_redirects,
    vertex_tokens,
)
from agent.service.phrase_cache import in_background
from agent.service.reload import Report, TenantStore
from agent.service.running import CallObserver
from agent.service.service import Service
from agent.service.settings import Settings, check_for_service
from agent.service.shortcut import QuickClientWebSocketResponse, QuickWebSocketResponse
from agent.service.sockets import ABNORMAL_CLOSURE, CLOSE_TIMEOUT_S, PhoneSocket
from agent.service.tenant_files import TenantLoader
from agent.telephony.twilio import signature, twiml
from agent.tenants.hours import Hours, Open
from agent.tools.journal import Journal
from agent.tools.journal_sqlite import make_journal

MEDIA_PATH = "/twilio/media"
WORKER = "1"
FORM_LIMIT = 64 * 1024
FORM_TIMEOUT_S = 5.0
FRAME_LIMIT = 64 * 1024

UNACKNOWLEDGED_MS = 10_000
"""Data to the model's service that nobody confirms for so long: the connection is dead. Without
this the system goes on trying for a quarter of an hour."""

_log = structlog.stdlib.get_logger()

service_key = web.AppKey("service", Service)

STAND_IN_KEY = "stand-in"
"""For a service named by `--gemini-url` when no key is set."""

REFUSALS = {
    "unknown_number": "This number is not in service.",
    "busy": "All our lines are busy at the moment. Please call again in a few minutes.",
}


def read_tenants(settings: Settings, report: Report = lambda problems: None) -> TenantStore:
    """Read every tenant of these settings.

    Args:
        report: told why a later change is not taken over.

    Raises:
        ConfigError: with every problem of every file.
    """
    gemini = settings.gemini
    loader = TenantLoader(
        settings.tenants,
        [settings.functions],
        surface=gemini.surface,
        project=gemini.project,
        location=gemini.location,
    )
    return TenantStore(loader, report)


def endpoint_of(settings: Settings) -> Endpoint:
    """Where the model's service is, and who we are to it."""
    gemini = settings.gemini
    vertex = gemini.surface == "vertex"
    return Endpoint(
        surface=gemini.surface,
        base_url=settings.gemini_url,
        api_version=None if vertex else gemini.api_version,
        location=gemini.location if vertex else None,
        key=None if vertex else settings.gemini_key or STAND_IN_KEY,
        token=vertex_tokens() if vertex and settings.gemini_url is None else None,
    )


def make_app(
    settings: Settings,
    tenants: TenantStore,
    observers: Sequence[CallObserver] = (),
    *,
    reload: bool = False,
) -> web.Application:
    """The service as an aiohttp application; it drains its calls when it is shut down.

    Args:
        observers: watch its calls.
        reload: whether changed files of tenants and functions are taken over while it serves.

    Raises:
        ConfigError: something is missing that the service cannot do without.
    """
    check_for_service(settings)
    endpoint = endpoint_of(settings)
    app = web.Application(client_max_size=FORM_LIMIT)
    app[settings_key] = settings

    async def service(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0, socket_factory=_model_socket)
        async with (
            _opened(make_journal(settings.journal, settings.data)) as journal,
            aiohttp.ClientSession(
                connector=connector,
                middlewares=[refuse_redirects],
                ws_response_class=QuickClientWebSocketResponse,
            ) as session,
        ):
            dialler = GeminiDialler(endpoint, session)
            app[service_key] = made = Service(settings, tenants, dialler, observers, journal)
            async with tenants.opened(), AsyncExitStack() as work:
                phrases = made.speak_phrases(wanted=settings.speak_phrases)
                await work.enter_async_context(in_background(phrases, "phrases.failed"))
                deleting = made.delete_recordings()
                await work.enter_async_context(in_background(deleting, "retention.failed"))
                if reload:
                    await work.enter_async_context(in_background(tenants.watch(), "reload.failed"))
                yield

    async def drain(app: web.Application) -> None:
        await app[service_key].drain()

    app.cleanup_ctx.append(service)
    app.on_shutdown.append(drain)
    app.add_routes(
        [
            web.post("/twilio/voice", _voice),
            web.get(f"{MEDIA_PATH}/{WORKER}", _media),
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz),
        ]
    )
    if settings.insecure_local:
        app.router.add_get(f"{MEDIA_PATH}/local", _local_media)
    return app


@asynccontextmanager
async def _opened(journal: Journal) -> AsyncIterator[Journal]:
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


async def _voice(request: web.Request) -> web.Response:
    """The carrier asks what to do with a call: join it to a media socket of ours."""
    service = request.app[service_key]
    fields = await _form(request)
    _check_signature(request, "https", fields)
    values = dict(fields)
    ready = service.tenants.for_number(values.get("To", ""))
    if ready is None:
        service.counters["refused_unknown_number"] += 1
        return _xml(twiml.say_and_hang_up(REFUSALS["unknown_number"], "en-US"))
    language, limits = ready.tenant.agent.language or "en-US", ready.tenant.limits
    if (closed := _closed(ready.tenant.hours)) is not None:
        service.counters["refused_closed"] += 1
        return _xml(twiml.say_and_hang_up(closed, language))
    if (reason := service.refusal(ready)) is not None:
        service.counters[f"refused_{reason}"] += 1
        if reason == "tenant_full" and limits.overflow is not None:
            return _xml(twiml.say_and_hang_up(limits.overflow.say, language))
        return _xml(twiml.say_and_hang_up(REFUSALS["busy"], "en-US"))
    call_id, name = values.get("CallSid", ""), ready.tenant.tenant
    if call_id and "From" in values:
        await service.announced(ready, call_id, values["From"])
    now = asyncio.get_running_loop().time()
    parameters = {"tenant": name, "ticket": service.tickets.issue(call_id, name, now)}
    origin = service.settings.public_url or f"http://{request.host}"
    url = origin.replace("http", "ws", 1) + f"{MEDIA_PATH}/{WORKER}"
    try:
        return _xml(twiml.connect_stream(url, parameters))
    except ConfigError:  # without a public URL: the Host header is not this machine's
        raise web.HTTPBadRequest(text="the Host is not loopback\n") from None


def _closed(hours: Hours) -> str | None:
    """What the caller hears because the business is closed now; None while it is open."""
    if hours.closed is None or isinstance(hours.state(datetime.now(UTC)), Open):
        return None
    return hours.closed.say


async def _form(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form, in order; what is no form is refused before it is read."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="not a form\n")
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            form = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the form did not come\n") from None
    except (ValueError, LookupError):  # bytes that are no text, or an encoding nobody knows
        raise web.HTTPBadRequest(text="the form cannot be read\n") from None
    return [(name, value) for name, value in form.items() if isinstance(value, str)]


async def _media(request: web.Request) -> web.StreamResponse:
    _check_signature(request, "wss", [])
    return await _answer(request, ticketed=True)


async def _local_media(request: web.Request) -> web.StreamResponse:
    """Without signature or ticket, on loopback only: for load generators and tests."""
    return await _answer(request, ticketed=False)


async def _answer(request: web.Request, *, ticketed: bool) -> web.StreamResponse:
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


def _model_socket(address: AddrInfoType) -> socket.socket:
    """A socket that notices when nobody confirms what it sends, where the system can do that."""
    made = socket.socket(*address[:3])
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    return made


def _check_signature(request: web.Request, scheme: str, fields: list[tuple[str, str]]) -> None:
    service = request.app[service_key]
    if not _signed(service.settings, scheme, request, fields):
        service.counters["refused_signature"] += 1
        _log.warning("request.refused", reason="signature", path=request.path)
        raise web.HTTPForbidden(text="the signature does not match\n")


def _signed(
    settings: Settings, scheme: str, request: web.Request, fields: list[tuple[str, str]]
) -> bool:
    """Whether the carrier signed this request, over the URL as the carrier knows it."""
    if settings.insecure_local:
        return True
    given = request.headers.get("X-Twilio-Signature", "")
    origin = settings.public_url or ""
    if scheme == "https":
        url = origin + request.raw_path
        return signature.valid(settings.carrier_tokens, url, fields, given)
    url = origin.replace("http", "ws", 1) + request.raw_path
    return any(
        signature.valid(settings.carrier_tokens, candidate, [], given)
        for candidate in signature.upgrade_candidates(url)
    )


async def _healthz(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    """Calls can be taken."""
    service = request.app[service_key]
    if service.draining:
        raise web.HTTPServiceUnavailable(text="draining\n")
    return web.Response(text=f"ready, {len(service.running)} calls\n")


def _xml(document: str) -> web.Response:
    return web.Response(text=document, content_type="text/xml")


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start listening.

    Returns:
        The runner, to be cleaned up by the caller, and the port that was given.
    Raises:
        ConfigError: the address cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except (OSError, ValueError) as error:  # ValueError: no name a machine can have
        await runner.cleanup()
        raise ConfigError(f"cannot listen on {host}:{port}: {error}") from None
    address = runner.addresses[0]
    return runner, int(address[1])
