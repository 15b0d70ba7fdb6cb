"""What `seamline doctor` looks at elsewhere: the store, the public URL, the model's service."""

import asyncio
import ssl
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from agent.call.plan import Prepared
from agent.cli.finding import Finding
from agent.errors import DialError
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Ready, SendFrame, SessionFailed
from agent.gemini.session_state import MovePolicy
from agent.service.app import endpoint_of
from agent.service.gemini_dial import GeminiDialler, refuse_redirects
from agent.service.reload import TenantStore
from agent.service.settings import Settings, store_file
from agent.service.sockets import NORMAL_CLOSURE, ModelSocket, close

MOST_MODELS = 3
EXPIRES_WARNING_DAYS = 14
CLOCK_WARNING_S = 2.0
CLOCK_FAILED_S = 30.0
"""Tickets, signatures and certificates are measured by the clock."""
_OURS = {200, 403}
_NOT_OURS = {404: "is the path passed on?", 502: "does the service run?", 503: "does it run?"}


async def store(settings: Settings) -> Finding:
    """Whether the store of calls answers, and how old its tables are."""
    name = "store"
    if settings.store is None:
        return Finding(name, "skipped", "no records are kept")
    file = store_file(settings.store)
    if file is not None and not file.exists():  # it would belong to whoever looks
        return Finding(name, "warning", f"{file} is not there yet; the first start makes it")
    from sqlalchemy.exc import SQLAlchemyError

    from agent.store.engine import make_engine
    from agent.store.schema import version_of
    from agent.store.tables import HEAD

    engine = make_engine(settings.store)
    kind = engine.url.get_backend_name()
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(version_of)
    except (SQLAlchemyError, OSError) as error:
        return Finding(name, "failed", f"{kind} does not answer: {type(error).__name__}")
    finally:
        await engine.dispose()
    if found == HEAD:
        return Finding(name, "ok", f"{kind}, version {found}")
    there = "has no tables yet" if found is None else f"has version {found}"
    return Finding(name, "warning", f"{kind} {there}; the next start makes version {HEAD}")


async def model(settings: Settings, tenants: TenantStore) -> Finding:
    """A setup of each model in use, answered by its service; no turn is paid for."""
    name = "model"
    models: dict[str, Prepared] = {}
    for ready in tenants.current.by_name.values():
        models.setdefault(ready.tenant.agent.model, ready.prepared)
    said, failed = [], False
    async with aiohttp.ClientSession(middlewares=[refuse_redirects]) as session:
        dialler = GeminiDialler(endpoint_of(settings), session)
        for which, prepared in list(models.items())[:MOST_MODELS]:
            began = time.monotonic()
            try:
                socket = await dialler.dial()
            except DialError as error:
                return Finding(name, "failed", str(error))
            dialled_s = time.monotonic() - began
            try:
                refused = await _set_up(socket, prepared)
            finally:
                await close(socket, NORMAL_CLOSURE)
            setup_s = time.monotonic() - began - dialled_s
            took = f"{dialled_s * 1000:.0f} ms to connect, {setup_s * 1000:.0f} ms to set up"
            said.append(f"{which}: {refused or took}")
            failed = failed or refused is not None
    return Finding(name, "failed" if failed else "ok", "\n".join(said) or "no tenant, no model")


async def _set_up(socket: ModelSocket, prepared: Prepared) -> str | None:
    """Why the service does not take this setup; None: it does."""
    clock = asyncio.get_running_loop().time
    session = LiveSession(prepared.setup, prepared.profile, moves=MovePolicy(moves=False))
    session.start(clock())
    session.connected(1, clock())
    while True:
        for effect in session.effects():
            if isinstance(effect, SendFrame):
                await socket.send_frame(effect.frame, WSMsgType.TEXT)
        message = await socket.receive()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return f"the setup was refused: {socket.close_code} {message.extra or ''}".rstrip()
        session.receive(1, message.data, clock())
        for event in session.events():
            if isinstance(event, Ready):
                return None
            if isinstance(event, SessionFailed):
                return f"the setup was refused: {event.reason}"


async def public_url(settings: Settings, tls: ssl.SSLContext | None = None) -> Finding:
    """Whether the carrier could reach us, and for how long the certificate holds.

    Args:
        tls: whom to trust; the system's authorities when left out.
    """
    name = "public URL"
    if settings.public_url is None:
        return Finding(name, "skipped", "not set")
    url = URL(settings.public_url) / "twilio" / "voice"
    trusted = tls or ssl.create_default_context()
    try:
        status = await _status(url, trusted)
        until = await _expires(url, trusted) if url.scheme == "https" else None
    except aiohttp.ClientConnectorCertificateError as error:
        why = getattr(error.certificate_error, "verify_message", "its certificate is not valid")
        return Finding(name, "failed", f"{url.host}: {why}")
    except (OSError, aiohttp.ClientError) as error:
        return Finding(name, "failed", f"{url.host} cannot be reached: {_reason(error)}")
    said = [f"answers {status}" + (" as it should to what is not signed" if status == 403 else "")]
    doubtful = status not in _OURS
    if doubtful:
        said.append(_NOT_OURS.get(status, "which is not the service"))
    if until is not None:
        days = (until - time.time()) / 86_400
        said.append(f"certificate for {days:.0f} more days")
        doubtful = doubtful or days < EXPIRES_WARNING_DAYS
    return Finding(name, "warning" if doubtful else "ok", ", ".join(said))


async def clock(settings: Settings, tls: ssl.SSLContext | None = None) -> Finding:
    """The wall's clock against that of the model's service."""
    name = "clock"
    url = endpoint_of(settings).url.origin()
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    began = time.time()
    try:
        said = await _date(url.with_scheme(scheme), tls or ssl.create_default_context())
    except (OSError, aiohttp.ClientError) as error:
        return Finding(name, "warning", f"{url.host} does not tell the time: {_reason(error)}")
    if said is None:
        return Finding(name, "warning", f"{url.host} does not tell the time")
    # A Date has whole seconds, and the answer took a while.
    ahead_s = (began + time.time()) / 2 - (said + 0.5)
    off_s = max(0.0, abs(ahead_s) - 0.5)
    text = f"{off_s:.1f} s off the clock of {url.host}"
    if off_s > CLOCK_FAILED_S:
        return Finding(name, "failed", f"{text}: set it, or run a time service")
    return Finding(name, "warning" if off_s > CLOCK_WARNING_S else "ok", text)


async def _status(url: URL, tls: ssl.SSLContext) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, allow_redirects=False, ssl=tls, data={}) as response,
    ):
        return response.status


async def _date(url: URL, tls: ssl.SSLContext) -> float | None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, allow_redirects=False, ssl=tls) as response,
    ):
        text = response.headers.get("Date")
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


async def _expires(url: URL, tls: ssl.SSLContext) -> float:
    """When the certificate of a host ends, in seconds since 1970."""
    _, writer = await asyncio.open_connection(url.host, url.port, ssl=tls)
    try:
        certificate = writer.get_extra_info("peercert")
        return float(ssl.cert_time_to_seconds(certificate["notAfter"]))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _reason(error: Exception) -> str:
    """Why, in few words and without what was sent."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or type(error.os_error).__name__)
    return type(error).__name__
