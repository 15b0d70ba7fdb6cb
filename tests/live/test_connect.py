"""From what a program says to an open session, over real sockets."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from agent.errors import ConfigError, DialError
from agent.gemini.closes import ConnectionLostError
from agent.gemini.session_events import (
    GoingAway,
    HandleUpdated,
    Leaving,
    Moved,
    OutputTranscript,
    TurnComplete,
    Why,
)
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.setup_messages import SessionResumptionConfig
from agent.live.connect import connect_live, connect_resilient_live, resuming
from agent.live.session import AsyncSession
from agent.sim.emulator import Emulator
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, GoAway, InTurn, Planned, Refusal, Resumption, Shut
from tests.live.stand_in import QUESTION, WORD, stand_in
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
    async with asyncio.timeout(60.0):
        async for event in session:
            if isinstance(event, kind):
                return event
    raise AssertionError("the session ended")


def run(talk: Talk, connect: Callable[[Emulator], Opened], **options: Any) -> None:
    async def main() -> None:
        async with stand_in(**options) as server, connect(server) as session:
            await talk(server, session)

    run_on_loopback(main())


def plain(server: Emulator) -> Opened:
    return connect_live(MODEL, api_key="k", base_url=server.url)


def resilient(server: Emulator) -> Opened:
    return connect_resilient_live(MODEL, api_key="k", base_url=server.url)


# What is said


@pytest.mark.socket
@pytest.mark.parametrize(
    "setup", [MODEL, SetupOptions(MODEL), build_setup(SetupOptions(MODEL))], ids=type
)
def test_a_name_or_options_or_a_setup_will_do(setup: Any) -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert await ask(session, "Hello.") == "You said: Hello."

    run(talk, lambda server: connect_live(setup, api_key="k", base_url=server.url))


@pytest.mark.socket
@pytest.mark.parametrize("setup", [VERTEX, build_setup(VERTEX), build_setup(VERTEX).model])
def test_vertex_is_spoken_to_with_tokens(setup: Any) -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert session.profile.name == "vertex-3.8"
        assert await ask(session, "Hello.") == "You said: Hello."

    run(talk, lambda server: connect_live(setup, token=token, base_url=server.url))


def refused(opened: Opened) -> str:
    async def main() -> str:
        with pytest.raises(ConfigError) as caught:
            async with opened:
                pass
        return str(caught.value)

    return asyncio.run(main())


def test_what_the_model_would_refuse_is_refused_before_anything_is_dialled() -> None:
    options = SetupOptions(MODEL, thinking_budget=100)
    assert "thinkingBudget" in refused(connect_live(options, api_key="k"))


def test_no_credentials_are_a_mistake() -> None:
    assert "no credentials" in refused(connect_live(MODEL))
    assert "no credentials" in refused(connect_resilient_live(MODEL, api_key=""))


def test_an_address_that_is_none_is_a_mistake() -> None:
    assert "no address" in refused(connect_live(MODEL, api_key="k", base_url="here"))


@pytest.mark.parametrize("url", ["ws://10.0.0.1:8899", "http://stand-in:8899"])
def test_credentials_do_not_travel_in_clear(url: str) -> None:
    assert "in clear" in refused(connect_live(MODEL, api_key="k", base_url=url))


@pytest.mark.parametrize("url", ["ws://localhost:1", "ws://[::1]:1", "wss://127.0.0.1:1"])
def test_on_this_machine_they_may(url: str) -> None:
    async def main() -> None:
        with pytest.raises(DialError):
            async with connect_live(MODEL, api_key="k", base_url=url):
                pass

    asyncio.run(main())


def test_a_handle_joins_what_the_setup_says_of_resumption() -> None:
    setup = build_setup(SetupOptions(MODEL))
    transparent = SessionResumptionConfig(transparent=True)
    setups = [msgspec.structs.replace(setup, session_resumption=r) for r in (None, transparent)]
    assert [resuming(s, None) for s in setups] == setups
    assert [resuming(s, "h").session_resumption for s in setups] == [
        SessionResumptionConfig("h"),
        SessionResumptionConfig("h", transparent=True),
    ]


def test_importing_the_client_loads_nothing_that_a_plain_program_does_not_need() -> None:
    code = "import sys, agent.live; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in out.stdout.split()}
    assert not loaded & {"pydantic", "yaml", "structlog", "typer", "rich", "scipy", "google"}
    ours = {name for name in out.stdout.split() if name.startswith("agent.")}
    allowed = ("agent.live", "agent.gemini", "agent.errors", "agent.audio", "agent.service")
    assert all(name.startswith(allowed) for name in ours)
    assert {name for name in ours if name.startswith("agent.service.")} == {
        "agent.service.gemini_dial",
        "agent.service.vertex_token",
    }


# One connection


@pytest.mark.socket
def test_its_loss_ends_a_session_with_one_connection() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        with pytest.raises(ConnectionLostError):
            await ask(session, "Hello.")

    run(talk, plain, faults=Faults(planned=(Planned(InTurn(1), Cut()),)))


@pytest.mark.socket
def test_a_goaway_is_told_and_nothing_moves() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert await until(session, GoingAway) == GoingAway(3.0)
        with pytest.raises(ConnectionLostError):
            await until(session, Moved)

    faults = Faults(planned=(Planned(At(0.1), GoAway("3s")), Planned(At(3.1), Shut())))
    run(talk, plain, faults=faults)


@pytest.mark.socket
def test_a_session_goes_on_in_another_program_by_its_handle() -> None:
    async def main() -> None:
        async with stand_in() as server:
            async with plain(server) as session:
                await ask(session, WORD)
            handle = session.handle
            for connect in (connect_live, connect_resilient_live):
                url = server.url
                async with connect(MODEL, api_key="k", base_url=url, handle=handle) as again:
                    assert await ask(again, QUESTION) == "The secret word is heliotrope."

    run_on_loopback(main())


@pytest.mark.socket
@pytest.mark.parametrize("connect", [connect_live, connect_resilient_live])
def test_a_handle_that_is_not_taken_is_an_error_not_a_session_without_memory(
    connect: Callable[..., Opened],
) -> None:
    async def main() -> None:
        async with stand_in() as server:
            with pytest.raises(DialError):
                async with connect(MODEL, api_key="k", base_url=server.url, handle="foreign"):
                    pass
            async with resilient(server) as session:
                with pytest.raises(DialError):
                    await session.resume("foreign")

    run_on_loopback(main())


@pytest.mark.socket
def test_the_same_object_goes_back_to_an_earlier_state() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        await ask(session, WORD)
        before = session.handle
        await ask(session, "Now the secret word is marigold.")
        assert session.handle != before
        await session.resume(before)
        assert await ask(session, QUESTION) == "The secret word is heliotrope."

    run(talk, plain)


# Connections that come and go


@pytest.mark.socket
def test_a_session_moves_when_the_service_announces_the_end() -> None:
    seen: list[Moved] = []

    async def talk(server: Emulator, session: AsyncSession) -> None:
        session.on_move(seen.append)
        await ask(session, WORD)
        leaving = await until(session, Leaving)
        assert (leaving.planned, leaving.why, leaving.turn_cut) == (True, Why.GO_AWAY, False)
        moved = await until(session, Moved)
        assert moved.resumed
        assert await ask(session, QUESTION) == "The secret word is heliotrope."
        assert seen == [moved]
        figures = session.figures
        assert (figures.moves, figures.drops, figures.failed_attempts) == (1, 0, 0)

    faults = Faults(planned=(Planned(At(0.5), GoAway("10s")), Planned(At(10.5), Shut())))
    run(talk, resilient, faults=faults)


@pytest.mark.socket
def test_a_session_moves_though_nobody_iterates() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        moved = asyncio.Event()
        session.on_move(lambda _: moved.set())
        await session.send_text(WORD)
        async with asyncio.timeout(60.0):
            await moved.wait()
        assert await ask(session, QUESTION) != ""

    faults = Faults(planned=(Planned(At(0.5), GoAway("2s")), Planned(At(2.5), Shut())))
    run(talk, resilient, faults=faults)


@pytest.mark.socket
def test_a_lost_connection_is_replaced_and_what_is_sent_meanwhile_arrives() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        await ask(session, WORD)
        leaving = await until(session, Leaving)
        assert (leaving.planned, leaving.why) == (False, Why.LOST)
        assert await ask(session, QUESTION) == "The secret word is heliotrope."
        assert session.figures.drops == 1

    faults = Faults(
        planned=(Planned(At(0.5), Cut()),), refusals=(Refusal(first=2, times=3, status=503),)
    )
    run(talk, resilient, faults=faults)


@pytest.mark.socket
def test_without_a_connection_within_the_budget_the_session_ends() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        with pytest.raises(DialError) as caught:
            await until(session, Moved)
        assert caught.value.status == 503
        with pytest.raises(DialError):
            await session.send_audio(np.zeros(160, np.int16))

    faults = Faults(
        planned=(Planned(At(0.1), Cut()),), refusals=(Refusal(first=2, times=None, status=503),)
    )
    run(
        talk,
        lambda server: connect_resilient_live(
            MODEL, api_key="k", base_url=server.url, moves=MovePolicy(budget_s=5.0)
        ),
        faults=faults,
    )


@pytest.mark.socket
def test_closing_while_there_is_no_connection_leaves_nothing_behind() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        await until(session, Leaving)

    faults = Faults(
        planned=(Planned(At(0.1), Cut()),), refusals=(Refusal(first=2, times=None, status=503),)
    )
    run(talk, resilient, faults=faults)


@pytest.mark.socket
def test_what_vertex_has_taken_in_is_not_kept() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        kept = []
        for _ in range(100):
            await session.send_audio(np.zeros(1600, np.int16))
            await asyncio.sleep(0.1)
            kept.append(session.unconfirmed_ms)
        assert max(ms for ms in kept if ms is not None) <= 3_000
        assert None not in kept

    faults = Faults(resumption=Resumption(update_every=10))
    run(
        talk,
        lambda server: connect_resilient_live(VERTEX, token=token, base_url=server.url),
        faults=faults,
    )


@pytest.mark.socket
def test_a_program_may_do_without_confirmation() -> None:
    async def talk(server: Emulator, session: AsyncSession) -> None:
        assert session.unconfirmed_ms is None

    run(talk, resilient)
    options = replace(VERTEX, transparent=False)
    run(talk, lambda server: connect_resilient_live(options, token=token, base_url=server.url))
