"""One connection with a socket that is a fake, in virtual time."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import WSMsgType

from agent.errors import DialError
from agent.gemini.session_events import Loss
from agent.live.link import CLOSE_TIMEOUT_S, WRITE_TIMEOUT_S, Link
from tests.live.fakes import FakeDialler, FakeSocket
from tests.support.virtual_loop import run_virtually

CLOSED = Loss(4000, "closed by this side")


class Run:
    """A link under way."""

    def __init__(self) -> None:
        self.dialler = FakeDialler()
        self.dialler.answers = ()
        self.received: list[Any] = []
        self.lighter = 0
        self.room = asyncio.Event()
        self.room.set()
        self.link = Link(1, self._lighter)
        self.connected = False

    def start(self) -> None:
        self.task = asyncio.create_task(
            self.link.run(self.dialler, self._connected, self._received, self._room)
        )

    async def socket(self) -> FakeSocket:
        """The link's, once it is connected."""
        self.start()
        await asyncio.sleep(1.0)
        assert self.connected
        return self.dialler.socket

    def _connected(self) -> None:
        self.connected = True

    def _received(self, frame: bytes) -> None:
        self.received.append(json.loads(frame))

    def _lighter(self) -> None:
        self.lighter += 1

    async def _room(self) -> None:
        await self.room.wait()


def put(link: Link, *texts: str) -> None:
    for text in texts:
        link.put(json.dumps({"realtimeInput": {"text": text}}).encode())


def elapsed(since: float) -> float:
    return asyncio.get_running_loop().time() - since


def test_frames_go_both_ways_in_order() -> None:
    async def main() -> None:
        run = Run()
        put(run.link, "early")
        socket = await run.socket()
        put(run.link, "late")
        socket.say({"a": 1}, {"b": 2})
        await asyncio.sleep(1.0)
        assert [m["realtimeInput"]["text"] for m in socket.sent] == ["early", "late"]
        assert run.received == [{"a": 1}, {"b": 2}]
        assert (run.link.unsent, run.lighter) == (0, 2)
        socket.end(WSMsgType.CLOSE, 1011, "Deadline expired")
        assert await run.task == Loss(1011, "Deadline expired")
        assert socket.closed_with == 1000

    run_virtually(main())


@pytest.mark.parametrize(
    ("kind", "data", "close_code", "loss"),
    [
        (WSMsgType.CLOSE, None, None, Loss(1005, "")),
        (WSMsgType.ERROR, ValueError("too big"), 1009, Loss(1009, "too big")),
        (WSMsgType.ERROR, ValueError("odd"), None, Loss(1006, "odd")),
        (
            WSMsgType.CLOSED, None, 1006,
            Loss(1006, "the connection ended without a close frame"),
        ),
    ],
)  # fmt: skip
def test_every_end_is_a_loss(
    kind: WSMsgType, data: Any, close_code: int | None, loss: Loss
) -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        socket.close_code = close_code
        socket.end(kind, data)
        assert await run.task == loss

    run_virtually(main())


def test_a_refused_dial_is_a_loss_with_its_status() -> None:
    async def main() -> None:
        run = Run()
        run.dialler.refusals = [DialError("no", status=403, retryable=False)]
        run.start()
        assert await run.task == Loss(None, "no", http_status=403, retryable=False)

    run_virtually(main())


def test_what_is_queued_is_written_before_the_close() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        put(run.link, "one", "two")
        run.link.close(4000)
        assert await run.task == CLOSED
        assert len(socket.sent) == 2
        assert socket.closed_with == 4000

    run_virtually(main())


def test_a_dial_is_given_up() -> None:
    async def main() -> None:
        run = Run()
        run.dialler.delay_s = 60.0
        begun = asyncio.get_running_loop().time()
        run.start()
        await asyncio.sleep(1.0)
        run.link.close(4000)
        assert await run.task == CLOSED
        assert elapsed(begun) == 1.0
        assert not run.dialler.sockets

    run_virtually(main())


def test_a_dial_is_given_up_before_it_began() -> None:
    async def main() -> None:
        run = Run()
        run.start()
        run.link.close(4000)
        assert await run.task == CLOSED
        assert not run.dialler.sockets

    run_virtually(main())


def test_a_peer_that_takes_nothing_cannot_hold_up_a_close() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        socket.stuck = True
        put(run.link, "one")
        begun = asyncio.get_running_loop().time()
        run.link.close(4000)
        assert await run.task == CLOSED
        assert elapsed(begun) == pytest.approx(CLOSE_TIMEOUT_S)

    run_virtually(main())


def test_a_peer_that_does_not_answer_a_close_is_left() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        socket.deaf = True
        begun = asyncio.get_running_loop().time()
        run.link.close(4000)
        assert await run.task == CLOSED
        assert elapsed(begun) == pytest.approx(CLOSE_TIMEOUT_S)

    run_virtually(main())


def test_a_write_without_end_is_a_dead_peer() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        socket.stuck = True
        put(run.link, "one")
        begun = asyncio.get_running_loop().time()
        assert await run.task == Loss(1006, "a write took more than 10 s")
        assert elapsed(begun) == pytest.approx(WRITE_TIMEOUT_S)

    run_virtually(main())


def test_the_reader_tells_why_a_write_failed() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        socket.broken = True
        put(run.link, "one")
        await asyncio.sleep(1.0)
        assert not run.task.done()
        socket.end(WSMsgType.CLOSE, 1011, "why")
        assert await run.task == Loss(1011, "why")

    run_virtually(main())


def test_nothing_is_read_without_room() -> None:
    async def main() -> None:
        run = Run()
        run.room.clear()
        socket = await run.socket()
        socket.say({"a": 1})
        await asyncio.sleep(60.0)
        assert socket.reads == 0
        run.room.set()
        await asyncio.sleep(1.0)
        assert run.received == [{"a": 1}]
        run.link.close(1000)
        await run.task

    run_virtually(main())


def test_cancelling_leaves_nothing_open() -> None:
    async def main() -> None:
        run = Run()
        socket = await run.socket()
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
        assert socket.closed_with == 1000

    run_virtually(main())
