"""The service behind the routes: who answers, how many at once, and the calls that run now."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import random
from typing import Protocol

import structlog

from agent.call.core import Call
from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.gemini.session import LiveSession
from agent.observe.logs import call_bound
from agent.observe.record import log_call_ended
from agent.service.connection import Dialler
from agent.service.opening import Opening, read_opening
from agent.service.phrase_cache import PhraseCache
from agent.service.recording_file import recorded, recording_path
from agent.service.settings import Settings
from agent.service.sockets import PhoneSocket, close
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant, ReadyTenants
from agent.telephony.leg import Started
from agent.telephony.twilio.stream import MediaStream
from agent.tools.context import CallContext
from agent.tools.journal import Journal
from agent.tools.runner import ToolRunner

DRAIN_S = 15.0
"""How long calls may take to end politely when the service stops."""
EFFECTS_S = 3.0
"""How long functions that have begun may then take; what came of later ones is unknown."""

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
KNOWN_CALLERS = 10_000

_log = structlog.stdlib.get_logger()


class CallObserver(Protocol):
    """Watches calls from inside the process: the demo's screen, a test."""

    def began(self, call: Call) -> None:
        """A call is about to run; its `timeline` grows from now on."""
        ...

    def ended(self, call: Call, report: CallReport) -> None:
        """A call is over."""
        ...


@dataclass(frozen=True, slots=True)
class RunningCall:
    """A call that runs now."""

    tenant: str
    supervisor: CallSupervisor


class Service:
    """Answers calls with tenants' agents, within limits.

    Attributes:
        settings: of the whole service.
        tenants: who can answer.
        running: calls that run now, by the carrier's stream id.
        draining: no call is taken any more.
        counters: calls answered and refused, by reason.
        phrases: what the tenants' voices have said for the cover.
    """

    def __init__(
        self,
        settings: Settings,
        tenants: ReadyTenants,
        dialler: Dialler,
        observer: CallObserver | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.settings = settings
        self.tenants = tenants
        self.running: dict[str, RunningCall] = {}
        self.counters: Counter[str] = Counter()
        self.phrases = PhraseCache(settings.data / "phrases")
        self._dialler = dialler
        self._observer = observer
        self.draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._callers: OrderedDict[str, str] = OrderedDict()
        self._runners: Mapping[str, ToolRunner] = {
            name: ToolRunner(ready.tools, journal) for name, ready in tenants.by_name.items()
        }

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

    def remember_caller(self, call_id: str, caller: str) -> None:
        """Note a caller's number from the webhook, for the media socket that follows."""
        self._callers[call_id] = caller
        while len(self._callers) > KNOWN_CALLERS:
            self._callers.popitem(last=False)

    def _caller_of(self, started: Started) -> str | None:
        """The caller's number: from the signed webhook; a stream is believed on loopback only."""
        number = self._callers.pop(started.call_id, None)
        if number is None and self.settings.insecure_local:
            return started.parameters.get("from")
        return number

    async def answer(self, phone: PhoneSocket) -> None:
        """Take a media socket from its upgrade to its close; never raises for what a peer does."""
        opening = await read_opening(phone)
        if isinstance(opening, str):
            await self._refuse(phone, opening, POLICY_VIOLATION)
            return
        ready = self.tenants.by_name.get(opening.started.parameters.get("tenant", ""))
        if ready is None:
            await self._refuse(phone, "unknown_tenant", POLICY_VIOLATION)
            return
        if (reason := self.refusal(ready)) is not None:
            await self._refuse(phone, reason, TRY_AGAIN_LATER)
            return
        if opening.started.stream_id in self.running:
            await self._refuse(phone, "stream_twice", POLICY_VIOLATION)
            return
        with call_bound(ready.tenant.tenant, opening.started.call_id):
            await self._run(phone, ready, opening)

    async def speak_phrases(self, *, wanted: bool) -> None:
        """Have the tenants' voices say the phrases of the cover, where they have not yet."""
        if wanted:
            prepared = [ready.prepared for ready in self.tenants.by_name.values()]
            await self.phrases.fill(prepared, self._dialler)

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
        await asyncio.gather(*(runner.close(EFFECTS_S) for runner in self._runners.values()))

    async def _refuse(self, phone: PhoneSocket, reason: str, code: int) -> None:
        self.counters[f"refused_{reason}"] += 1
        _log.warning("call.refused", reason=reason)
        await close(phone, code)

    async def _run(self, phone: PhoneSocket, ready: ReadyTenant, opening: Opening) -> None:
        name, started = ready.tenant.tenant, opening.started
        caller = self._caller_of(started)
        context = CallContext(name, started.call_id, caller, self.settings.data)
        prepared = ready.prepared
        session = LiveSession(
            prepared.setup_at(datetime.now(UTC)),
            prepared.profile,
            moves=self.settings.gemini.moves,
            random=random,
        )
        time = asyncio.get_running_loop().time
        plan = replace(prepared.plan, cover=self.phrases.cover(prepared))
        call = Call(plan, MediaStream(), session, time())
        run_tool = partial(self._runners[name].run, context=context)
        supervisor = CallSupervisor(call, phone, self._dialler, run_tool)
        path = recording_path(self.settings.data, name, started.call_id)
        key = started.stream_id
        self.running[key] = RunningCall(name, supervisor)
        self._idle.clear()
        self.counters["answered"] += 1
        try:
            if self._observer is not None:
                self._observer.began(call)
            async with recorded(path if ready.tenant.record.audio else None) as recording:
                await supervisor.run(opening.texts, recording)
        except Exception as error:
            self.counters["crashed"] += 1
            _log.error("call.crashed", exc_info=_cause(error))
        finally:
            del self.running[key]
            if not self.running:
                self._idle.set()
            call.tool_effects_doubled = self._runners[name].starts.doubled[started.call_id]
            report = call.report(time())
            if report.outcome is None:  # it did not end by itself: a crash, or we are cancelled
                report = replace(
                    report,
                    outcome=Outcome.FAILED,
                    call_id=started.call_id,
                    stream_id=started.stream_id,
                )
            log_call_ended(report, caller=caller)
            if self._observer is not None:
                self._observer.ended(call, report)


def _cause(error: BaseException) -> BaseException:
    """The error itself, out of the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
