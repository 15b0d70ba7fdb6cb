"""The calls of one process, through the carrier's exchange; the shell around its cores.

Every call has an exchange of its own, so that what one call does costs the others nothing; they
share a timer wheel, a way into the network, and the sounds that are said.

Source: docs/protocols/twilio.md 9 (E21).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.network import Network, network
from agent.sim.exchange.plan import Account, CallOptions
from agent.sim.exchange.switchboard import Switchboard
from agent.sim.load_plan import Job
from agent.sim.load_result import CallResult, Lateness, result_of
from agent.sim.wheel import TimerWheel, on_grid

LOOK_S = 1.0


class Progress(Struct, frozen=True, tag=True):
    """Where a run stands: calls that began, that go on, that were refused, that failed."""

    placed: int = 0
    up: int = 0
    refused: int = 0
    failed: int = 0

    def __add__(self, other: Progress) -> Progress:
        """Both together."""
        return Progress(
            self.placed + other.placed,
            self.up + other.up,
            self.refused + other.refused,
            self.failed + other.failed,
        )


class LoadBank:
    """Callers of one process; made by `load_bank`.

    Args:
        epoch: seconds since 1970 at the loop's time 0.

    Attributes:
        results: of the calls that are over.
        lateness: of all callers so far, up to a second ago.
    """

    def __init__(
        self,
        job: Job,
        connected: Network,
        tasks: asyncio.TaskGroup,
        wheel: TimerWheel,
        epoch: float,
    ) -> None:
        self.results: list[CallResult] = []
        self.lateness = Lateness()
        self._job, self._network, self._tasks, self._wheel = job, connected, tasks, wheel
        self._epoch = epoch
        self._account = Account(job.account, job.token)
        self._script = job.script()
        self._live: dict[int, tuple[Switchboard, Leg]] = {}
        self._stopped = asyncio.Event()
        self._time = asyncio.get_running_loop().time

    def progress(self) -> Progress:
        """Where it stands now."""
        outcomes = [result.outcome for result in self.results]
        placed = len(outcomes) + len(self._live)
        return Progress(
            placed, len(self._live), outcomes.count("refused"), outcomes.count("failed")
        )

    async def run(self) -> None:
        """Place the calls, and wait until all are over."""
        began = on_grid(self._time())
        async with asyncio.TaskGroup() as calls:
            for number in self._job.numbers():
                calls.create_task(self._call(number, began))

    def stop(self) -> None:
        """Place no more calls, and hang up those that go on."""
        self._stopped.set()
        for board, leg in list(self._live.values()):
            _hang_up(board, leg, self._time())

    def look(self) -> None:
        """Take over how late the callers were, and let go of what nobody asks for."""
        for board, leg in self._live.values():
            self._take_lateness(board)
            if leg.line is not None:
                leg.line.leads_s.clear()
                leg.line.mark_waits_s.clear()

    async def _call(self, number: int, began: float) -> None:
        job = self._job
        begins = on_grid(began + job.starts_s(number))
        try:
            async with asyncio.timeout_at(begins):
                await self._stopped.wait()
            return
        except TimeoutError:
            pass
        board, leg = self._begin(number, begins)
        try:
            async with asyncio.timeout_at(begins + job.lasts_s):
                await board.over(leg)
        except TimeoutError:
            _hang_up(board, leg, self._time())
        await board.end()
        del self._live[number]
        self._take_lateness(board)
        cut_short = self._stopped.is_set()
        self.results.append(
            result_of(number, begins - began, board.exchange, leg, cut_short=cut_short)
        )

    def _begin(self, number: int, begins: float) -> tuple[Switchboard, Leg]:
        job = self._job
        seed = job.call_seed(number)
        exchange = Exchange(self._account, epoch=self._epoch, seed=seed)
        board = Switchboard(exchange, self._network, self._tasks, self._wheel)
        exchange.add_number(job.to, job.voice, status_callback=job.status)
        options = CallOptions(seed=seed, keep_audio=False)
        leg = exchange.call_in(job.caller(number), job.to, self._script, begins, options)
        self._live[number] = board, leg
        board.perform()
        return board, leg

    def _take_lateness(self, board: Switchboard) -> None:
        self.lateness.add(board.spoke.lateness_s)
        board.spoke.lateness_s.clear()


@asynccontextmanager
async def load_bank(job: Job, epoch: float) -> AsyncIterator[LoadBank]:
    """Open a bank; when the block ends, no task or socket of it is left."""
    reach = {} if job.public == job.service else {job.public: job.service}
    async with network(reach) as connected, asyncio.TaskGroup() as tasks:
        wheel = TimerWheel()
        bank = LoadBank(job, connected, tasks, wheel, epoch)
        helpers = [tasks.create_task(wheel.turn()), tasks.create_task(_look(bank))]
        try:
            yield bank
        finally:
            for helper in helpers:
                helper.cancel()


async def _look(bank: LoadBank) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        bank.look()


def _hang_up(board: Switchboard, leg: Leg, now: float) -> None:
    """Let the caller hang up, wherever the call stands."""
    if leg.over or leg.line is None:
        return
    leg.line.hang_up(now)
    board.exchange.handle_timer(now)
    board.perform()
