"""One call of a test: both ends and the functions between them, in the call's time.

The carrier, the model's service and the caller are the stand-ins' pure cores. The call, its session
and its phone leg are the real ones, as is the runner of functions, which runs on the loop of
jumping time. What the call wants done is done here at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from math import inf
from typing import Any, assert_never

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
    SaveAudio,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.gemini.session_events import Loss
from agent.sim.carrier import CarrierState, CarrierStream, CloseSocket, SendText
from agent.sim.clips import RATE_HZ, Clip
from agent.sim.simulation.agenda import Agenda
from agent.testing.model_service import ModelService

AWAY_S = 60.0
MOST_STEPS = 10_000
"""Without time passing: then something turns in a circle."""

type RunFunction = Callable[[str, str, Mapping[str, Any], str], Coroutine[Any, Any, dict[str, Any]]]


class Exchange:
    """Runs one call on the loop of jumping time.

    Args:
        call: not begun.
        model: makes the other end of its connections, given the agenda and who is told.
        run: runs a function, as `ToolRunner.run` does.

    Attributes:
        loud_until: the last sample at which the agent was heard.
        outcome: why the call ended; None: it has not.
        ended_at: when.
    """

    def __init__(
        self,
        call: Call,
        carrier: CarrierStream,
        agenda: Agenda,
        model: Callable[[Exchange], ModelService],
        run: RunFunction,
    ) -> None:
        self.call, self.carrier = call, carrier
        self.loud_until = 0
        self.outcome: Outcome | None = None
        self.ended_at: float | None = None
        self._agenda, self._run = agenda, run
        self.model = model(self)
        self._loop = asyncio.get_running_loop()
        self._timer: float | None = call.next_timer()
        self._tools: dict[str, asyncio.Task[None]] = {}
        self._stirred: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None
        self._then = Outcome.PHONE_LOST

    @property
    def now(self) -> float:
        """Monotonic seconds of the call's time."""
        return self._loop.time()

    @property
    def position(self) -> int:
        """The stream's sample that the caller hears now."""
        return max(0, round((self._loop.time() - self.carrier.origin) * RATE_HZ))

    @property
    def working(self) -> bool:
        """Whether the call waits for a function."""
        return bool(self._tools)

    @property
    def over(self) -> bool:
        """Whether the call has ended and both ends have let go."""
        return self.outcome is not None and self.model.gone and not self._tools

    # What the caller does

    def say(self, clip: Clip) -> int:
        """Speak; returns the sample at which the last word ends."""
        return self.carrier.say(clip) + clip.speech_end

    def hang_up(self) -> None:
        """Put the telephone down."""
        if self.carrier.state is not CarrierState.CLOSED:
            self.carrier.hang_up(self.now)
            self._carry()

    # Time

    async def until(self, done: Callable[[], bool], within_s: float) -> bool:
        """Let time pass until something is true; whether it became true in time.

        Raises:
            Whatever went wrong in the call: a core or the runner of functions let it out.
        """
        deadline = self.now + within_s
        steps, at = 0, self.now
        while True:
            self._step()
            if self._failure is not None:
                raise self._failure
            if done():
                return True
            if self.now >= deadline:
                return False
            await self._wait(min(self._next_at(), deadline))
            steps, at = (steps + 1, at) if self.now == at else (0, self.now)
            if steps > MOST_STEPS:
                raise RuntimeError("time does not pass any more")

    def stir(self) -> None:
        """Look again now whether what is waited for is true."""
        if self._stirred is not None and not self._stirred.done():
            self._stirred.set_result(None)

    def _next_at(self) -> float:
        carrier = self.carrier.next_timer()
        return min(
            self._agenda.next_at,
            self.model.next_at,
            inf if carrier is None else carrier,
            inf if self._timer is None else self._timer,
        )

    async def _wait(self, at: float) -> None:
        self._stirred = self._loop.create_future()
        alarm = self._loop.call_at(at, self.stir)
        await self._stirred
        alarm.cancel()

    def _step(self) -> None:
        now = self._agenda.now = self.now
        if self._agenda.next_at <= now:
            self._agenda.do()
        if self.model.next_at <= now:
            self.model.handle_timer()
        if self._timer is not None and self._timer <= now:
            self.call.handle_timer(now)
            self._perform()
        due = self.carrier.next_timer()
        if due is not None and due <= now:
            self.carrier.handle_timer(now)
            for frame in self.carrier.listen():
                if frame.loud_at is not None:
                    self.loud_until = frame.end
            self._carry()

    def _carry(self) -> None:
        """Bring what the carrier says to the call."""
        for output in self.carrier.outputs(self.now):
            match output:
                case SendText(text):
                    if self.call.phone_received(text, self.now):
                        self._perform()
                case CloseSocket():
                    self.call.phone_lost(self.now)
                    self._perform()
                case _:
                    assert_never(output)

    # What the line does

    def step_aside(self, then: Outcome) -> None:
        """The call leaves the line after the agent's next words, and ends so: they are taken."""
        self._then = then
        self.call.step_aside(AWAY_S, self.now, then=then, after_words=True)
        self._perform()

    def dial(self, keys: str) -> None:
        """The agent dials."""
        self.call.dial(keys, self.now)
        self._perform()

    def _passed_on(self) -> None:
        self.call.finish(self._then, self.now)
        self._perform()
        self.stir()

    # What the model's service does

    def connected(self, number: int) -> None:
        """A connection is open."""
        self.call.model_connected(number, self.now)
        self._perform()

    def received(self, number: int, frame: bytes) -> None:
        """A frame came."""
        if self.call.model_received(number, frame, self.now):
            self._perform()

    def lost(self, number: int, loss: Loss) -> None:
        """A connection is gone."""
        self.call.model_lost(number, loss, self.now)
        self._perform()

    # What the call does

    def _perform(self) -> None:
        for effect in self.call.effects(self.now):
            self._do(effect)
        self._timer = self.call.next_timer()

    def _do(self, effect: Effect) -> None:
        match effect:
            case ToPhone(frame):
                self.carrier.receive(frame, self.now)
            case ToModel() | OpenModel() | CloseModel():
                self._do_on_model(effect)
            case RunTool():
                self._tools[effect.id] = self._loop.create_task(self._run_tool(effect))
            case CancelTools(ids):
                for id in ids:
                    if (task := self._tools.pop(id, None)) is not None:
                        task.cancel()
            case SaveAudio() | Keep():
                pass
            case StepAside():
                self._loop.call_soon(self._passed_on)
            case HangUp(outcome):
                self._ended(outcome)
            case _:
                assert_never(effect)

    def _do_on_model(self, effect: ToModel | OpenModel | CloseModel) -> None:
        match effect:
            case ToModel(connection, frame):
                self.model.send(connection, frame)
            case OpenModel(connection):
                self.model.open(connection)
            case CloseModel(connection, code):
                self.model.close(connection, code)
            case _:
                assert_never(effect)

    async def _run_tool(self, effect: RunTool) -> None:
        try:
            response = await self._run(effect.id, effect.name, effect.args, effect.key)
            self._agenda.now = self.now
            self._tools.pop(effect.id, None)
            self.call.tool_finished(effect.id, response, self.now)
            self._perform()
        except Exception as error:  # the test that waits for the call raises it
            self._failure = error
        self.stir()

    def _ended(self, outcome: Outcome) -> None:
        self.outcome, self.ended_at = outcome, self.now
        self.carrier.peer_closed(self.now)
