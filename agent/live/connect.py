"""From what a program says to an open session: model, credentials, address.

Source: docs/protocols/gemini-live.md 1, 2.1, 3.7.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import msgspec
from yarl import URL

from agent.errors import ConfigError
from agent.gemini.profiles import Surface, profile_for, refuse
from agent.gemini.session import LiveSession
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.setup_messages import SessionResumptionConfig, Setup
from agent.live.lifetime import Lifetime
from agent.live.session import AsyncSession
from agent.service.gemini_dial import Endpoint, GeminiDialler, TokenSource, refuse_redirects

_DEFAULT_VERSIONS: dict[Surface, str] = {"developer": "v1beta", "vertex": "v1beta1"}
_LOCATION = re.compile(r"projects/[^/]+/locations/([^/]+)/")


def connect_live(
    setup: str | SetupOptions | Setup,
    *,
    api_key: str | None = None,
    token: TokenSource | None = None,
    handle: str | None = None,
    base_url: str | None = None,
    api_version: str | None = None,
) -> AbstractAsyncContextManager[AsyncSession]:
    """One connection to the model; when it is lost, the session is.

    Args:
        setup: a model's name, such as `gemini-3.8-live`; or `SetupOptions` with a voice, a system
            instruction, functions ...; or what `build_setup` made of them.
        api_key: of the Developer API, or of Vertex's express mode.
        token: gives access tokens for Vertex; `vertex_tokens()` makes one from the
            environment.
        handle: where to go on from; `AsyncSession.handle` of an earlier session.
        base_url: replaces scheme, host and port of the service: `ws://127.0.0.1:8899`.
        api_version: of the service's path; by default `v1beta`, on Vertex `v1beta1`.
    Returns:
        An asynchronous context manager. Entering it raises `ConfigError` for what the model would
        refuse, before anything is dialled, and `DialError` when there is no connection. Leaving it
        closes the session.
    """
    return _connect(setup, MovePolicy(moves=False), api_key, token, handle, base_url, api_version)


def connect_resilient_live(
    setup: str | SetupOptions | Setup,
    *,
    api_key: str | None = None,
    token: TokenSource | None = None,
    handle: str | None = None,
    base_url: str | None = None,
    api_version: str | None = None,
    moves: MovePolicy | None = None,
) -> AbstractAsyncContextManager[AsyncSession]:
    """A session that outlives its connections: it moves to the next by itself.

    It does so before the service ends a connection, and after one was lost; what is sent meanwhile
    is kept, and what the model may not have heard is sent again. Events `Leaving` and `Moved` tell
    of it. The session ends when the service refuses for good, or when there is no connection within
    the policy's budget.

    Args:
        setup: as for `connect_live`, as is all that follows but:
        moves: when and how to move, and how much to keep for it.
    """
    policy = moves or MovePolicy()
    return _connect(setup, policy, api_key, token, handle, base_url, api_version)


@asynccontextmanager
async def _connect(
    setup: str | SetupOptions | Setup,
    policy: MovePolicy,
    api_key: str | None,
    token: TokenSource | None,
    handle: str | None,
    base_url: str | None,
    api_version: str | None,
) -> AsyncIterator[AsyncSession]:
    setup = _setup_of(setup)
    surface: Surface = "vertex" if "publishers/" in setup.model else "developer"
    profile = profile_for(setup.model, surface)
    refuse(setup, profile, api_version=api_version or _DEFAULT_VERSIONS[surface])
    found = _LOCATION.match(setup.model)
    location = found[1] if found else None
    endpoint = Endpoint(surface, base_url, api_version, location, api_key, token)
    _check_credentials(api_key, token, base_url)

    def new(handle: str | None) -> LiveSession:
        begun = resuming(setup, handle)
        return LiveSession(begun, profile, moves=policy, random=random.random)

    async with aiohttp.ClientSession(middlewares=[refuse_redirects]) as http:
        lifetime = Lifetime(new, GeminiDialler(endpoint, http), policy.ring_s)
        try:
            await lifetime.begin(handle)
            yield AsyncSession(lifetime)
        finally:
            await lifetime.abandon()


def resuming(setup: Setup, handle: str | None) -> Setup:
    """The same setup, to begin afresh or, with a handle, to resume."""
    resumption = setup.session_resumption or SessionResumptionConfig()
    if handle is None and setup.session_resumption is None:
        return setup
    resumption = msgspec.structs.replace(resumption, handle=handle or resumption.handle)
    return msgspec.structs.replace(setup, session_resumption=resumption)


def _check_credentials(key: str | None, token: TokenSource | None, base_url: str | None) -> None:
    if not key and token is None:
        raise ConfigError("no credentials: give an api_key, or for Vertex a token")
    url = URL(base_url or "")
    if url.scheme in {"ws", "http"} and not _is_loopback(url.host or ""):
        raise ConfigError(f"{url.origin()}: the credentials would travel in clear; use wss://")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _setup_of(setup: str | SetupOptions | Setup) -> Setup:
    if isinstance(setup, str):
        surface: Surface = "vertex" if "publishers/" in setup else "developer"
        setup = SetupOptions(setup, surface)
    return build_setup(setup) if isinstance(setup, SetupOptions) else setup
