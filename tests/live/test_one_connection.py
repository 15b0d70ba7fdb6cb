"""A session with one connection ends with it; by its handle it is taken up again."""

from collections.abc import Callable

import pytest

from agent.errors import DialError
from agent.gemini.closes import ConnectionLostError
from agent.gemini.session_events import GoingAway, Moved
from agent.live.connect import connect_live, connect_resilient_live
from agent.live.session import AsyncSession
from agent.sim.emulator import Emulator
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, GoAway, InTurn, Planned, Shut
from tests.live.program import MODEL, Opened, ask, plain, resilient, run, until
from tests.live.stand_in import QUESTION, WORD, stand_in
from tests.support.patient_loop import run_on_loopback


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
