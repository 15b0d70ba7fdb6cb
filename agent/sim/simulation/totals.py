"""Figures over many simulated calls, without I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.sim.simulation.draw import draw
from agent.sim.simulation.judging import without_model
from agent.sim.simulation.judging_voice import silent_waits
from agent.sim.simulation.promises import Breach, breaches
from agent.sim.simulation.record import Record
from agent.sim.simulation.script import Trouble
from agent.sim.simulation.simulated import simulate

MOST_FAILED = 50


@dataclass(slots=True)
class Totals:
    """What many calls came to; picklable, so that processes can share the work.

    Attributes:
        virtual_s: how long they lasted, together.
        troubles: what went wrong in them, by kind. outcomes: how they ended.
        connections: asked for. moves, drops, fresh_starts, failed_attempts: as the sessions count.
        effects: of functions.
        worst_gap_ms, worst_dead_air_ms: of any call; dead air is counted while there is no model.
        breached: promises broken, by name. failed: the first calls that broke one.
    """

    calls: int = 0
    virtual_s: float = 0.0
    troubles: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    moves: int = 0
    drops: int = 0
    fresh_starts: int = 0
    failed_attempts: int = 0
    effects: int = 0
    worst_gap_ms: int = 0
    worst_dead_air_ms: int = 0
    breached: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, Breach]] = field(default_factory=list)

    @property
    def violations(self) -> int:
        """Promises broken, over all calls."""
        return self.breached.total()

    def add(self, record: Record, broken: Iterable[Breach]) -> None:
        """Count one call."""
        self.calls += 1
        self.virtual_s += record.lasted_until - record.began
        self.troubles.update(map(kind_of, record.script.troubles))
        self.outcomes[str(record.outcome)] += 1
        self.connections += len(record.connections)
        if record.reports:
            self._add_figures(record)
        for breach in broken:
            self.breached[breach.promise] += 1
            if len(self.failed) < MOST_FAILED:
                self.failed.append((record.script.seed, breach))

    def _add_figures(self, record: Record) -> None:
        figures, session = record.report.continuity, record.session.figures
        self.moves += figures.moves
        self.drops += figures.drops
        self.fresh_starts += figures.fresh_starts
        self.failed_attempts += session.failed_attempts
        self.effects += record.tools.effects.total()
        if not record.away:  # else a gap is the phone's
            self.worst_gap_ms = max(self.worst_gap_ms, figures.gap_ms)
        waits = silent_waits(record, without_model(record))
        silent_s = max((end - start for start, end in waits), default=0.0)
        self.worst_dead_air_ms = max(self.worst_dead_air_ms, round(silent_s * 1000))

    def join(self, other: Totals) -> None:
        """Take in what another process counted."""
        self.calls += other.calls
        self.virtual_s += other.virtual_s
        self.troubles += other.troubles
        self.outcomes += other.outcomes
        self.connections += other.connections
        self.moves += other.moves
        self.drops += other.drops
        self.fresh_starts += other.fresh_starts
        self.failed_attempts += other.failed_attempts
        self.effects += other.effects
        self.worst_gap_ms = max(self.worst_gap_ms, other.worst_gap_ms)
        self.worst_dead_air_ms = max(self.worst_dead_air_ms, other.worst_dead_air_ms)
        self.breached += other.breached
        self.failed = (self.failed + other.failed)[:MOST_FAILED]


def kind_of(trouble: Trouble) -> str:
    """What went wrong, in a word or two."""
    return KINDS[type(trouble).__name__]


KINDS = {
    "Ending": "connection ended",
    "Mishappening": "stall or phantom interrupt",
    "Refused": "refusals in a row",
    "Handles": "bad handles",
    "BadTurn": "bad turn",
    "SlowDial": "slow dial",
    "SlowClose": "slow close",
    "SlowSetup": "slow set-up",
    "CarrierGap": "carrier gap",
    "LineBreak": "line break",
    "SteppingAside": "phone let go",
}


def simulate_calls(first: int, n: int) -> Totals:
    """Simulate the calls of `n` seeds from `first` on."""
    totals = Totals()
    for seed in range(first, first + n):
        record = simulate(draw(seed))
        totals.add(record, breaches(record))
    return totals
