"""The HTTP surface: the routes of every part, and the health of the service."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from random import random
from secrets import token_hex

import aiohttp
from aiohttp import web
from aiohttp.connector import AddrInfoType

from agent.errors import ConfigError
from agent.service.account_needs import warn_without_account
from agent.service.auth import settings_key
from agent.service.background import in_background
from agent.service.carrier_requests import FORM_LIMIT
from agent.service.carrier_routes import add_carrier_routes, door
from agent.service.carrier_status import add_status_routes
from agent.service.console_alarms import keepers_key
from agent.service.console_calls import store_key
from agent.service.console_routes import add_console_routes
from agent.service.continue_route import add_continue_route
from agent.service.door import DoorSite
from agent.service.gemini_dial import (
    Endpoint,
    GeminiDialler,
    refuse_redirects,
    vertex_tokens,
)
from agent.service.malformed import ServerLog
from agent.service.metrics import add_metrics_routes
from agent.service.outbound import OutboundCalls, outbound_key
from agent.service.outbound_file import OutboundFile, file_name
from agent.service.outbound_routes import add_outbound_routes
from agent.service.reach import INSTANCE_HEADER, instance_key
from agent.service.records import records_kept
from agent.service.reload import Report, TenantStore
from agent.service.running import CallObserver
from agent.service.service import Service, service_key
from agent.service.settings import Settings
from agent.service.shortcut import QuickClientWebSocketResponse
from agent.service.start_needs import check_for_service
from agent.service.tenant_files import TenantLoader
from agent.service.tracing import make_traces
from agent.service.transfer_routes import add_transfer_routes
from agent.service.twilio_http import TwilioHttp
from agent.service.twilio_rest import TwilioRest
from agent.tools.journal import Journal
from agent.tools.journal_sqlite import make_journal

UNACKNOWLEDGED_MS = 10_000
"""Data to the model's service that nobody confirms for so long: the connection is dead. Without
this the system goes on trying for a quarter of an hour."""

STAND_IN_KEY = "stand-in"
"""For a service named by `--gemini-url` when no key is set."""


def read_tenants(
    settings: Settings, report: Report = lambda problems: None, *, to_serve: bool = True
) -> TenantStore:
    """Read every tenant of these settings.

    Args:
        report: told why a later change is not taken over.
        to_serve: whether keys and accounts that calls need must be there.

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
        keeps_wires=bool(settings.wire_keys) or not to_serve,
        asks_carrier=settings.carrier is not None or settings.insecure_local or not to_serve,
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
    app[instance_key] = token_hex(8)
    metrics = add_metrics_routes(app)
    traces = make_traces(settings.traces)

    async def service(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0, socket_factory=_model_socket)
        async with (
            _opened(make_journal(settings.journal, settings.data)) as journal,
            aiohttp.ClientSession(
                connector=connector,
                middlewares=[refuse_redirects],
                ws_response_class=QuickClientWebSocketResponse,
            ) as session,
            records_kept(settings, tenants) as records,
        ):
            dialler = GeminiDialler(endpoint, session)
            app[service_key] = made = Service(
                settings, tenants, dialler, (*observers, metrics, traces, *records.writers), journal
            )
            if records.store is not None:
                app[store_key] = records.store
            if records.keeper is not None:
                made.facts.late = records.keeper.tell
                made.missed.takers.append(records.keeper.keep)
            made.missed.takers.append(metrics.missed)
            app[keepers_key] = records.writers
            if settings.carrier is not None:
                made.rest = TwilioRest(TwilioHttp(settings.carrier, session, random=random))
            else:
                warn_without_account(made.tenants)
            async with tenants.opened(), made.opened(), AsyncExitStack() as work:
                phrases = made.speak_phrases(wanted=settings.speak_phrases)
                await work.enter_async_context(in_background(phrases, "phrases.failed"))
                await work.enter_async_context(made.spending.kept(tenants.current.by_name.values()))
                await work.enter_async_context(metrics.watching(made, records.writers))
                await work.enter_async_context(traces.kept())
                deleting = made.delete_recordings()
                await work.enter_async_context(in_background(deleting, "retention.failed"))
                if settings.carrier is not None:
                    orders = OutboundFile(settings.data / file_name(settings.carrier.sid))
                    app[outbound_key] = outbound = OutboundCalls(made, orders)
                    await work.enter_async_context(outbound.opened())
                if reload:
                    await work.enter_async_context(in_background(tenants.watch(), "reload.failed"))
                yield

    async def drain(app: web.Application) -> None:
        await app[service_key].drain()

    app.cleanup_ctx.append(service)
    app.on_shutdown.append(drain)
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz),
        ]
    )
    add_carrier_routes(app)
    add_outbound_routes(app)
    add_continue_route(app)
    add_status_routes(app)
    add_transfer_routes(app)
    add_console_routes(app)
    return app


@asynccontextmanager
async def _opened(journal: Journal) -> AsyncIterator[Journal]:
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


def _model_socket(address: AddrInfoType) -> socket.socket:
    """A socket that notices when nobody confirms what it sends, where the system can do that."""
    made = socket.socket(*address[:3])
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    return made


async def _healthz(request: web.Request) -> web.Response:
    """The process answers, and says which of all processes it is."""
    return web.Response(text="ok\n", headers={INSTANCE_HEADER: request.app[instance_key]})


async def _readyz(request: web.Request) -> web.Response:
    """Calls can be taken."""
    service = request.app[service_key]
    if service.draining:
        raise web.HTTPServiceUnavailable(text="draining\n")
    return web.Response(text=f"ready, {len(service.running)} calls\n")


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start listening.

    Returns:
        The runner, to be cleaned up by the caller, and the port that was given.
    Raises:
        ConfigError: the address cannot be had.
    """
    log = ServerLog(lambda: app[service_key].refusals.note("malformed", "?"))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0, logger=log)
    await runner.setup()
    site = DoorSite(runner, host, port, partial(door, app))
    try:
        await site.start()
    except (OSError, ValueError) as error:  # ValueError: no name a machine can have
        await runner.cleanup()
        raise ConfigError(f"cannot listen on {host}:{port}: {error}") from None
    address = runner.addresses[0]
    return runner, int(address[1])
