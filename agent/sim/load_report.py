"""What many calls together were like: counts, percentiles, whether to trust them; without I/O.

Source: docs/protocols/twilio.md 9 (E10, E21).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.sim.load_result import CallResult, Lateness
from agent.sim.phone_report import UNRELIABLE_S, Spread


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A run's results.

    Attributes:
        asked: how many calls there should have been.
        results: of those that began.
        lateness: of each process.
    """

    asked: int
    results: Sequence[CallResult]
    lateness: Sequence[Lateness]

    @property
    def answered(self) -> int:
        """Calls in which an agent was heard."""
        return sum(result.first_audio_s is not None for result in self.results)

    @property
    def refused(self) -> Counter[str]:
        """Calls that no agent took, by what was said instead."""
        return self._why("refused")

    @property
    def failed(self) -> Counter[str]:
        """Calls that failed, by the reason."""
        return self._why("failed")

    @property
    def most_at_once(self) -> int:
        """The most calls with an agent at one time."""
        taken = [result for result in self.results if result.connected_s is not None]
        steps = [(result.begun_s + (result.connected_s or 0.0), 1) for result in taken]
        steps += [(result.begun_s + result.lasted_s, -1) for result in taken]
        now = most = 0
        for _, step in sorted(steps):  # who leaves makes room for who comes
            now += step
            most = max(most, now)
        return most

    @property
    def streams_lost(self) -> int:
        """Media sockets that no caller ended."""
        return sum(result.streams_lost for result in self.results)

    @property
    def frames_dropped(self) -> int:
        """Frames of callers that the service was too slow to read."""
        return sum(result.frames_dropped for result in self.results)

    @property
    def late(self) -> Lateness:
        """How late all callers were."""
        late = Lateness()
        for each in self.lateness:
            late.join(each)
        return late

    @property
    def reliable(self) -> bool:
        """Whether the callers kept their own deadlines well enough for the figures to count."""
        return all(each.mean_s <= UNRELIABLE_S for each in self.lateness)

    def spreads(self) -> dict[str, Spread]:
        """The distributions, in seconds."""
        results = self.results
        return {
            "connected": Spread.of(r.connected_s for r in results if r.connected_s is not None),
            "first_audio": Spread.of(
                r.first_audio_s for r in results if r.first_audio_s is not None
            ),
            "answer": Spread.of(s for r in results for s in r.answers_s),
            "barge_in_stop": Spread.of(s for r in results for s in r.silenced_s),
            "hole": Spread.of(s for r in results for s in r.holes_s),
        }

    def holes_s(self) -> float:
        """Silence that fell into what agents said, in all."""
        return sum(s for r in self.results for s in r.holes_s)

    @property
    def calls_with_holes(self) -> int:
        """Calls in which such silence was heard."""
        return sum(bool(result.holes_s) for result in self.results)

    def exit_code(self, *, allow_refused: bool) -> int:
        """1 if calls failed, or were refused where that is not expected; else 0."""
        return 1 if self.failed or (self.refused and not allow_refused) else 0

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs; times in seconds."""
        late = self.late
        return {
            "asked": self.asked,
            "placed": len(self.results),
            "answered": self.answered,
            "most_at_once": self.most_at_once,
            "refused": dict(self.refused.most_common()),
            "failed": dict(self.failed.most_common()),
            "seconds": {name: _rounded(asdict(each)) for name, each in self.spreads().items()},
            "holes_seconds": round(self.holes_s(), 6),
            "calls_with_holes": self.calls_with_holes,
            "streams_lost": self.streams_lost,
            "frames_dropped": self.frames_dropped,
            "lateness_seconds": _rounded(
                {
                    "mean": late.mean_s,
                    "p50": late.percentile_s(50),
                    "p95": late.percentile_s(95),
                    "p99": late.percentile_s(99),
                    "largest": late.largest_s,
                }
            ),
            "reliable": self.reliable,
        }

    def _why(self, outcome: str) -> Counter[str]:
        return Counter(result.why for result in self.results if result.outcome == outcome)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    """To a microsecond."""
    return {name: round(value, 6) for name, value in values.items()}
