"""Sessions with a service that is a fake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.tools import FunctionDeclaration
from agent.live.connect import resuming
from agent.live.lifetime import Lifetime
from agent.live.session import AsyncSession
from tests.live.fakes import FakeDialler

OPTIONS = SetupOptions(
    "gemini-3.8-live", declarations=(FunctionDeclaration("look_up"),), vad=VadOptions(manual=True)
)


def made(
    dialler: FakeDialler, moves: MovePolicy | None = None, options: SetupOptions = OPTIONS
) -> Lifetime:
    """What lies under a session that has not begun."""
    setup = build_setup(options)
    profile = profile_for(setup.model, "developer")
    policy = moves or MovePolicy(moves=False)

    def new(handle: str | None) -> LiveSession:
        return LiveSession(resuming(setup, handle), profile, moves=policy)

    return Lifetime(new, dialler, policy.ring_s)


@asynccontextmanager
async def opened(
    dialler: FakeDialler, handle: str | None = None, options: SetupOptions = OPTIONS
) -> AsyncIterator[AsyncSession]:
    lifetime = made(dialler, options=options)
    try:
        await lifetime.begin(handle)
        yield AsyncSession(lifetime)
    finally:
        await lifetime.abandon()


async def take(session: AsyncSession, n: int) -> list[Any]:
    async with asyncio.timeout(60.0):
        return [await anext(session) for _ in range(n)]
