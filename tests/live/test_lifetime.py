"""How sessions begin, end, and follow one another, in virtual time."""

import asyncio
from typing import Any

import pytest
from aiohttp import WSMsgType

from agent.errors import DialError
from agent.gemini.closes import ConnectionLostError, LossKind
from agent.gemini.session_events import (
    HandleUpdated,
    ModelAudio,
    Moved,
    Ready,
)
from agent.gemini.session_state import MovePolicy
from agent.live.lifetime import SessionClosedError
from agent.live.session import AsyncSession
from tests.live.fakes import FakeDialler, handle, speech
from tests.live.opened import made, opened, take
from tests.support.virtual_loop import run_virtually


def test_a_loss_is_raised_by_the_iteration_and_by_what_is_sent() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.socket.say(speech())
            dialler.socket.end(WSMsgType.CLOSE, 1011, "Internal error encountered.")
            await asyncio.sleep(1.0)
            await take(session, 2)  # what came before
            for _ in range(2):
                with pytest.raises(ConnectionLostError) as caught:
                    await anext(session)
                assert caught.value.kind is LossKind.UNAVAILABLE
            with pytest.raises(ConnectionLostError):
                await session.send_text("hello?")

    run_virtually(main())


def test_a_refusal_is_raised_by_connecting_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        dialler.refusals = [DialError("no", status=403, retryable=False)]
        with pytest.raises(DialError) as caught:
            async with opened(dialler):
                pass
        assert (caught.value.status, caught.value.retryable) == (403, False)

    run_virtually(main())


def test_a_service_that_says_nothing_is_given_up() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        dialler.answers = ()
        with pytest.raises(DialError, match="no setupComplete within 10 s"):
            async with opened(dialler):
                pass
        assert dialler.socket.closed_with == 1000

    run_virtually(main())


def test_connecting_can_be_cancelled() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        dialler.answers = ()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0), opened(dialler):
                pass
        assert dialler.socket.closed_with == 1000

    run_virtually(main())


def test_leaving_can_be_cancelled_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        lifetime = made(dialler)
        await lifetime.begin(None)
        dialler.socket.deaf = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await lifetime.abandon()

    run_virtually(main())


def test_leaving_in_the_middle_of_a_resume_can_be_cancelled_too() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        lifetime = made(dialler)
        await lifetime.begin(None)
        dialler.socket.deaf = True
        resuming = asyncio.create_task(lifetime.resume("h1"))
        await asyncio.sleep(0.1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await lifetime.abandon()
        with pytest.raises(SessionClosedError):
            await resuming
        assert dialler.dials == 1

    run_virtually(main())


def test_a_callback_that_fails_harms_nothing() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        lifetime = made(dialler, MovePolicy(age_s=5.0))
        session = AsyncSession(lifetime)
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))

        @session.on_move
        def moved(event: Moved) -> None:
            raise ZeroDivisionError

        await lifetime.begin(None)
        dialler.socket.say(handle("h1"))
        await asyncio.sleep(6.0)
        assert session.figures.moves == 1
        assert isinstance(errors[0]["exception"], ZeroDivisionError)
        await session.send_text("hello")
        await session.close()

    run_virtually(main())


def test_an_error_of_the_program_comes_out_as_it_was() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with opened(FakeDialler()):
                raise ZeroDivisionError

    run_virtually(main())


def test_close_is_idempotent_and_safe_from_any_task() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:

            async def iterate() -> int:
                return len([event async for event in session])

            iterating = asyncio.create_task(iterate())
            dialler.socket.say(speech())
            await asyncio.sleep(1.0)
            await asyncio.gather(*(session.close() for _ in range(3)))
            assert await iterating == 2
            await session.close()
            with pytest.raises(SessionClosedError):
                await session.send_text("anyone?")
            with pytest.raises(SessionClosedError):
                await session.resume("h")

    run_virtually(main())


def test_a_session_that_never_began_can_be_closed() -> None:
    async def main() -> None:
        await made(FakeDialler()).close()

    run_virtually(main())


def test_events_that_have_come_survive_a_close() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.socket.say(speech())
            await asyncio.sleep(1.0)
        assert [type(event) async for event in session] == [Ready, ModelAudio]

    run_virtually(main())


def test_a_bug_does_not_stay_hidden() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            await take(session, 1)
            dialler.dial = None  # type: ignore[assignment]
            with pytest.raises(ExceptionGroup, match="TaskGroup"):
                await session.resume("h1")
            with pytest.raises(ExceptionGroup):
                await anext(session)

    run_virtually(main())


def test_the_handle_goes_into_the_setup() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler, "h1") as session:
            assert session.handle == "h1"
            dialler.socket.say(handle("h2"))
            assert (await take(session, 2))[1] == HandleUpdated(True)
            assert session.handle == "h2"
        [setup] = dialler.socket.sent
        assert setup["setup"]["sessionResumption"] == {"handle": "h1"}

    run_virtually(main())


def test_resuming_on_the_same_object_waits_for_the_old_connection_to_close() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            old = dialler.socket
            old.deaf = True
            resuming = asyncio.create_task(session.resume("h1"))
            await asyncio.sleep(1.0)
            assert dialler.dials == 1
            await session.send_text("meanwhile")
            await resuming
            assert dialler.dials == 2
            assert dialler.socket.kinds == ["setup", "text"]
            await session.send_text("afterwards")
            assert [type(event) for event in await take(session, 2)] == [Ready, Ready]
        assert dialler.socket.kinds == ["setup", "text", "text"]
        assert dialler.socket.sent[0]["setup"]["sessionResumption"] == {"handle": "h1"}

    run_virtually(main())


def test_a_lost_session_goes_on_with_its_iteration() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.socket.say(handle("h1"))
            dialler.socket.end(WSMsgType.CLOSE, 1001, "")
            with pytest.raises(ConnectionLostError):
                _ = [event async for event in session]
            await session.resume(session.handle)
            assert session.handle == "h1"
            assert await take(session, 1) == [Ready(None)]
            await session.send_text("again")

    run_virtually(main())


def test_a_refused_resume_is_raised_there_and_may_be_tried_again() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.refusals = [DialError("busy", status=503)]
            with pytest.raises(DialError):
                await session.resume("h1")
            with pytest.raises(DialError):
                await session.send_text("hello")
            await session.resume("h1")
            await session.send_text("hello")

    run_virtually(main())


def test_closing_ends_a_resume_under_way() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.delay_s = 5.0
            resuming = asyncio.create_task(session.resume("h1"))
            await asyncio.sleep(1.0)
            await session.close()
            with pytest.raises(SessionClosedError):
                await resuming
        assert len(dialler.sockets) == 1

    run_virtually(main())


def test_a_cancelled_resume_goes_on_by_itself() -> None:
    async def main() -> None:
        dialler = FakeDialler()
        async with opened(dialler) as session:
            dialler.delay_s = 5.0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await session.resume("h1")
            await asyncio.sleep(10.0)
            await session.send_text("hello")
        assert dialler.socket.kinds == ["setup", "text"]

    run_virtually(main())
