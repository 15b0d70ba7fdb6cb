"""A session stays while its connections come and go."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from agent.errors import DialError
from agent.gemini.session_events import Leaving, Moved, Why
from agent.gemini.session_state import MovePolicy
from agent.live.connect import connect_resilient_live
from agent.live.session import AsyncSession
from agent.sim.emulator import Emulator
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, GoAway, Planned, Refusal, Resumption, Shut
from tests.live.program import MODEL, VERTEX, ask, resilient, run, token, until
from tests.live.stand_in import QUESTION, WORD


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
        await until(session, Moved)  # past what was said before it
        assert await ask(session, QUESTION) == "The secret word is heliotrope."

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
