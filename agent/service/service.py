"""The service behind the routes: who answers, how many at once, and the calls that run now."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from secrets import token_urlsafe

import structlog
from aiohttp import web

from agent.call.effects import Outcome
from agent.observe.prices import read_prices
from agent.service.carrier_facts import CarrierFacts
from agent.service.connection import Dialler
from agent.service.continuation import (
    MOST_CALLS,
    Attempts,
    Fates,
    MemoryFates,
)
from agent.service.inbound_rates import InboundRates
from agent.service.latest import Latest
from agent.service.lives import Lives
from agent.service.lookups import Lookups
from agent.service.media_sockets import MediaSockets
from agent.service.missed import MissedCalls
from agent.service.phrase_cache import PhraseCache
from agent.service.refusals import Refusals
from agent.service.reload import TenantStore
from agent.service.runners import Runners
from agent.service.running import Caller, CallObserver, Observers, Placed, RunningCall
from agent.service.settings import Settings
from agent.service.sockets import PhoneSocket
from agent.service.spending import Spending
from agent.service.spending_file import FILE_NAME, SpendingFile
from agent.service.tenant_files import ReadyTenant, ReadyTenants
from agent.service.transfers import Transfers
from agent.service.twilio_rest import TwilioRest
from agent.service.upkeep import delete_recordings, speak_phrases
from agent.service.voicemail import Voicemails
from agent.telephony.leg import Started
from agent.telephony.twilio.ticket import Tickets
from agent.tools.context import CallContext
from agent.tools.journal import Journal

DRAIN_S = 15.0
"""How long calls may take to end politely when the service stops."""
EFFECTS_S = 3.0
"""How long functions that have begun may then take; what came of later ones is unknown."""

KNOWN_CALLERS = 10_000

_log = structlog.stdlib.get_logger()


class Service:
    """Answers calls with tenants' agents, within limits.

    Attributes:
        settings: of the whole service.
        running: calls that run now, by the carrier's call id.
        draining: no call is taken any more.
        counters: calls answered and refused, by reason.
        refusals: requests of strangers.
        phrases: what the tenants' voices have said for the cover.
        tickets: for the media sockets that the carrier is sent to.
        ringing: counts calls of each tenant that we placed and that may be answered any moment:
            their lines are kept.
        placed: calls that we placed and that have not begun, by the carrier's call id.
        after_stream: documents that the carrier is given when it asks what next, by call id, once.
        rates: how often callers call.
        fates: how the latest calls ended.
        attempts: how often they have come back.
        spending: the money of all calls.
        rest: requests to the carrier; None: there is no account to make them for.
        transfers: calls that are passed on.
        voicemails: messages that callers leave on the carrier's recording.
        facts: what the carrier has told of the latest calls.
        missed: calls that never come to the agent.
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
        self.refusals = Refusals(self.counters, asyncio.get_running_loop().time)
        self.phrases = PhraseCache(settings.data / "phrases")
        self._store = store
        self._dialler = dialler
        self.spending = Spending(
            read_prices(settings.prices),
            settings.gemini.surface,
            SpendingFile(settings.data / FILE_NAME),
        )
        self.facts = CarrierFacts()
        self.missed = MissedCalls(self)
        self.transfers = Transfers(self)
        self.voicemails = Voicemails(settings.data, self.counters)
        self.draining = False
        self.ringing: Callable[[], Counter[str]] = Counter
        self.tickets = Tickets(partial(token_urlsafe, 16))
        self.after_stream: dict[str, str] = Latest(MOST_CALLS)
        self.placed: dict[str, Placed] = Latest(MOST_CALLS)
        self.rates = InboundRates()
        self.fates: Fates = MemoryFates()
        self.attempts = Attempts()
        self._callers: OrderedDict[str, Caller] = OrderedDict()
        self._runners = Runners(journal)
        self._lookups = Lookups(self.counters)
        watching = Observers((*observers, self.facts, self.missed, self.spending, self.transfers))
        self._lives = Lives(self, dialler, self._runners, watching)
        self._sockets = MediaSockets(self, self._lives)
        self.rest: TwilioRest | None = None

    @property
    def tenants(self) -> ReadyTenants:
        """Who answers the next call; a call that has begun keeps who answered it."""
        return self._store.current

    @property
    def tenant_store(self) -> TenantStore:
        """Their generations, and why the files as they are now were refused."""
        return self._store

    def is_our_account(self, account: str | None) -> bool:
        """Whether what the carrier tells us is about the account that we are set up for."""
        ours = self.settings.carrier
        if ours is None or account is None or self.settings.insecure_local:
            return True
        return account == ours.sid

    def call_of(self, call_id: str) -> RunningCall | None:
        """The call of this id that runs now, whether its phone is there or not."""
        return self.running.get(call_id)

    @property
    def detached(self) -> dict[str, RunningCall]:
        """Those of the running calls that are without their phone, by the carrier's call id."""
        return {id: running for id, running in self.running.items() if running.call.away}

    def refusal(self, ready: ReadyTenant) -> str | None:
        """Why a further call of this tenant cannot be taken now; None when it can."""
        if self.draining:
            return "draining"
        ringing, name = self.ringing(), ready.tenant.tenant
        if len(self.running) + ringing.total() >= self.settings.calls:
            return "service_full"
        lines = sum(call.tenant == name for call in self.running.values()) + ringing[name]
        if lines >= ready.tenant.limits.concurrent:
            return "tenant_full"
        return "spent" if self.spending.refuses(ready) else None

    async def announced(
        self, ready: ReadyTenant, call_id: str, number: str | None, about: Caller | None = None
    ) -> None:
        """The webhook tells of a call: note who it is, for the media socket that follows.

        Returns when all is known of him that the tenant has looked up; until then, it rings.

        Args:
            about: what else the webhook says of him.
        """
        about = about or Caller(number)
        facts: Mapping[str, str] = {}
        if (lookup := ready.tenant.lookup) is not None:
            context = CallContext(
                ready.tenant.tenant,
                call_id,
                number,
                self.settings.data,
                sip_headers=about.sip_headers,
            )
            runner = self._runners.of(ready)
            facts = await self._lookups.look_up(lookup, runner.run, context)
        self._callers[call_id] = replace(about, facts={**about.facts, **facts})
        while len(self._callers) > KNOWN_CALLERS:
            self._callers.popitem(last=False)

    async def announced_by_itself(self, ready: ReadyTenant, started: Started) -> None:
        """A stream on loopback, which may have had no webhook: its line is silent meanwhile."""
        if started.call_id not in self._callers and started.call_id not in self.running:
            await self.announced(ready, started.call_id, started.parameters.get("from"))

    def caller_of(self, started: Started) -> Caller:
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
        await self._sockets.answer(phone, ticketed=ticketed)

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Calls live in here: they outlive their sockets, but not the service."""
        return self._lives.opened()

    async def speak_phrases(self, *, wanted: bool) -> None:
        """Have the tenants' voices say the phrases of the cover, now and when tenants change."""
        await speak_phrases(self, self._dialler, wanted=wanted)

    async def delete_recordings(self) -> None:
        """Repair what a crash has left; delete what tenants no longer keep, now and every hour."""
        await delete_recordings(self)

    async def drain(self) -> None:
        """Take no more calls and end those that run, politely, within `DRAIN_S`."""
        self.draining = True
        for call in list(self.running.values()):
            call.supervisor.finish(Outcome.SHUTDOWN)
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._lives.idle.wait()
        except TimeoutError:
            _log.warning("service.drain_timed_out", calls=len(self.running))
        await self._runners.close(EFFECTS_S)
        await self._lookups.close()
        await self.transfers.warm.close()


service_key = web.AppKey("service", Service)
