"""What became of one call among many, and how punctual their callers were; without I/O.

Source: docs/protocols/twilio.md 9 (E10, E21).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct, field

from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import CallStatus
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.streams import BROKEN, CLOSED_BY_SERVICE

LATE_STEP_S: Final = 0.0001
LATE_STEPS: Final = 2_000

type Outcome = Literal["well", "refused", "failed"]


class CallResult(Struct, frozen=True):
    """One call; times in seconds.

    Attributes:
        begun_s: since the first call of all could begin. lasted_s: from its first ring.
        outcome: refused: there were documents, but none led to an agent.
        why: what was said in place of an agent, or what failed.
        connected_s: from the first ring to the media stream's start; None: there was none.
        first_audio_s: from that to the agent's first sound.
        answers_s: from the caller's last sound to the agent's first after it.
        silenced_s: from the caller's first sound into an answer to that answer's last.
        holes_s: silences that fell into what the agent said.
        streams_lost: media sockets that the caller did not end.
        frames_dropped: of the caller's sound, because the service read too slowly.
    """

    number: int
    begun_s: float
    lasted_s: float
    outcome: Outcome
    why: str = ""
    connected_s: float | None = None
    first_audio_s: float | None = None
    answers_s: list[float] = []
    silenced_s: list[float] = []
    holes_s: list[float] = []
    streams_lost: int = 0
    frames_dropped: int = 0


def result_of(
    number: int, begun_s: float, exchange: Exchange, leg: Leg, *, cut_short: bool
) -> CallResult:
    """Judge a call that is over.

    Args:
        exchange: with this call alone.
        cut_short: its time was not up when it was hung up.
    """
    report = leg.report()
    codes = [code for code, _, _ in exchange.errors]
    connected, first = _heard(exchange, leg)
    outcome, why = _judged(exchange, leg, heard=first is not None, cut_short=cut_short)
    return CallResult(
        number,
        begun_s,
        report.seconds,
        outcome,
        why,
        connected,
        first,
        report.answers_s,
        report.silenced_s,
        report.holes_s,
        codes.count(BROKEN) + codes.count(CLOSED_BY_SERVICE),
        report.counters["31930"],
    )


def _heard(exchange: Exchange, leg: Leg) -> tuple[float | None, float | None]:
    """How long the first stream took to start, and then the agent to be heard."""
    begun = [note.at for note in exchange.notes if note.name == "stream.started"]
    if not begun:
        return None, None
    connected, report = begun[0] - leg.created_at, leg.report()
    if report.first_audio_s is None:
        return connected, None
    at = report.started_at + report.first_audio_s
    ended = [note.at for note in exchange.notes if note.name == "stream.ended"]
    if ended and at > ended[-1]:  # words of the carrier's own, with no agent there any more
        return connected, None
    return connected, max(at - begun[0], 0.0)


def _judged(exchange: Exchange, leg: Leg, *, heard: bool, cut_short: bool) -> tuple[Outcome, str]:
    report = leg.report()
    wrong = [
        f"{code}: {detail}"
        for code, detail, _ in exchange.errors
        if code not in {BROKEN, CLOSED_BY_SERVICE}
    ]
    known = {code for code, _, _ in exchange.errors}
    wrong += [f"{v.code}: {v.detail}" for v in report.violations[:1] if v.code not in known]
    if wrong:
        return "failed", "; ".join(dict.fromkeys(wrong))
    if not leg.n_streams and any(note.name == "document" for note in exchange.notes):
        return "refused", _said_instead(exchange, leg)
    if report.failure is not None:
        return "failed", report.failure
    if heard or cut_short:
        return "well", ""
    return "failed", "no agent was heard" if leg.n_streams else "the webhook was not answered"


def _said_instead(exchange: Exchange, leg: Leg) -> str:
    """What the caller heard in place of an agent."""
    said = [note.values["text"] for note in exchange.notes if note.name == "said"]
    if said:
        return " ".join(said)
    turned_away = leg.status in {CallStatus.BUSY, CallStatus.NO_ANSWER} and not leg.hung_up
    return "(rejected)" if turned_away else "(nothing was said)"


class Lateness(Struct):
    """How late the callers' own deadlines were met, in steps of 0.1 ms; memory is bounded.

    Attributes:
        steps: how many were so late; the last one holds all that were later.
        total_s, largest_s: of all.
    """

    n: int = 0
    total_s: float = 0.0
    largest_s: float = 0.0
    steps: list[int] = field(default_factory=lambda: [0] * LATE_STEPS)

    def add(self, values_s: Iterable[float]) -> None:
        """Count these."""
        for late in values_s:
            self.n += 1
            self.total_s += late
            self.largest_s = max(self.largest_s, late)
            self.steps[min(int(late / LATE_STEP_S), LATE_STEPS - 1)] += 1

    def join(self, other: Lateness) -> None:
        """Count another process's."""
        self.n += other.n
        self.total_s += other.total_s
        self.largest_s = max(self.largest_s, other.largest_s)
        self.steps = [one + two for one, two in zip(self.steps, other.steps, strict=True)]

    @property
    def mean_s(self) -> float:
        """On average."""
        return self.total_s / self.n if self.n else 0.0

    def percentile_s(self, percent: float) -> float:
        """So many percent were no later, rounded up to a step."""
        rank, seen = self.n * percent / 100, 0
        for step, count in enumerate(self.steps[:-1], 1):
            seen += count
            if count and seen >= rank:
                return min(step * LATE_STEP_S, self.largest_s)
        return self.largest_s
