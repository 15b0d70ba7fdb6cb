"""One simulated call from its beginning to its end, without I/O.

    record = simulate(draw(seed))

Both ends are the real pure cores: `Call` with its `LiveSession` and phone leg on our side, the
stand-ins of the model's service and of the carrier on the other. Between them virtual time passes,
and everything is drawn from the script's seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import inf

import numpy as np

from agent.call.core import Call, CallPlan
from agent.call.effects import (
    CancelTools,
    CloseModel,
    Effect,
    HangUp,
    OpenModel,
    Outcome,
    RunTool,
    SaveAudio,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.call.idle import IdlePolicy
from agent.call.sound import Sound
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Loss
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration
from agent.sim.server_profiles import PROFILES
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.detector import NumberedDetector
from agent.sim.simulation.line import ASIDE_S
from agent.sim.simulation.model_side import ModelSide
from agent.sim.simulation.numbered import Doubling, Thinning
from agent.sim.simulation.phone_side import PhoneSide
from agent.sim.simulation.record import Record
from agent.sim.simulation.script import END_CALL, TOOL, Script
from agent.sim.simulation.tool_world import ToolWorld
from agent.telephony.twilio.stream import MediaStream

BEGAN = 1000.0
LONGEST_S = 90.0
"""A call that lasts longer never ends."""
AFTER_S = 8.0
"""So long after its end a call is still watched."""
MOST_STEPS = 20_000
"""Then something turns without time passing."""

REATTACH_S = 20.0
"""So long a call waits for its phone."""
PLAN = CallPlan(
    "simulated",
    greeting="Hello, this is a simulated agent.",
    uplink_ms=200,
    lead_ms=300,
    message_ms=200,
    idle=IdlePolicy(prompt_after_s=5.0, end_after_s=5.0),
    tool_budget_s=3.0,
    reattach_s=REATTACH_S,
)
"""Long messages, so that a call costs less; and less patience than a tenant's, so that it ends."""
NUMBERED = Sound(Doubling, Thinning, NumberedDetector)

type Trace = Callable[[float, str], None]


def simulate(script: Script, trace: Trace | None = None) -> Record:
    """Run one call.

    Args:
        trace: is told (seconds since the beginning, what happened).
    """
    return _Simulation(script, trace).run()


class _Simulation:
    def __init__(self, script: Script, trace: Trace | None) -> None:
        self._agenda = Agenda(BEGAN)
        profile = PROFILES[script.profile]
        setup = build_setup(
            SetupOptions(
                model=profile.models[0],
                surface=profile.surface,
                project="p" if profile.vertex else None,
                location="l" if profile.vertex else None,
                declarations=(FunctionDeclaration(TOOL), FunctionDeclaration(END_CALL)),
            )
        )
        ours = profile_for(profile.models[0], profile.surface)
        random = np.random.default_rng([script.seed, 1]).random
        session = LiveSession(setup, ours, random=random)
        self._call = Call(PLAN, MediaStream(), session, BEGAN, sound=NUMBERED)
        self._record = Record(script, self._call, session, BEGAN)
        self._timers: Counter[int] = Counter()
        self._timer = self._call.next_timer() or BEGAN
        self._told = trace
        self._shown = 0
        self._model = ModelSide(self._record, self._agenda, self, self._trace)
        self._phone = PhoneSide(self._record, self._agenda, self, self._trace)
        self._tools = ToolWorld(script, self._agenda, self._record.tools, self._tool_finished)

    def run(self) -> Record:
        """Until it is over, and a little longer."""
        until = BEGAN + LONGEST_S
        record, agenda, phone, model = self._record, self._agenda, self._phone, self._model
        try:
            for _ in range(MOST_STEPS):
                due = min(agenda.next_at, phone.next_at, model.next_at, self._timer)
                if record.ended is not None:
                    until = min(until, record.ended + AFTER_S)
                if due > until:
                    break
                if due > agenda.now:
                    agenda.now = due
                self._step()
            else:
                record.crashes.append("time does not pass any more")
        except Exception as error:  # a core let it out: that is what is looked for
            record.crashes.append(f"{type(error).__name__}: {error}")
        try:
            record.stops(agenda.now)
        except Exception as error:  # likewise
            record.crashes.append(f"{type(error).__name__} in the report: {error}")
            record.reports = False
        record.timers = max(self._timers.values(), default=0)
        return record

    def _step(self) -> None:
        agenda = self._agenda
        now = agenda.now
        if agenda.next_at <= now:
            agenda.do()
        if self._model.next_at <= now:
            self._model.handle_timer()
        if self._timer <= now:
            self._timers[int(now)] += 1
            self._call.handle_timer(now)
            self._perform()
            self._record.stuck_timers += self._timer <= now
        if self._phone.next_at <= now:
            self._phone.handle_timer()

    # What happens to the call

    def phone_received(self, text: bytes) -> None:
        """The carrier sent this."""
        if self._call.phone_received(text, self._agenda.now):
            self._perform()

    def phone_lost(self) -> None:
        """The carrier closed the socket."""
        self._call.phone_lost(self._agenda.now)
        self._perform()

    def phone_back(self, tell: str | None) -> None:
        """The carrier has brought the call back on another socket."""
        self._call.phone_back(MediaStream(), self._agenda.now, tell=tell)
        self._perform()

    def let_phone_go(self) -> None:
        """The phone is wanted elsewhere for a while."""
        self._call.step_aside(ASIDE_S, self._agenda.now, then=Outcome.TRANSFERRED)
        self._perform()

    def caller_gone(self) -> None:
        """The carrier says elsewhere than on a stream that the caller hung up."""
        self._call.finish(Outcome.CALLER_HUNG_UP, self._agenda.now)
        self._perform()

    def connected(self, number: int) -> None:
        """A connection to the model is open."""
        self._call.model_connected(number, self._agenda.now)
        self._perform()

    def received(self, number: int, frame: bytes) -> None:
        """The model's service sent this."""
        if self._call.model_received(number, frame, self._agenda.now):
            self._perform()

    def lost(self, number: int, loss: Loss) -> None:
        """A connection to the model is gone."""
        self._call.model_lost(number, loss, self._agenda.now)
        self._perform()

    def _tool_finished(self, id: str, response: dict[str, object]) -> None:
        self._call.tool_finished(id, response, self._agenda.now)
        self._perform()

    # What the call does

    def _perform(self) -> None:
        for effect in self._call.effects(self._agenda.now):
            self._record.late_effects += self._record.ended is not None
            self._do(effect)
        timer = self._call.next_timer()
        self._timer = inf if timer is None else timer
        if self._told is not None:
            self._show()

    def _do(self, effect: Effect) -> None:
        match effect:
            case ToPhone():
                self._phone.receive(effect.frame)
            case ToModel():
                self._model.send(effect.connection, effect.frame)
            case OpenModel(connection):
                self._trace(f"call: opens connection {connection}")
                self._model.open(connection)
            case CloseModel(connection, code, reason):
                self._model.close(connection, code, reason)
            case RunTool():
                self._trace(f"call: runs {effect.name} {dict(effect.args)} as {effect.id}")
                self._tools.run(effect)
            case CancelTools(ids):
                self._trace(f"call: cancels {', '.join(ids)}")
                self._tools.cancel(ids)
            case SaveAudio():
                pass
            case StepAside():
                self._phone.let_go()
            case HangUp(outcome):
                self._hang_up(outcome)

    def _hang_up(self, outcome: Outcome) -> None:
        record = self._record
        record.hang_ups += 1
        if record.ended is None:
            record.ended, record.outcome = self._agenda.now, outcome
        self._trace(f"call: over, {outcome}")
        self._phone.close()

    def _trace(self, text: str) -> None:
        if self._told is not None:
            self._told(self._agenda.now - BEGAN, text)

    def _show(self) -> None:
        """Tell what the call's own timeline says."""
        entries = list(self._call.timeline)
        for entry in entries[self._shown :]:
            values = " ".join(f"{key}={value}" for key, value in entry.values.items())
            self._trace(f"timeline: {entry.name} {values}")
        self._shown = len(entries)
