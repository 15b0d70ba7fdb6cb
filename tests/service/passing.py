"""A service with one call on the line, as far as transfers know it, and a carrier's account."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agent.call.effects import Outcome
from agent.call.state import CallState
from agent.service.carrier_facts import CarrierFacts
from agent.service.line import Line
from agent.service.running import Caller, RunningCall
from agent.service.service import Service
from agent.service.transfers import Transfers
from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import CallResource
from agent.service.voicemail import Voicemails
from agent.service.warm_transfer import Warm
from agent.telephony.twilio.sip import SipCall
from agent.tenants.parse import parse_tenant
from tests.support.virtual_loop import run_virtually

CALL, PERSON = "CA" + "1" * 32, "CA" + "2" * 32
LINE, CALLER = "+15550100100", "+15550199999"
NOWHERE = Path("/nowhere")
ORIGIN = "https://voice.example.com"

TENANT = """\
tenant: bella
numbers: [+15550100100]
agent: {instructions: Be kind., language: en-GB}
tools: [{builtin: transfer}, {builtin: voicemail}, {builtin: send_digits}, {builtin: send_sms}]
transfers:
  owner: {to: +15550100199, how: warm, ring: 20s}
  desk: {to: 'sip:desk@pbx.example.com', how: refer, headers: {X-Case: a}}
  kitchen: {to: +15550100198, ring: 15s}
limits: {transferred: 10m}
"""

UNCLEAR = CarrierError("no answer", unclear=True)
REFUSED = CarrierError("no", status=401, code=20003, unclear=False)
GONE = CarrierError("no", status=404, code=20404, unclear=False)


class Supervisor:
    """Notes what it is told.

    Attributes:
        asides: how long each may take, and how the call ends then.
        after_words: whether the last of them waited for words of the agent.
    """

    def __init__(self) -> None:
        self.asides: list[tuple[float, Outcome]] = []
        self.finished: list[str] = []
        self.dialled: list[str] = []
        self.after_words = False

    def step_aside(self, longest_s: float, *, then: Outcome, after_words: bool) -> None:
        self.asides.append((longest_s, then))
        self.after_words = after_words

    def finish(self, outcome: str) -> None:
        self.finished.append(outcome)

    def dial(self, keys: str) -> None:
        self.dialled.append(keys)


@dataclass
class Rest:
    """The carrier's account: notes what it is asked, and answers as it is told.

    Attributes:
        answers: by method, in order; an exception is raised, a number of seconds is waited; the
            last one stays.
    """

    asked: list[tuple[str, Any]] = field(default_factory=list)
    answers: dict[str, list[object]] = field(default_factory=dict)

    async def create_call(self, to: str, from_: str, **fields: Any) -> CallResource:
        return cast(CallResource, await self._answer("create", (to, from_, fields)))

    async def hang_up(self, sid: str) -> CallResource | None:
        return cast(CallResource, await self._answer("hang_up", sid))

    async def redirect(self, sid: str, *, url: str) -> CallResource | None:
        return cast(CallResource, await self._answer("redirect", (sid, url)))

    async def fetch_call(self, sid: str) -> CallResource:
        return cast(CallResource, await self._answer("fetch", sid))

    def of(self, method: str) -> list[Any]:
        return [what for name, what in self.asked if name == method]

    async def _answer(self, method: str, what: object) -> object:
        self.asked.append((method, what))
        answers = self.answers.get(method, [CallResource(PERSON, "queued")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return CallResource(PERSON, "queued")
        if isinstance(answer, Exception):
            raise answer
        return answer


class House:
    """The service.

    Attributes:
        away: whether the call has stepped aside.
    """

    def __init__(
        self,
        *,
        fallback: str = "",
        public: str | None = ORIGIN,
        line: str | None = LINE,
        caller: str | None = CALLER,
        sip: SipCall | None = None,
    ) -> None:
        self.rest: Rest | None = Rest()
        self.counters: Counter[str] = Counter()
        self.settings = SimpleNamespace(public_url=public)
        self.after_stream: dict[str, str] = {}
        self.detached: dict[str, RunningCall] = {}
        self.voicemails = Voicemails(NOWHERE, self.counters)
        self.facts = CarrierFacts()
        self.tenants = SimpleNamespace(for_number=lambda number: None)
        self.supervisor = Supervisor()
        ready = SimpleNamespace(tenant=parse_tenant(TENANT + fallback, "bella.yaml"))
        self.call = SimpleNamespace(state=CallState.TALKING, away=False)
        self.running = RunningCall(
            CALL,
            "MZ1",
            cast(Any, ready),
            cast(Any, self.call),
            cast(Any, self.supervisor),
            None,
            Caller(caller, {}, line, sip),
            datetime(2026, 11, 21, tzinfo=UTC),
        )
        self.transfers = Transfers(cast(Service, self))

    def call_of(self, call_id: str) -> RunningCall | None:
        return self.running if call_id == CALL else None

    def leave(self) -> str:
        """The call steps aside, and the carrier asks what next."""
        self.detached[CALL] = self.running
        return self.after_stream.pop(CALL)

    def line(self) -> Line:
        return Line(cast(Service, self), self.running.ready, CALL, self.running.caller)

    def account(self) -> Rest:
        assert self.rest is not None
        return self.rest

    async def waiting(self) -> Warm:
        """The caller waits in the conference for the owner."""
        self.transfers.begin(self.running, "owner", "Ann wants a party.")
        key = self.leave().rpartition("/enter/")[2].partition("<")[0]
        warm = self.transfers.warm.find(key)
        assert warm is not None
        warm.enter(ORIGIN)
        await asyncio.sleep(0.01)
        return warm


def in_house(work: Callable[[House], Awaitable[None]], **options: Any) -> House:
    """Run something in a house on the virtual clock; nothing is left of it."""

    async def main() -> House:
        house = House(**options)
        await work(house)
        await house.transfers.warm.close()
        return house

    return run_virtually(main())
