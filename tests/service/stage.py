"""A supervisor on a stage: a core that does as it is told, phones and models the test plays."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from aiohttp import WSMessage, WSMsgType

from agent.call.core import Call
from agent.call.effects import (
    CancelTools,
    CloseModel,
    Effect,
    HangUp,
    Keep,
    OpenModel,
    Outcome,
    RunTool,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.errors import DialError
from agent.gemini.session import Loss
from agent.service.connection import Dialler
from agent.service.sockets import ModelSocket, PhoneSocket
from agent.service.supervisor import CallSupervisor
from agent.telephony.leg import PhoneLeg

SAID = {1: b'{"to": "the first"}', 2: b'{"to": "the second"}'}
SCRIPT: dict[bytes, list[Effect]] = {
    b"open": [OpenModel(1)],
    b"open 2": [OpenModel(2)],
    b"open 3": [OpenModel(3)],
    b"open and close": [OpenModel(1), CloseModel(1, 1000, "")],
    b"say": [ToModel(number, frame) for number, frame in SAID.items()],
    b"close": [CloseModel(1, 1002, "nonsense")],
    b"close twice": [CloseModel(1, 1001, ""), CloseModel(1, 1002, ""), CloseModel(7, 1000, "")],
    b"run": [RunTool("a", "look_up", {}, "k"), RunTool("b", "look_up", {}, "l")],
    b"cancel": [CancelTools(("a", "unknown"))],
    b"end": [HangUp(Outcome.AGENT_ENDED)],
    b"keep": [Keep(True), Keep(False)],
    b"aside": [StepAside()],
    b"speak": [ToPhone(b"hello")],
    b"wake": [],
}

type Cue = tuple[float, bytes | Callable[[], None]]


class Core:
    """Answers each text of the phone with the effects that `SCRIPT` has for it.

    Attributes:
        facts: what it was told, each with its time.
        timer: what it asks for; wakes_after_s: how long after each it asks for the next.
    """

    def __init__(self) -> None:
        self.facts: list[tuple[float, object]] = []
        self.timer: float | None = 60.0
        self.outcome: Outcome | None = None
        self.away = False
        self.wakes_after_s: list[float] = []
        self._effects: list[Effect] = []

    def phone_received(self, text: bytes, now: float) -> bool:
        self._effects += SCRIPT[text]
        if text == b"wake":
            self.timer = now + 1
        return True

    def phone_lost(self, now: float) -> None:
        self._note("phone lost")

    def phone_back(self, leg: PhoneLeg, now: float, *, tell: str | None = None) -> None:
        self.away = False
        self._note(f"phone back: {tell}")

    def step_aside(self, longest_s: float, now: float, **options: object) -> bool:
        self._note(("step aside", longest_s, options))
        return True

    def model_connected(self, connection: int, now: float) -> None:
        self._note(f"{connection} connected")

    def model_received(self, connection: int, frame: bytes, now: float) -> bool:
        self._note((connection, frame))
        return True

    def model_lost(self, connection: int, loss: Loss, now: float) -> None:
        self._note((connection, loss.code))

    def tool_finished(self, id: str, response: Mapping[str, Any], now: float) -> None:
        self._note((id, response))

    def finish(self, outcome: str, now: float) -> None:
        self._note(outcome)
        self._effects.append(HangUp(Outcome(outcome)))

    def wrap_up(self, now: float) -> None:
        self._note("wrap up")

    def handle_timer(self, now: float) -> None:
        self._note("timer")
        self.timer = None
        if self.wakes_after_s:
            pause_s, *self.wakes_after_s = self.wakes_after_s
            self.timer = now + pause_s

    def next_timer(self) -> float | None:
        return self.timer

    def effects(self, now: float) -> list[Effect]:
        taken, self._effects = self._effects, []
        for effect in taken:
            if isinstance(effect, HangUp):
                self.outcome = effect.outcome
            elif isinstance(effect, StepAside):
                self.away = True
        return taken

    def _note(self, fact: object) -> None:
        self.facts.append((asyncio.get_running_loop().time(), fact))


class Socket:
    """A socket that receives what is put into it, until it is closed from either side.

    Attributes:
        sent: the frames it was given.
        close_code: the first that was asked for; open: nobody has closed it yet.
        answers_close_s: how long the peer takes to answer a close.
        write_s: how long a write waits for the peer; congested: for ever; broken: it fails.
    """

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.close_code: int | None = None
        self.open = True
        self.answers_close_s = 0.0
        self.write_s = 0.0
        self.congested = self.broken = False
        self._inbox: asyncio.Queue[WSMessage] = asyncio.Queue()

    def put(self, text: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        self._inbox.put_nowait(WSMessage(kind, text, None))

    def lose(self, code: int) -> None:
        """The peer closes it."""
        self.open = False
        self._inbox.put_nowait(WSMessage(WSMsgType.CLOSE, code, ""))

    async def receive(self) -> WSMessage:
        return await self._inbox.get()

    async def send_frame(self, frame: bytes, kind: WSMsgType) -> None:
        if self.broken:
            raise ConnectionResetError
        if self.congested:
            await asyncio.Event().wait()
        if self.write_s:
            await asyncio.sleep(self.write_s)
        self.sent.append(frame)

    async def close(self, code: int) -> None:
        self.close_code = self.close_code or code
        if self.open:
            self.open = False
            self._inbox.put_nowait(WSMessage(WSMsgType.CLOSING, None, None))
            await asyncio.sleep(self.answers_close_s)


class SlowDialler:
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


async def answer_in_a_second(
    id: str, name: str, args: Mapping[str, Any], key: str
) -> dict[str, Any]:
    await asyncio.sleep(1)
    return {"output": name}


class Stage:
    """A supervisor with everything it needs.

    Args:
        dial_s: how long each dial takes; one more fails at once.
        dialler: in place of these.
    """

    def __init__(self, *dial_s: float, dialler: Dialler | None = None) -> None:
        self.core, self.phone = Core(), Socket()
        self.slow = SlowDialler(*dial_s, 0)
        self.supervisor = CallSupervisor(
            cast(Call, self.core),
            cast(PhoneSocket, self.phone),
            self.slow if dialler is None else dialler,
            answer_in_a_second,
        )

    @property
    def sockets(self) -> list[Socket]:
        """The model's, in the order in which they opened."""
        return self.slow.sockets

    async def play(self, *cues: Cue) -> list[tuple[float, object]]:
        """Put texts into the phone, or call, at their times, until the call ends; the facts."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run([b"wake"]))
            for at, cue in cues:
                await asyncio.sleep(at - asyncio.get_running_loop().time())
                if isinstance(cue, bytes):
                    self.phone.put(cue)
                else:
                    cue()
        return self.core.facts
