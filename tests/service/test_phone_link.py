"""A phone's sockets, one after the other: which one is heard, and which may send."""

import asyncio
from typing import cast

import pytest
from aiohttp import WSMsgType

from agent.call.effects import Outcome
from agent.service.phone_link import INTERNAL_ERROR
from agent.service.sockets import CLOSE_TIMEOUT_S, SEND_TIMEOUT_S, PhoneSocket
from tests.service.stage import Socket, Stage
from tests.support.virtual_loop import run_virtually


def again(stage: Stage, socket: Socket, tell: str | None = None) -> bool:
    """The same call on another socket; whether it is taken."""
    return stage.supervisor.reattach(cast(PhoneSocket, socket), [b"wake"], tell) is not None


def test_a_call_that_steps_aside_closes_its_socket_and_lives_on() -> None:
    async def main() -> None:
        stage = Stage()
        facts = await stage.play(
            (1.5, b"aside"), (5, lambda: stage.supervisor.finish("transferred"))
        )
        assert stage.phone.close_code == 1000
        assert facts == [(1, "timer"), (5, "transferred")]

    run_virtually(main())


def test_what_was_queued_is_taken_before_the_socket_is_closed() -> None:
    async def main() -> None:
        stage = Stage()
        stage.phone.write_s = 1.0
        await stage.play(
            (1.5, b"speak"),
            (1.6, b"aside"),
            (5, lambda: stage.supervisor.finish("transferred")),
        )
        assert stage.phone.sent == [b"hello"]

    run_virtually(main())


def test_a_phone_that_takes_nothing_is_let_go_all_the_same() -> None:
    async def main() -> None:
        stage = Stage()
        stage.phone.congested = True
        closed: list[float] = []

        async def watch() -> None:
            await stage.supervisor.link.over.wait()
            closed.append(asyncio.get_running_loop().time())

        watching = asyncio.create_task(watch())
        await stage.play(
            (1.5, b"speak"),
            (2.0, b"aside"),
            (20, lambda: stage.supervisor.finish("transferred")),
        )
        await watching
        assert closed == [pytest.approx(2.0 + CLOSE_TIMEOUT_S)]
        assert SEND_TIMEOUT_S > CLOSE_TIMEOUT_S

    run_virtually(main())


def test_the_phone_is_back_on_another_socket_which_is_heard_and_spoken_to() -> None:
    async def main() -> None:
        stage, second = Stage(), Socket()

        def comes() -> None:
            assert again(stage, second, "The transfer failed.")

        facts = await stage.play(
            (1.5, b"aside"),
            (3, comes),
            (4, lambda: second.put(b"speak")),
            (5, lambda: second.put(b"end")),
        )
        assert facts[1:] == [(3, "phone back: The transfer failed."), (4, "timer")]
        assert (stage.phone.sent, second.sent) == ([], [b"hello"])
        assert second.close_code == 1000

    run_virtually(main())


def test_an_older_socket_that_wakes_up_is_neither_heard_nor_sent_to() -> None:
    async def main() -> None:
        stage, second = Stage(), Socket()
        stage.phone.write_s = 3.0
        stage.phone.answers_close_s = 60.0

        def comes() -> None:
            assert again(stage, second)

        facts = await stage.play(
            (1.5, b"speak"),  # its write takes longer than the socket is wanted
            (2.0, comes),
            (2.1, b"end"),
            (2.2, b"speak"),
            (8, lambda: second.put(b"speak")),
            (9, lambda: second.put(b"end")),
        )
        assert stage.phone.sent == []
        assert stage.phone.close_code == 1000
        assert second.sent == [b"hello"]
        assert "phone lost" not in [fact for _, fact in facts]

    run_virtually(main())


def test_a_socket_that_broke_is_told_of_once() -> None:
    async def main() -> None:
        stage = Stage()
        facts = await stage.play(
            (1.5, lambda: stage.phone.lose(1006)),
            (3, lambda: stage.supervisor.finish("phone_lost")),
        )
        assert facts == [(1, "timer"), (1.5, "phone lost"), (3, "phone_lost")]

    run_virtually(main())


def test_a_call_that_is_over_or_fails_takes_no_socket() -> None:
    async def main() -> None:
        stage = Stage()
        await stage.play((2, b"end"))
        assert not again(stage, Socket())

        failing, late = Stage(), Socket()

        async def cancelled_slowly() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(1)
                assert not again(failing, late)

        async def fails() -> None:
            with pytest.raises(ExceptionGroup):
                await failing.supervisor.run([b"wake"])

        running = asyncio.create_task(fails())
        await asyncio.sleep(0.5)
        failing.supervisor._start(cancelled_slowly())
        await asyncio.sleep(0.1)
        failing.phone.put(b"unheard of")
        await running
        assert failing.phone.close_code == INTERNAL_ERROR
        assert late.sent == []

    run_virtually(main())


def test_what_the_call_ends_with_is_told_before_the_socket_is_closed() -> None:
    async def main() -> None:
        stage = Stage()
        told: list[tuple[Outcome, int | None]] = []

        async def ended(outcome: Outcome) -> None:
            await asyncio.sleep(0.5)
            told.append((outcome, stage.phone.close_code))

        stage.supervisor.ended = ended
        await stage.play((2, b"end"))
        assert told == [(Outcome.AGENT_ENDED, None)]

        stage = Stage()
        stage.supervisor.ended = ended
        told.clear()
        with pytest.raises(ExceptionGroup):
            await stage.play((2, lambda: stage.phone.put(b"unheard of", WSMsgType.BINARY)))
        assert told == [(Outcome.FAILED, None)]

    run_virtually(main())


def test_a_call_is_asked_from_outside_to_step_aside() -> None:
    async def main() -> None:
        stage = Stage()
        facts = await stage.play(
            (2, lambda: stage.supervisor.step_aside(60, then=Outcome.VOICEMAIL, after_words=True)),
            (3, b"end"),
        )
        asked = {"then": Outcome.VOICEMAIL, "after_words": True}
        assert facts == [(1, "timer"), (2, ("step aside", 60, asked))]

    run_virtually(main())
