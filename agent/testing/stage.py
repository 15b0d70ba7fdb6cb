"""A call of a test with everything around it, made ready on the loop of jumping time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from agent.call.core import Call
from agent.call.plan import Prepared
from agent.call.report import CallReport
from agent.gemini.session import LiveSession
from agent.service.lookups import Lookups
from agent.service.tenant_files import ReadyTenant
from agent.sim.carrier import CarrierStream
from agent.sim.carrier_texts import CallIds
from agent.sim.scenario import Scenario
from agent.sim.scenario_mind import ScenarioMind
from agent.sim.session_config import SessionConfig
from agent.sim.simulation.agenda import Agenda
from agent.telephony.twilio.stream import MediaStream
from agent.tenants.tenant import Tenant
from agent.testing.exchange import Exchange
from agent.testing.functions import Diary, watched
from agent.testing.line import StagedLine
from agent.testing.listening import Talk, ToneTalk, VoiceTalk
from agent.testing.model_service import ModelService
from agent.testing.tenants import Configuration
from agent.tools.context import CallContext
from agent.tools.runner import ToolRunner


@dataclass(frozen=True, slots=True)
class Options:
    """How a test wants its call; see `phone_call`."""

    tenant: str | Path | Tenant
    scenario: str | Path | None
    config: Path
    data_dir: Path
    at: datetime | None
    caller: str | None
    tools: Mapping[str, object]
    slow: Mapping[str, float]
    audio: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A call that is ready to begin.

    Attributes:
        exchange: both ends, and the time.
        talk: how words become sound.
        diary: which functions ran.
        prompt: what the model was told.
        runner: of the functions.
        call_id: the carrier's.
        line: what the agent did with it.
    """

    exchange: Exchange
    talk: Talk
    diary: Diary
    prompt: str
    runner: ToolRunner
    call_id: str
    line: StagedLine

    def report(self) -> CallReport:
        """The call as it stands, or as it was."""
        call = self.exchange.call
        call.tool_effects_doubled = self.runner.starts.doubled[self.call_id]
        ended_at = self.exchange.ended_at
        return call.report(self.exchange.now if ended_at is None else ended_at)

    async def close(self) -> None:
        """Stop what is left of the functions."""
        await self.runner.close()


async def set_up(options: Options) -> Stage:
    """Make a call ready.

    Raises:
        ConfigError: something is wrong with the configuration, or the test names what is not there.
    """
    configuration = Configuration(options.config)
    ready, at_utc = configuration.tenant(options.tenant, options.tools, options.at)
    scenario = configuration.scenario(options.scenario, ready)
    time = asyncio.get_running_loop().time
    began = time()
    utc_now = _utc_clock(at_utc, time)
    rng = np.random.default_rng(1)
    ids = CallIds.drawn(rng, {"tenant": ready.tenant.tenant})
    waiting: list[Exchange] = []  # nobody, until the call begins
    diary = Diary(lambda: time() - began, lambda: _stir(waiting))
    runner = ToolRunner(watched(ready.tools, diary, options.tools, options.slow))
    name = ready.tenant.tenant
    line = StagedLine(waiting)
    context = CallContext(
        name, ids.call_sid, options.caller, options.data_dir, clock=utc_now, control=line
    )
    prepared = await _looked_up(ready, runner, context)
    began = time()
    carrier = CarrierStream(ids, began, rng)
    talk: Talk = VoiceTalk() if options.audio else ToneTalk(time, carrier.origin)
    setup = prepared.setup_at(utc_now())
    session = LiveSession(setup, prepared.profile, random=rng.random)
    call = Call(talk.plan(prepared), MediaStream(), session, began)
    agenda = Agenda(began)
    today = utc_now().astimezone(prepared.timezone).date()
    exchange = Exchange(
        call,
        carrier,
        agenda,
        lambda client: ModelService(
            agenda, client, partial(_mind, scenario, today), talk.hear, talk.speak
        ),
        partial(runner.run, context=context),
    )
    waiting.append(exchange)
    prompt = setup.system_instruction
    words = "" if prompt is None else "".join(part.text or "" for part in prompt.parts)
    return Stage(exchange, talk, diary, words, runner, ids.call_sid, line)


async def _looked_up(ready: ReadyTenant, runner: ToolRunner, context: CallContext) -> Prepared:
    """What the call starts from, with what the tenant's look-up knows of the caller."""
    lookup = ready.tenant.lookup
    known = Lookups(Counter())
    facts = {} if lookup is None else await known.look_up(lookup, runner.run, context)
    return ready.prepared.told(facts)


def _stir(exchanges: Iterable[Exchange]) -> None:
    for exchange in exchanges:
        exchange.stir()


def _utc_clock(at_utc: datetime, time: Callable[[], float]) -> Callable[[], datetime]:
    """The time of the world as the call has it: it jumps as the call's time does."""
    began = time()
    return lambda: at_utc + timedelta(seconds=time() - began)


def _mind(scenario: Scenario, today: date, config: SessionConfig) -> ScenarioMind:
    return ScenarioMind(scenario, today, config.behaviors.keys())
