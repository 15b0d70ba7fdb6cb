"""What was seen of one simulated call, from outside: what the promises are judged by; data only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf

from msgspec import Struct

from agent.call.core import Call
from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.gemini.session import LiveSession
from agent.sim.included import Included, Placed
from agent.sim.simulation.numbered import Run
from agent.sim.simulation.script import Script


@dataclass(slots=True)
class Seen:
    """One connection to the model, as the call's side and the service's side see it.

    Attributes:
        number: as our session counts.
        asked_at, connected_at: when it was asked for, and when it was open; None: never.
        setup_at, resumes: when `setup` was sent, and whether with a handle.
        ready_at: when `setupComplete` reached us.
        left_at: when our side said to close it.
        lost_at: when our side was told that it is gone.
        ended_by_service: the service closed it, or it broke.
        away_at: when a goAway that can be read reached us. away_s: what it said.
        handles: given on it and come to us.
        states: what the session it carried includes, up to now; None: it carried none.
        setups: `setup` messages sent on it.
        early: `setup` was sent while another connection that carried the session was not closed.
    """

    number: int
    asked_at: float
    connected_at: float | None = None
    setup_at: float | None = None
    resumes: bool = False
    ready_at: float | None = None
    left_at: float | None = None
    lost_at: float | None = None
    ended_by_service: bool = False
    away_at: float | None = None
    away_s: float = inf
    handles: int = 0
    states: Included | None = None
    setups: int = 0
    early: bool = False


@dataclass(slots=True)
class Said:
    """One utterance of the caller.

    Attributes:
        number: of the utterance.
        first, n: the numbers of its milliseconds.
        from_s, to_s: when it was spoken.
        lost_ms: of it, what the carrier lost.
    """

    number: int
    first: int
    n: int
    from_s: float
    to_s: float
    lost_ms: int = 0


@dataclass(slots=True)
class Voiced:
    """Something the model said.

    Attributes:
        label: why.
        first, n: the numbers of its milliseconds.
        at: when it was made.
        received: how many of them reached our side. came_at: when the first did.
    """

    label: str
    first: int
    n: int
    at: float
    received: int = 0
    came_at: float = inf


class HeardPiece(Struct, frozen=True):
    """A piece of the agent's voice as the caller heard it: numbered milliseconds from `at` on."""

    at: float
    run: Run


@dataclass(slots=True)
class Away:
    """A time without the phone.

    Attributes:
        from_s: when the line was gone.
        alive_s: when our side last heard of it before.
        wanted: our side let it go.
        told_s: when our side knew; None: it did not.
        comes_s: when another socket was there; None: there was none.
        back_s: when our side was told of a stream on it, and could be heard; None: it was not.
        lost: what the caller said then, as times (from, to).
    """

    from_s: float
    alive_s: float
    wanted: bool
    told_s: float | None = None
    comes_s: float | None = None
    back_s: float | None = None
    lost: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class ToolFacts:
    """What functions did.

    Attributes:
        effects: how often the effect of each request of the caller took place.
        runs: functions that we were told to start. cancelled: of those, to cancel.
        results: by request, a word that only its result has, and when it was there.
        told: requests whose result reached the model's service.
    """

    effects: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    cancelled: int = 0
    results: dict[str, tuple[str, float]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Record:
    """One simulated call.

    Attributes:
        began, ended: the time of its beginning, and of its HangUp; None: it never ended.
        outcome: of its HangUp. hang_ups: how many there were.
        lasted_until: when the simulation stopped.
        connections: by number.
        placed: where the caller's samples were put, as the service counts.
        said, voiced: in order.
        late_results: when results that could wait no longer were told the model as texts.
        heard: the agent's voice. sounds: any sound, as (from, to).
        crashes: errors that a core let out.
        stray: frames for the model on no open connection.
        timers: calls of `handle_timer` in the busiest second.
        stuck_timers: times that a timer had fired and was still due.
        late_effects: effects after HangUp.
        gone_at: when the caller hung up; None: he did not.
        most_lead_s: of agent audio at the carrier, at most, when more came.
        away: when the phone was not there. astray: frames to it while our side knew that.
        refused: what the carrier did not take of what it was sent.
        prompts: when the model was told that the caller is silent.
        reports: the call can tell how it went.
    """

    script: Script
    call: Call
    session: LiveSession
    began: float
    ended: float | None = None
    outcome: Outcome | None = None
    hang_ups: int = 0
    lasted_until: float = 0.0
    connections: dict[int, Seen] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    voiced: list[Voiced] = field(default_factory=list)
    late_results: list[float] = field(default_factory=list)
    heard: list[HeardPiece] = field(default_factory=list)
    sounds: list[tuple[float, float]] = field(default_factory=list)
    tools: ToolFacts = field(default_factory=ToolFacts)
    crashes: list[str] = field(default_factory=list)
    stray: int = 0
    timers: int = 0
    stuck_timers: int = 0
    late_effects: int = 0
    gone_at: float | None = None
    most_lead_s: float = 0.0
    away: list[Away] = field(default_factory=list)
    astray: int = 0
    refused: list[str] = field(default_factory=list)
    prompts: list[float] = field(default_factory=list)
    reports: bool = True
    _report: CallReport | None = None

    @property
    def report(self) -> CallReport:
        """What the call itself says of it; only when the simulation has stopped, and it can."""
        assert self._report is not None
        return self._report

    @property
    def over(self) -> float:
        """When the call ended, or was given up."""
        return self.lasted_until if self.ended is None else self.ended

    def stops(self, now: float) -> None:
        """The simulation stops: the call tells of itself, which may raise whatever a bug does."""
        self.lasted_until = now
        self._report = self.call.report(now)
