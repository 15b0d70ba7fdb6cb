"""A program that talks with the stand-in, and waits for what it says."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from agent.gemini.session_events import HandleUpdated, OutputTranscript, TurnComplete
from agent.gemini.setup import SetupOptions
from agent.live.connect import connect_live, connect_resilient_live
from agent.live.session import AsyncSession
from agent.sim.emulator import Emulator
from tests.live.stand_in import stand_in
from tests.support.patient_loop import run_on_loopback

MODEL = "gemini-3.8-live"
VERTEX = SetupOptions(MODEL, surface="vertex", project="p", location="europe-west4")

type Opened = AbstractAsyncContextManager[AsyncSession]
type Talk = Callable[[Emulator, AsyncSession], Coroutine[Any, Any, None]]


async def token() -> str:
    return "a-token"


async def ask(session: AsyncSession, text: str) -> str:
    """The answer, once a handle has come that is good for it."""
    await session.send_text(text)
    said, over = "", False
    async with asyncio.timeout(60.0):
        async for event in session:
            match event:
                case OutputTranscript(piece, _):
                    said += piece
                case TurnComplete():
                    over = True
                case HandleUpdated(resumable=True) if over:
                    break
    return said


async def until[T](session: AsyncSession, kind: type[T]) -> T:
    """The next event of this kind."""
    async with asyncio.timeout(60.0):
        async for event in session:
            if isinstance(event, kind):
                return event
    raise AssertionError("the session ended")


def run(talk: Talk, connect: Callable[[Emulator], Opened], **options: Any) -> None:
    """Talk with a stand-in of these options."""

    async def main() -> None:
        async with stand_in(**options) as server, connect(server) as session:
            await talk(server, session)

    run_on_loopback(main())


def plain(server: Emulator) -> Opened:
    return connect_live(MODEL, api_key="k", base_url=server.url)


def resilient(server: Emulator) -> Opened:
    return connect_resilient_live(MODEL, api_key="k", base_url=server.url)
