"""The shell under a session: timers, effects, and an end that leaves nothing."""

import asyncio
from typing import Any

import pytest

from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession, SessionState
from agent.gemini.session_events import Loss, Ready, SessionEvent, SessionFailed
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup import SetupOptions, build_setup
from agent.live.driver import Driver
from tests.live.fakes import FakeDialler
from tests.support.virtual_loop import run_virtually


class Run:
    """A driver with its session and what it told."""

    def __init__(self, **policy: Any) -> None:
        self.dialler = FakeDialler()
        self.told: list[SessionEvent] = []
        setup = build_setup(SetupOptions("gemini-3.8-live"))
        profile = profile_for(setup.model, "developer")
        self.session = LiveSession(setup, profile, moves=MovePolicy(**policy))
        self.driver = Driver(self.session, self.dialler, self.told.append, self._room, 60.0)
        self.waits = 0

    async def _room(self) -> None:
        self.waits += 1


def test_it_ends_when_the_session_does() -> None:
    async def main() -> None:
        run = Run(moves=False)
        run.dialler.answers = ()
        await run.driver.run()
        assert asyncio.get_running_loop().time() == pytest.approx(10.1)  # dialled, never set up
        [failed] = run.told
        assert isinstance(failed, SessionFailed)

    run_virtually(main())


def test_it_ends_at_once_when_it_was_closed_before_it_began() -> None:
    async def main() -> None:
        run = Run()
        run.driver.close()
        await run.driver.run()
        assert run.dialler.dials == 0

    run_virtually(main())


def test_closing_gives_up_a_dial() -> None:
    async def main() -> None:
        run = Run()
        run.dialler.delay_s = 60.0
        running = asyncio.create_task(run.driver.run())
        await asyncio.sleep(1.0)
        run.driver.close()
        await running
        assert asyncio.get_running_loop().time() == pytest.approx(1.0)
        assert run.session.state is SessionState.CLOSED

    run_virtually(main())


def test_cancelling_closes_what_is_open() -> None:
    async def main() -> None:
        run = Run()
        running = asyncio.create_task(run.driver.run())
        await asyncio.sleep(1.0)
        assert run.told == [Ready(None)]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert run.dialler.socket.closed_with == 1000

    run_virtually(main())


def test_room_is_not_asked_for_while_a_connection_is_set_up() -> None:
    async def main() -> None:
        run = Run()
        running = asyncio.create_task(run.driver.run())
        await asyncio.sleep(1.0)
        assert run.dialler.socket.reads == 1
        assert run.waits == 1  # after the answer to the setup
        run.driver.close()
        await running

    run_virtually(main())


def test_two_connections_at_once_are_kept_apart() -> None:
    async def main() -> None:
        run = Run(age_s=5.0)
        running = asyncio.create_task(run.driver.run())
        await asyncio.sleep(4.0)
        first = run.dialler.socket
        run.driver.session.send_text("hello", run.driver.now)
        run.driver.flush()
        await asyncio.sleep(4.0)
        assert len(run.dialler.sockets) == 2
        second = run.dialler.socket
        assert (first.kinds, second.kinds) == (["setup", "text"], [])
        run.driver.close()
        await running
        assert (first.closed_with, second.closed_with) == (1000, 1000)

    run_virtually(main())


def test_a_session_that_is_over_makes_nobody_wait() -> None:
    async def main() -> None:
        run = Run()
        run.driver.holds(audio=10**9, other=10**9)
        waiting = asyncio.create_task(run.driver.room())
        await asyncio.sleep(1.0)
        assert not waiting.done()
        run.driver.close()
        await waiting
        run.session.lost(1, Loss(None, ""), 0.0)

    run_virtually(main())
