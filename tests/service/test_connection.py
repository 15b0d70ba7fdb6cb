"""Connections to the model: dialled, used side by side, closed, and lost exactly once each."""

import asyncio
import json
from typing import cast

import aiohttp
import pytest

from agent.call.core import Call
from agent.service.connection import CLOSE_TIMEOUT_S, Connection
from agent.service.gemini_dial import Endpoint, GeminiDialler
from agent.service.sockets import ModelSocket
from tests.service.model_side import ModelSide, fake_model
from tests.service.stage import SAID, Core, Socket, Stage
from tests.support.patient_loop import run_on_loopback
from tests.support.virtual_loop import run_virtually


def test_a_dial_that_is_given_up_connects_nothing_and_the_next_one_does() -> None:
    async def main() -> None:
        stage = Stage(5, 1)
        facts = await stage.play((1.5, b"open"), (2, b"close"), (3, b"open 2"), (9, b"end"))
        assert facts == [
            (1, "timer"),
            (2, (1, 1002)),
            (4, "2 connected"),
            (9, (2, 1000)),
        ]
        assert [socket.close_code for socket in stage.sockets] == [1000]
        assert stage.phone.close_code == 1000

    run_virtually(main())


def test_a_connection_is_closed_with_the_code_that_was_asked_for() -> None:
    async def main() -> None:
        stage = Stage(1)
        facts = await stage.play((2, b"open"), (4, b"close"), (9, b"end"))
        assert facts == [(1, "timer"), (3, "1 connected"), (4, (1, 1002))]
        assert stage.sockets[0].close_code == 1002

    run_virtually(main())


def test_a_dial_that_fails_is_told() -> None:
    async def main() -> None:
        stage = Stage()
        assert await stage.play((2, b"open"), (3, b"close"), (4, b"end")) == [
            (1, "timer"),
            (2, (1, None)),
        ]

    run_virtually(main())


def test_two_connections_are_open_at_once_and_each_gets_its_own_frames() -> None:
    async def main() -> None:
        stage = Stage(1, 1)
        facts = await stage.play(
            (2, b"open"),
            (3.5, b"open 2"),
            (5, b"say"),
            (6, lambda: stage.sockets[1].put(b"from the second")),
            (7, lambda: stage.sockets[0].put(b"from the first")),
            (8, b"close"),
            (9, b"say"),
            (10, lambda: stage.sockets[1].lose(1011)),
            (11, b"say"),
            (12, b"end"),
        )
        assert facts == [
            (1, "timer"),
            (3, "1 connected"),
            (4.5, "2 connected"),
            (6, (2, b"from the second")),
            (7, (1, b"from the first")),
            (8, (1, 1002)),
            (10, (2, 1011)),
        ]
        assert [socket.sent for socket in stage.sockets] == [
            [SAID[1]],
            [SAID[2]] * 2,
        ]

    run_virtually(main())


def test_a_connection_that_is_not_open_yet_gets_no_frames() -> None:
    async def main() -> None:
        stage = Stage(2)
        await stage.play((2, b"open"), (3, b"say"), (9, b"end"))
        assert stage.sockets[0].sent == []

    run_virtually(main())


def test_a_dial_that_is_given_up_before_it_began() -> None:
    async def main() -> None:
        stage = Stage(1)
        facts = await stage.play((2, b"open and close"), (9, b"end"))
        assert facts == [(1, "timer"), (2, (1, 1000))]
        assert stage.sockets == []

    run_virtually(main())


def test_the_first_close_counts_and_unknown_ones_are_nothing() -> None:
    async def main() -> None:
        stage = Stage(1)
        facts = await stage.play((2, b"open"), (4, b"close twice"), (9, b"end"))
        assert facts == [(1, "timer"), (3, "1 connected"), (4, (1, 1001))]
        assert stage.sockets[0].close_code == 1001

    run_virtually(main())


@pytest.mark.parametrize(("answer_s", "told_s"), [(0.1, 0.1), (60, CLOSE_TIMEOUT_S)])
def test_a_close_is_told_when_the_peer_has_answered_or_too_late(
    answer_s: float, told_s: float
) -> None:
    async def main() -> None:
        stage = Stage(1)

        def slow() -> None:
            stage.sockets[0].answers_close_s = answer_s

        facts = await stage.play((2, b"open"), (3.5, slow), (4, b"close"), (9, b"end"))
        assert facts[2:] == [(4 + told_s, (1, 1002))]

    run_virtually(main())


def test_a_peer_that_takes_nothing_is_closed_in_time_as_well() -> None:
    async def main() -> None:
        stage = Stage(1)

        def congest() -> None:
            stage.sockets[0].congested = True

        cues = ((2, b"open"), (4, congest), (5, b"say"), (6, b"close"), (7, b"say"), (9, b"end"))
        facts = await stage.play(*cues)
        assert facts[2:] == [(6 + CLOSE_TIMEOUT_S, (1, 1002))]
        assert stage.sockets[0].sent == []

    run_virtually(main())


def test_a_peer_that_takes_nothing_for_long_is_lost() -> None:
    async def main() -> None:
        stage = Stage(1)

        def congest() -> None:
            stage.sockets[0].congested = True

        facts = await stage.play((2, b"open"), (4, congest), (5, b"say"), (15, b"end"))
        assert facts[2:] == [(10, (1, 1006))]

    run_virtually(main())


def test_what_was_put_is_written_before_the_close() -> None:
    async def main() -> None:
        stage = Stage(1)

        def slow_down() -> None:
            stage.sockets[0].write_s = 0.1

        cues = ((2, b"open"), (4, slow_down), (5, b"say"), (5, b"say"), (5, b"close"), (9, b"end"))
        facts = await stage.play(*cues)
        [(told_at, told)] = facts[2:]
        assert told_at == pytest.approx(5.2)
        assert told == (1, 1002)
        assert stage.sockets[0].sent == [SAID[1]] * 2

    run_virtually(main())


def test_a_peer_that_closes_while_it_is_being_closed_is_lost_once() -> None:
    async def main() -> None:
        stage = Stage(1)

        def slow() -> None:
            stage.sockets[0].answers_close_s = 60

        facts = await stage.play(
            (2, b"open"),
            (3.5, slow),
            (4, b"close"),
            (4.1, lambda: stage.sockets[0].lose(1011)),
            (9, b"end"),
        )
        assert facts[2:] == [(4 + CLOSE_TIMEOUT_S, (1, 1002))]

    run_virtually(main())


def test_a_socket_that_breaks_is_lost_as_its_reader_says() -> None:
    async def main() -> None:
        stage = Stage(1)

        def break_off() -> None:
            stage.sockets[0].broken = True

        facts = await stage.play(
            (2, b"open"),
            (4, break_off),
            (5, b"say"),
            (6, lambda: stage.sockets[0].lose(1011)),
            (9, b"end"),
        )
        assert facts[2:] == [(6, (1, 1011))]

    run_virtually(main())


class Rung:
    """A dialler that is answered when the test says so."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()

    async def dial(self) -> ModelSocket:
        return cast(ModelSocket, await self.answer)


def test_a_dial_that_is_answered_as_it_is_given_up_is_closed_and_never_connected() -> None:
    async def main() -> None:
        core, dialler, socket = Core(), Rung(), Socket()
        connection = Connection(3, cast(Call, core), lambda: None)
        async with asyncio.TaskGroup() as group:
            group.create_task(connection.run(dialler))
            await asyncio.sleep(1)
            dialler.answer.set_result(socket)
            connection.close(1000)
        assert core.facts == [(1, (3, 1000))]
        assert socket.close_code == 1000

    run_virtually(main())


def test_a_dialler_that_breaks_its_word_is_a_bug() -> None:
    async def main() -> None:
        dialler = Rung()
        dialler.answer.set_exception(TimeoutError())
        with pytest.raises(TimeoutError):
            await Connection(1, cast(Call, Core()), lambda: None).run(dialler)

    run_virtually(main())


def test_a_call_that_ends_closes_all_that_it_has_open() -> None:
    async def main() -> None:
        stage = Stage(1, 1, 60)
        cues = ((2, b"open"), (2, b"open 2"), (5, b"open 3"), (6, b"end"))
        assert [fact for _, fact in await stage.play(*cues)][:3] == [
            "timer",
            "1 connected",
            "2 connected",
        ]
        assert [socket.close_code for socket in stage.sockets] == [1000, 1000]
        assert asyncio.get_running_loop().time() == 6

    run_virtually(main())


@pytest.mark.socket
def test_two_real_sockets_side_by_side() -> None:
    async def echo(side: ModelSide) -> None:
        side.frames.append(json.loads((await side.ws.receive()).data))
        await side.ws.send_json(side.frames[0])
        await side.until_closed()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with fake_model(echo) as model, aiohttp.ClientSession() as session:
            stage = Stage(dialler=GeminiDialler(Endpoint(base_url=model.url), session))
            began = loop.time()
            await stage.play(
                *((began + 1, b"open"), (began + 2, b"open 2"), (began + 3, b"say")),
                *((began + 4, b"close"), (began + 5, b"end")),
            )
        facts = [fact for _, fact in stage.core.facts]
        assert facts[1:3] == ["1 connected", "2 connected"]
        assert sorted(facts[3:5], key=str) == [(1, SAID[1]), (2, SAID[2])]
        assert facts[5] == (1, 1002)
        assert [side.frames for side in model.sides] == [
            [{"to": "the first"}],
            [{"to": "the second"}],
        ]
        assert [side.close_code for side in model.sides] == [1002, 1000]

    run_on_loopback(main())
