"""The lives of calls: each is made, lived to its end by its supervisor, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from secrets import randbits
from typing import TYPE_CHECKING

import structlog

from agent import __version__
from agent.call.effects import Outcome
from agent.call.tape import SEED_BITS, Began
from agent.observe.call_record import call_record
from agent.observe.record import log_call_ended
from agent.service.connection import Dialler
from agent.service.continuation import Fate
from agent.service.kept import Keeper, Kept
from agent.service.line import Line
from agent.service.opening import Opening
from agent.service.runners import Runners
from agent.service.running import Direction, Observers, RunningCall
from agent.service.sockets import PhoneSocket
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant
from agent.service.transfer_fallback import lay_ready
from agent.tools.context import CallContext
from agent.tools.runner import ToolRunner

if TYPE_CHECKING:
    from agent.service.service import Service

REATTACH_S = 20.0
"""How long a call waits for the carrier to bring it back when its socket broke."""
FATE_S = 1.0
"""How long it may take to record how a call ended, while the caller hears silence."""

ABRUPT = frozenset({Outcome.FAILED, Outcome.PHONE_LOST, Outcome.PHONE_PROTOCOL})
"""Ends without last words;"""
GONE = frozenset({Outcome.CALLER_HUNG_UP, Outcome.TRANSFERRED, Outcome.VOICEMAIL})
"""and those after which nobody waits for any."""

_log = structlog.stdlib.get_logger()


class Lives:
    """Those of one service.

    Attributes:
        idle: no call runs.
    """

    def __init__(
        self, service: Service, dialler: Dialler, runners: Runners, observers: Observers
    ) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self._service = service
        self._dialler = dialler
        self._runners = runners
        self._observers = observers
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Calls live in here: they outlive their sockets, but not the service."""
        async with asyncio.TaskGroup() as self._calls:
            yield
            for task in self._tasks:  # those that the drain could not end
                task.cancel()

    def begin(
        self, phone: PhoneSocket, ready: ReadyTenant, opening: Opening, *, ticketed: bool
    ) -> RunningCall:
        """Make a call, which lives from now on.

        Args:
            ticketed: the carrier brings it back when it has lost its socket.
        """
        name, started = ready.tenant.tenant, opening.started
        caller = self._service.caller_of(started)
        now = datetime.now(UTC)
        line = Line(self._service, ready, started.call_id, caller)
        context = CallContext(
            name,
            started.call_id,
            caller.number,
            self._service.settings.data,
            sip_headers=caller.sip_headers,
            control=line,
        )
        prepared = ready.prepared_at(now)
        time = asyncio.get_running_loop().time
        placed = self._service.placed.pop(started.call_id, None)
        if placed is not None:
            prepared = prepared.saying(placed.greeting, placed.instructions)
        prepared = prepared.told(caller.facts)
        direction: Direction = "inbound" if placed is None else "outbound"
        began = Began(
            at=time(),
            at_utc=now.isoformat(timespec="milliseconds"),
            version=__version__,
            call_id=started.call_id,
            seed=randbits(SEED_BITS),
            plan=replace(
                prepared.plan,
                reattach_s=REATTACH_S if ticketed else 0.0,
                cover=self._service.phrases.cover(prepared),
                prices=self._service.spending.prices_of(
                    ready.tenant, prepared.setup.model, direction, caller.number
                ),
                shield_s=0.0 if placed is None else placed.shield_s,
                message=None if placed is None else placed.message,
                to_machine=placed is not None and placed.to_machine,
            ),
            setup=prepared.setup_at(now),
            profile=prepared.profile,
            moves=self._service.settings.gemini.moves,
        )
        ours = self._service.settings
        keeper = Keeper(ours.data, ours.wire_keys, self._service.rest, self._service.counters)
        kept = Kept(keeper, ready.tenant, began)
        call = kept.call
        runner = self._runners.of(ready)
        context = replace(context, private=lambda: call.private)
        run_tool = partial(runner.run, context=context)
        supervisor = CallSupervisor(call, phone, self._dialler, run_tool)
        supervisor.keep = kept.keep
        running = RunningCall(
            started.call_id,
            started.stream_id,
            ready,
            call,
            supervisor,
            kept.recording,
            caller,
            now,
            direction,
            wire=kept.wire,
            generation=self._service.tenant_store.generation,
            news=partial(self._service.facts.of, started.call_id),
            parameters=dict(started.parameters),
        )
        supervisor.ended = partial(self._ended, running)
        self._service.running[running.id] = running
        self.idle.clear()
        self._service.counters["answered"] += 1
        task = self._calls.create_task(self._live(running, kept, runner, opening))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return running

    async def _live(
        self, running: RunningCall, kept: Kept, runner: ToolRunner, opening: Opening
    ) -> None:
        """Live a call to its end, and tell of it."""
        try:
            with _harmless(self._crashed):
                self._observers.began(running)
                async with kept.opened() as recording:
                    await running.supervisor.run(opening.texts, recording)
        finally:
            with _harmless(self._crashed):
                await self._over(running, runner)

    def _crashed(self, error: Exception) -> None:
        self._service.counters["crashed"] += 1
        _log.error("call.crashed", exc_info=_cause(error))

    async def _over(self, running: RunningCall, runner: ToolRunner) -> None:
        call = running.call
        if call.outcome is None:
            await self._ended(running, Outcome.FAILED)
        del self._service.running[running.id]
        if not self._service.running:
            self.idle.set()
        call.tool_effects_doubled = runner.starts.doubled[running.id]
        report = call.report(asyncio.get_running_loop().time())
        if report.outcome is None:  # it did not end by itself: a crash, or we are cancelled
            report = replace(
                report,
                outcome=Outcome.FAILED,
                call_id=running.id,
                stream_id=running.stream_id,
            )
        log_call_ended(call_record(running, report, datetime.now(UTC)))
        self._observers.ended(running, report)

    async def _ended(self, running: RunningCall, outcome: Outcome) -> None:
        """A call ends, and its socket is about to be closed: note it, since the carrier asks."""
        abrupt = running.call.away or outcome in ABRUPT
        fate = Fate(running.tenant, outcome, abrupt and outcome not in GONE)
        with _harmless(_not_recorded):
            lay_ready(self._service, running, outcome)
            async with asyncio.timeout(FATE_S):
                await self._service.fates.record(running.id, fate)


def _not_recorded(error: Exception) -> None:
    _log.error("call.fate_not_recorded", exc_info=error)


@contextmanager
def _harmless(tell: Callable[[Exception], None]) -> Iterator[None]:
    """The top of one call: what goes wrong in a part of its life harms no other, but is told."""
    try:
        yield
    except Exception as error:
        tell(error)


def _cause(error: BaseException) -> BaseException:
    """The error itself, out of the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
