"""The service behind the routes: who answers, how many at once, and the calls that run now."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import random
from secrets import token_urlsafe

import structlog

from agent.call.core import Call
from agent.call.effects import Outcome
from agent.gemini.session import LiveSession
from agent.observe.logs import call_bound
from agent.observe.record import log_call_ended
from agent.service.connection import Dialler
from agent.service.lookups import Lookups
from agent.service.opening import Opening, read_opening
from agent.service.phrase_cache import PhraseCache
from agent.service.recording_file import recorded, recording_path
from agent.service.reload import TenantStore, rewritten
from agent.service.retention import delete_regularly
from agent.service.runners import Runners
from agent.service.running import Caller, CallObserver, Observers, RunningCall
from agent.service.settings import Settings
from agent.service.sockets import PhoneSocket, close
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant, ReadyTenants
from agent.telephony.leg import Started
from agent.telephony.twilio.stream import MediaStream
from agent.telephony.twilio.ticket import Tickets, Verdict
from agent.tools.context import CallContext
from agent.tools.journal import Journal

DRAIN_S = 15.0
"""How long calls may take to end politely when the service stops."""
EFFECTS_S = 3.0
"""How long functions that have begun may then take; what came of later ones is unknown."""

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
KNOWN_CALLERS = 10_000

_log = structlog.stdlib.get_logger()


class Service:
    """Answers calls with tenants' agents, within limits.

    Attributes:
        settings: of the whole service.
        running: calls that run now, by the carrier's stream id.
        draining: no call is taken any more.
        counters: calls answered and refused, by reason.
        phrases: what the tenants' voices have said for the cover.
        tickets: for the media sockets that the carrier is sent to.
    """

    def __init__(
        self,
        settings: Settings,
        store: TenantStore,
        dialler: Dialler,
        observers: Sequence[CallObserver] = (),
        journal: Journal | None = None,
    ) -> None:
        self.settings = settings
        self.running: dict[str, RunningCall] = {}
        self.counters: Counter[str] = Counter()
        self.phrases = PhraseCache(settings.data / "phrases")
        self._store = store
        self._dialler = dialler
        self._observers = Observers(observers)
        self.draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.tickets = Tickets(partial(token_urlsafe, 16))
        self._callers: OrderedDict[str, Caller] = OrderedDict()
        self._runners = Runners(journal)
        self._lookups = Lookups(self.counters)

    @property
    def tenants(self) -> ReadyTenants:
        """Who answers the next call; a call that has begun keeps who answered it."""
        return self._store.current

    def refusal(self, ready: ReadyTenant) -> str | None:
        """Why a further call of this tenant cannot be taken now; None when it can."""
        if self.draining:
            return "draining"
        if len(self.running) >= self.settings.calls:
            return "service_full"
        name = ready.tenant.tenant
        if (
            sum(call.tenant == name for call in self.running.values())
            >= ready.tenant.limits.concurrent
        ):
            return "tenant_full"
        return None

    async def announced(self, ready: ReadyTenant, call_id: str, number: str | None) -> None:
        """The webhook tells of a call: note who it is, for the media socket that follows.

        Returns when all is known of him that the tenant has looked up; until then, it rings.
        """
        facts: Mapping[str, str] = {}
        if (lookup := ready.tenant.lookup) is not None:
            context = CallContext(ready.tenant.tenant, call_id, number, self.settings.data)
            runner = self._runners.of(ready)
            facts = await self._lookups.look_up(lookup, runner.run, context)
        self._callers[call_id] = Caller(number, facts)
        while len(self._callers) > KNOWN_CALLERS:
            self._callers.popitem(last=False)

    async def _announced_by_itself(self, ready: ReadyTenant, started: Started) -> None:
        """A stream on loopback, which may have had no webhook: its line is silent meanwhile."""
        if started.call_id not in self._callers:
            await self.announced(ready, started.call_id, started.parameters.get("from"))

    def _caller_of(self, started: Started) -> Caller:
        """The caller: from the signed webhook; a stream is believed on loopback only."""
        caller = self._callers.pop(started.call_id, None)
        if caller is not None:
            return caller
        return Caller(started.parameters.get("from") if self.settings.insecure_local else None)

    async def answer(self, phone: PhoneSocket, *, ticketed: bool) -> None:
        """Take a media socket from its upgrade to its close; never raises for what a peer does.

        Args:
            ticketed: its `start` must bring the ticket that the webhook gave out for this call.
        """
        opening = await read_opening(phone)
        if isinstance(opening, str):
            await self._refuse(phone, opening, POLICY_VIOLATION)
            return
        if ticketed and (worth := self._worth_of(opening.started)) is not Verdict.VALID:
            await self._refuse(phone, worth.value, POLICY_VIOLATION)
            return
        ready = self.tenants.by_name.get(opening.started.parameters.get("tenant", ""))
        if ready is None:
            await self._refuse(phone, "unknown_tenant", POLICY_VIOLATION)
            return
        if ready.tenant.lookup is not None and self.settings.insecure_local:
            await self._announced_by_itself(ready, opening.started)
        if (reason := self.refusal(ready)) is not None:
            await self._refuse(phone, reason, TRY_AGAIN_LATER)
            return
        if opening.started.stream_id in self.running:
            await self._refuse(phone, "stream_twice", POLICY_VIOLATION)
            return
        with call_bound(ready.tenant.tenant, opening.started.call_id):
            await self._run(phone, ready, opening)

    def _worth_of(self, started: Started) -> Verdict:
        """What the ticket of a stream is worth; it is spent by this."""
        given = started.parameters
        now = asyncio.get_running_loop().time()
        ticket, tenant = given.get("ticket", ""), given.get("tenant", "")
        return self.tickets.redeem(ticket, started.call_id, tenant, now)

    async def speak_phrases(self, *, wanted: bool) -> None:
        """Have the tenants' voices say the phrases of the cover, now and when tenants change."""
        if not wanted:
            return
        async with asyncio.TaskGroup() as work:
            prepared = [p for ready in self.tenants.by_name.values() for p in ready.all_prepared]
            work.create_task(self.phrases.fill(prepared, self._dialler))
            async for before, after in self._store.generations():
                if new := [p for ready in rewritten(before, after) for p in ready.all_prepared]:
                    work.create_task(self.phrases.fill(new, self._dialler))

    async def delete_recordings(self) -> None:
        """Delete recordings that their tenants no longer keep, now and every hour."""

        def kept() -> dict[str, float]:
            records = {name: ready.tenant.record for name, ready in self.tenants.by_name.items()}
            return {name: record.keep for name, record in records.items() if record.keep}

        def in_use(path: Path) -> bool:
            return any(call.recording == path for call in list(self.running.values()))

        def deleted(n: int) -> None:
            self.counters["recordings_deleted"] += n

        await delete_regularly(self.settings.data, kept, in_use, deleted)

    async def drain(self) -> None:
        """Take no more calls and end those that run, politely, within `DRAIN_S`."""
        self.draining = True
        for call in list(self.running.values()):
            call.supervisor.finish(Outcome.SHUTDOWN)
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("service.drain_timed_out", calls=len(self.running))
        await self._runners.close(EFFECTS_S)
        await self._lookups.close()

    async def _refuse(self, phone: PhoneSocket, reason: str, code: int) -> None:
        self.counters[f"refused_{reason}"] += 1
        _log.warning("call.refused", reason=reason)
        await close(phone, code)

    async def _run(self, phone: PhoneSocket, ready: ReadyTenant, opening: Opening) -> None:
        name, started = ready.tenant.tenant, opening.started
        caller = self._caller_of(started)
        now = datetime.now(UTC)
        context = CallContext(name, started.call_id, caller.number, self.settings.data)
        prepared = ready.prepared_at(now).told(caller.facts)
        session = LiveSession(
            prepared.setup_at(now),
            prepared.profile,
            moves=self.settings.gemini.moves,
            random=random,
        )
        time = asyncio.get_running_loop().time
        plan = replace(prepared.plan, cover=self.phrases.cover(prepared))
        call = Call(plan, MediaStream(), session, time())
        runner = self._runners.of(ready)
        run_tool = partial(runner.run, context=context)
        supervisor = CallSupervisor(call, phone, self._dialler, run_tool)
        path = None
        if ready.tenant.record.audio:
            path = recording_path(self.settings.data, name, started.call_id)
        running = RunningCall(
            started.call_id,
            started.stream_id,
            ready,
            call,
            supervisor,
            path,
            caller,
            now,
            parameters=dict(started.parameters),
        )
        key = started.stream_id
        self.running[key] = running
        self._idle.clear()
        self.counters["answered"] += 1
        try:
            self._observers.began(running)
            async with recorded(path) as recording:
                await supervisor.run(opening.texts, recording)
        except Exception as error:
            self.counters["crashed"] += 1
            _log.error("call.crashed", exc_info=_cause(error))
        finally:
            del self.running[key]
            if not self.running:
                self._idle.set()
            call.tool_effects_doubled = runner.starts.doubled[started.call_id]
            report = call.report(time())
            if report.outcome is None:  # it did not end by itself: a crash, or we are cancelled
                report = replace(
                    report,
                    outcome=Outcome.FAILED,
                    call_id=started.call_id,
                    stream_id=started.stream_id,
                )
            log_call_ended(report, caller=caller.number)
            self._observers.ended(running, report)


def _cause(error: BaseException) -> BaseException:
    """The error itself, out of the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
