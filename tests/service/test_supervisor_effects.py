"""How the supervisor performs effects, in virtual time, with a core that does as it is told."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from agent.call.core import Call
from agent.call.effects import CancelTools, CloseModel, Effect, HangUp, OpenModel, Outcome, RunTool
from agent.errors import DialError
from agent.gemini.session import Loss
from agent.service.sockets import ModelSocket, PhoneSocket
from agent.service.supervisor import CallSupervisor
from tests.support.virtual_loop import run_virtually

SCRIPT: dict[bytes, list[Effect]] = {
    b"open": [OpenModel()],
    b"close": [CloseModel(1002, "nonsense")],
    b"run": [RunTool("a", "look_up", {}), RunTool("b", "look_up", {})],
    b"cancel": [CancelTools(("a", "unknown"))],
    b"end": [HangUp(Outcome.AGENT_ENDED)],
    b"wake": [],
}


class Core:
    """Answers each text of the phone with the effects that `SCRIPT` has for it."""

    def __init__(self) -> None:
        self.facts: list[object] = []
        self.timer: float | None = 60.0
        self._effects: list[Effect] = []

    def phone_received(self, text: bytes, now: float) -> bool:
        self._effects += SCRIPT[text]
        if text == b"wake":
            self.timer = now + 1
        return True

    def phone_lost(self, now: float) -> None:
        self._note("phone lost")

    def model_connected(self, now: float) -> None:
        self._note("connected")

    def model_received(self, frame: bytes, now: float) -> bool:
        self._note(frame)
        return True

    def model_lost(self, loss: Loss, now: float) -> None:
        self._note(loss.code)

    def tool_finished(self, id: str, response: Mapping[str, Any], now: float) -> None:
        self._note((id, response))

    def finish(self, outcome: str, now: float) -> None:
        self._note(outcome)
        self._effects.append(HangUp(Outcome(outcome)))

    def handle_timer(self, now: float) -> None:
        self._note("timer")
        self.timer = None

    def next_timer(self) -> float | None:
        return self.timer

    def effects(self, now: float) -> list[Effect]:
        taken, self._effects = self._effects, []
        return taken

    def _note(self, fact: object) -> None:
        self.facts.append((asyncio.get_running_loop().time(), fact))


class Socket:
    """A socket that receives what is put into it, until it is closed from either side."""

    def __init__(self) -> None:
        self.close_code: int | None = None
        self._inbox: asyncio.Queue[WSMessage] = asyncio.Queue()

    def put(self, text: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        self._inbox.put_nowait(WSMessage(kind, text, None))

    async def receive(self) -> WSMessage:
        return await self._inbox.get()

    async def send_frame(self, frame: bytes, kind: WSMsgType) -> None:
        pass

    async def close(self, code: int) -> None:
        self.close_code = self.close_code or code


class Dialler:
    """Takes its time, and says which dials came to their end."""

    def __init__(self, *times_s: float) -> None:
        self.sockets: list[Socket] = []
        self._times_s = list(times_s)

    async def dial(self) -> ModelSocket:
        await asyncio.sleep(self._times_s.pop(0))
        if not self._times_s:
            raise DialError("nobody there")
        self.sockets.append(Socket())
        return cast(ModelSocket, self.sockets[-1])


async def answer_in_a_second(id: str, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(1)
    return {"output": name}


class Stage:
    """A supervisor with everything it needs; phones and models are the test's to play."""

    def __init__(self, *dial_s: float) -> None:
        self.core, self.phone, self.dialler = Core(), Socket(), Dialler(*dial_s, 0)
        self.supervisor = CallSupervisor(
            cast(Call, self.core), cast(PhoneSocket, self.phone), self.dialler, answer_in_a_second
        )

    async def play(self, *cues: tuple[float, bytes]) -> list[object]:
        """Put texts into the phone at their times, until the call ends; the facts told."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run([b"wake"]))
            for at, text in cues:
                await asyncio.sleep(at - asyncio.get_running_loop().time())
                self.phone.put(text)
        return self.core.facts


def test_a_dial_that_is_given_up_connects_nothing_and_the_next_one_does() -> None:
    async def main() -> None:
        stage = Stage(5, 1)
        facts = await stage.play((1.5, b"open"), (2, b"close"), (3, b"open"), (9, b"end"))
        assert facts == [(1, "timer"), (4, "connected"), (9, 1000)]
        assert [socket.close_code for socket in stage.dialler.sockets] == [1000]
        assert stage.phone.close_code == 1000

    run_virtually(main())


def test_a_connection_is_closed_with_the_code_that_was_asked_for() -> None:
    async def main() -> None:
        stage = Stage(1)
        facts = await stage.play((2, b"open"), (4, b"close"), (9, b"end"))
        assert facts == [(1, "timer"), (3, "connected"), (4, 1002)]
        assert stage.dialler.sockets[0].close_code == 1002

    run_virtually(main())


def test_a_dial_that_fails_is_told() -> None:
    async def main() -> None:
        stage = Stage()
        assert await stage.play((2, b"open"), (3, b"close"), (4, b"end")) == [
            (1, "timer"),
            (2, None),
        ]

    run_virtually(main())


def test_functions_run_side_by_side_and_one_is_cancelled() -> None:
    async def main() -> None:
        facts = await Stage().play((2, b"run"), (2.5, b"cancel"), (9, b"end"))
        assert facts == [(1, "timer"), (3, ("b", {"output": "look_up"}))]

    run_virtually(main())


def test_a_call_that_is_over_cannot_be_ended_again() -> None:
    async def main() -> None:
        stage = Stage()
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.supervisor.run([]))
            await asyncio.sleep(1)
            stage.supervisor.finish("operator")
        stage.supervisor.finish("shutdown")
        assert stage.core.facts == [(1, "operator")]
        assert stage.phone.close_code == 1000

    run_virtually(main())


@pytest.mark.parametrize("cue", [b"end", b"sing"])
def test_the_phone_is_closed_once_and_nothing_runs_on(cue: bytes) -> None:
    async def main() -> None:
        stage = Stage(1)
        cues = ((2, b"open"), (4, b"run"), (4.5, cue))
        if cue == b"sing":
            with pytest.raises(ExceptionGroup) as caught:
                await stage.play(*cues)
            assert caught.group_contains(KeyError)
        else:
            await stage.play(*cues)
        assert stage.phone.close_code == (1000 if cue == b"end" else 1011)
        assert stage.dialler.sockets[0].close_code == 1000

    run_virtually(main())
