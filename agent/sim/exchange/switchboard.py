"""The exchange on a network: its requests, its media sockets, its REST API; the shell around it.

    async with switchboard(account) as board:
        board.exchange.add_number("+15550100100", f"{service}/twilio/voice")
        report = await board.call("+15550123456", "+15550100100", script)

It connects like the carrier does: no origin, no extensions, no cookies, its user agents.

Source: docs/protocols/twilio.md 1.1, 3.1 and 9 (E1, E2, E5, E7, E10, E20).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final, assert_never

import aiohttp

from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.attachment import attached
from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import CallStatus
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.network import (
    Network,
    NotOpened,
    break_connection,
    network,
    transport_of,
)
from agent.sim.exchange.plan import Account, Break, CallOptions, Hold, StreamHold, World
from agent.sim.exchange.rest_faults import RestFaults
from agent.sim.exchange.rest_server import serving
from agent.sim.exchange.signals import (
    BreakSocket,
    DropSocket,
    Effect,
    HoldSocket,
    OpenSocket,
    Request,
)
from agent.sim.exchange.streams import CLOSED_BY_SERVICE
from agent.sim.phone import CLOSE_TIMEOUT_S
from agent.sim.phone_line import PhoneLine
from agent.sim.phone_report import PhoneReport
from agent.sim.script import Script
from agent.sim.wheel import Spoke, TimerWheel

PARTING_S: Final = 3.0
"""How long calls and callbacks may take to end when the exchange closes."""


class Switchboard:
    """An exchange that is connected; made by `switchboard`.

    Attributes:
        exchange: the core.
        faults: of the REST API.
        url: of the REST API, once it listens.
    """

    def __init__(
        self,
        exchange: Exchange,
        connected: Network,
        tasks: asyncio.TaskGroup,
        wheel: TimerWheel,
    ) -> None:
        self.exchange = exchange
        self.faults = RestFaults()
        self.url = ""
        self.spoke = Spoke(self._tick, exchange.next_timer)
        self._network, self._tasks, self._wheel = connected, tasks, wheel
        self._sockets: dict[str, tuple[PhoneLine, aiohttp.ClientWebSocketResponse]] = {}
        self._dialling: dict[str, asyncio.Task[None]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._waiting: list[tuple[Leg, asyncio.Future[None]]] = []
        self._time = asyncio.get_running_loop().time

    async def call(
        self, from_: str, to: str, script: Script, options: CallOptions | None = None
    ) -> PhoneReport:
        """Let somebody call a number of the account, and wait until that is over.

        Returns:
            What they heard, from the first ring on; `failure` says what went wrong.
        """
        leg = self.begin(from_, to, script, options)
        await self.over(leg)
        return self.report(leg)

    def begin(self, from_: str, to: str, script: Script, options: CallOptions | None = None) -> Leg:
        """Let somebody call a number of the account."""
        leg = self.exchange.call_in(from_, to, script, self._time(), options)
        self.perform()
        return leg

    async def over(self, leg: Leg) -> None:
        """Wait until a call is over and its last requests are answered."""
        if not leg.over:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append((leg, waiting))
            await waiting
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is under way: no request, and no socket being closed."""
        while self._working:
            await asyncio.wait(set(self._working))

    def report(self, leg: Leg) -> PhoneReport:
        """What the party of a call said and heard, and what went wrong."""
        report = leg.report()
        report.started_at_utc = self.exchange.desk.epoch + report.started_at
        report.lateness_s = list(self.spoke.lateness_s)
        report.close_code = next(
            (
                note.values["code"]
                for note in reversed(self.exchange.notes)
                if note.call == leg.sid and note.name == "stream.ended"
            ),
            None,
        )
        wrong = [
            f"{code}: {detail}"
            for code, detail, sid in self.exchange.errors
            if sid == leg.sid and code != CLOSED_BY_SERVICE
        ]
        if report.failure is not None and wrong:
            report.failure = f"{report.failure} ({'; '.join(wrong)})"
        return report

    def perform(self) -> None:
        """Do what the exchange wants done; call it after anything was done to it."""
        while effects := self.exchange.effects():
            for effect in effects:
                self._do(effect)
        now = self._time()
        for held, _ in list(self._sockets.values()):
            held.flush(now)
        self._wheel.schedule(self.spoke)
        for leg, waiting in self._waiting:
            if leg.over and not waiting.done():
                waiting.set_result(None)
        self._waiting = [(leg, waiting) for leg, waiting in self._waiting if not waiting.done()]

    def _do(self, effect: Effect) -> None:
        match effect:
            case Request():
                self._start(self._ask(effect))
            case OpenSocket(second=True):
                self._start(self._dial_second(effect))
            case OpenSocket():
                self._dialling[effect.ids.stream_sid] = self._start(self._dial(effect))
            case BreakSocket(stream, how):
                self._break(stream, how)
            case HoldSocket(stream, plan):
                self._hold_up(stream, plan)
            case DropSocket(stream):
                self._drop(stream)
            case _:
                assert_never(effect)

    async def end(self) -> None:
        """Hang up whatever is left, and let what is under way come to its end, for a while."""
        for leg in self.exchange.legs.values():
            leg.end(CallStatus.COMPLETED)
        self.exchange.settle(self._time())
        self.perform()
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                await self.quiet()
        for task in self._working:
            task.cancel()

    def _tick(self, now: float) -> None:
        self.exchange.handle_timer(now)
        self.perform()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _ask(self, request: Request) -> None:
        outcome = await self._network.ask(request)
        self.exchange.answered(request.token, outcome, self._time())
        self.perform()

    async def _dial(self, wanted: OpenSocket) -> None:
        ids = wanted.ids
        try:
            ws = await self._network.dial(wanted)
        except NotOpened as why:
            self.exchange.socket_refused(ids, why.code, str(why), self._time())
            self.perform()
            return
        finally:
            self._dialling.pop(ids.stream_sid, None)
        try:
            await self._hold(ws, ids)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await ws.close()

    async def _hold(self, ws: aiohttp.ClientWebSocketResponse, ids: CallIds) -> None:
        """Keep a stream's socket until it is gone."""
        exchange, leg = self.exchange, self.exchange.legs[ids.call_sid]
        exchange.socket_opened(ids, self._time())

        def lost(now: float) -> None:
            exchange.socket_lost(ids, ws.close_code, now)

        party = attached(leg, ids, lost)
        if party is None:
            self.perform()  # the call has ended, or went elsewhere, at this very moment
            return
        held = PhoneLine(ws, party, self._wheel, spoke=self.spoke, pings=leg.pings)
        self._sockets[ids.stream_sid] = held, ws
        try:
            self.perform()
            await held.run()
        finally:
            del self._sockets[ids.stream_sid]
            self.perform()

    async def _dial_second(self, wanted: OpenSocket) -> None:
        code = await self._network.dial_second(wanted)
        ids = wanted.ids
        self.exchange.desk.note(ids.call_sid, "second_socket", stream=ids.stream_sid, code=code)

    def _break(self, stream: str, how: Break) -> None:
        if stream in self._sockets:
            held, ws = self._sockets[stream]
            held.freeze()
            break_connection(ws, how)

    def _hold_up(self, stream: str, plan: StreamHold) -> None:
        if stream in self._sockets:
            held, _ = self._sockets[stream]
            match plan.how:
                case Hold.STALL:
                    held.stall(plan.for_s, plan.keeps_s)
                case Hold.DEAF:
                    held.turn_deaf(plan.for_s)
                case _:
                    assert_never(plan.how)

    def _drop(self, stream: str) -> None:
        if (dialling := self._dialling.pop(stream, None)) is not None:
            dialling.cancel()
        if stream in self._sockets:
            held, ws = self._sockets[stream]
            held.listen()
            transport = transport_of(ws)
            if transport is not None:
                transport.abort()


@asynccontextmanager
async def switchboard(
    account: Account,
    world: World | None = None,
    *,
    reach: Mapping[str, str] | None = None,
    seed: int = 0,
    port: int | None = None,
) -> AsyncIterator[Switchboard]:
    """Open an exchange; when the block ends, its calls are over and nothing of it is left.

    Args:
        reach: see `Network`.
        seed: sids and tokens are drawn from it.
        port: where the REST API listens on loopback, 0 for any free one; None: nowhere.
    Raises:
        OSError: it cannot listen there.
    """
    epoch = time.time() - asyncio.get_running_loop().time()
    exchange = Exchange(account, world, epoch=epoch, seed=seed)
    failure: Exception | None = None
    async with network({} if reach is None else reach) as connected:
        async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
            wheel = TimerWheel()
            stack.callback(tasks.create_task(wheel.turn()).cancel)
            board = Switchboard(exchange, connected, tasks, wheel)
            try:
                if port is not None:
                    board.url = await stack.enter_async_context(serving(board, port))
                    exchange.desk.api_url = board.url
                yield board
            except Exception as error:  # raised again below, once all has ended
                failure = error
            finally:
                await board.end()
        if failure is not None:
            raise failure
