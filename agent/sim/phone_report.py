"""What a stand-in call was like: measures, audio on one clock, and the recording as a file."""

import wave
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agent.audio.pcm import Pcm16, silence
from agent.sim.caller import Caller
from agent.sim.carrier_rules import Violation
from agent.sim.carrier_texts import CallIds
from agent.sim.clips import FRAME, RATE_HZ
from agent.sim.ears import Utterance
from agent.sim.heard import Gap

UNRELIABLE_S = 0.005
"""docs/protocols/twilio.md E10: with the phone itself this late on average, trust no figure."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a measure is distributed over `n` values; zeros when there are none."""

    n: int
    p50: float
    p95: float
    p99: float
    largest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Percentiles by linear interpolation."""
        array = np.fromiter(values, np.float64)
        if not array.size:
            return cls(0, 0.0, 0.0, 0.0, 0.0)
        p50, p95, p99 = (float(p) for p in np.percentile(array, [50, 95, 99]))
        return cls(int(array.size), p50, p95, p99, float(array.max()))


@dataclass(slots=True)
class PhoneReport:
    """One call, as the caller and the carrier know it. Times in seconds from `start`.

    Attributes:
        failure: why the script was not gone through, or None.
        close_code: of the socket; None when it broke or never opened.
        started_at: the loop's clock at sample 0; started_at_utc: seconds since 1970.
        seconds: from `start` to the last frame.
        heard, said: int16 at 8 kHz, aligned and equally long; empty if audio was not kept.
        first_audio_s: when the caller first heard the agent.
        utterances: what the caller said, when it was answered, how barge-ins went.
        gaps: where the carrier's queue ran dry between two pieces of audio.
        leads_s: queued audio met by each media message. mark_waits_s: mark to echo.
        lateness_s: how late this phone itself was, for each of its deadlines.
        sent_at, received_at: the loop's clock at each media message, if stamps were asked for.
        n_received, n_cut: bytes of audio received, and of those never heard.
        n_pings: sent to the service. ping_waits_s: to its answer, for each that it answered.
    """

    call: CallIds
    failure: str | None = None
    close_code: int | None = None
    started_at: float = 0.0
    started_at_utc: float = 0.0
    seconds: float = 0.0
    heard: Pcm16 = field(default_factory=lambda: silence(0))
    said: Pcm16 = field(default_factory=lambda: silence(0))
    first_audio_s: float | None = None
    utterances: Sequence[Utterance] = ()
    gaps: Sequence[Gap] = ()
    violations: Sequence[Violation] = ()
    counters: Counter[str] = field(default_factory=Counter)
    leads_s: Sequence[float] = ()
    mark_waits_s: Sequence[float] = ()
    lateness_s: Sequence[float] = ()
    sent_at: Sequence[float] = ()
    received_at: Sequence[float] = ()
    n_received: int = 0
    n_cut: int = 0
    n_pings: int = 0
    ping_waits_s: Sequence[float] = ()

    @classmethod
    def of(cls, caller: Caller) -> "PhoneReport":
        """What the caller and its line know, once the call is over."""
        line = caller.line
        n_samples = line.mouth.n_frames * FRAME
        kept = n_samples if line.keeps_audio else 0
        first = caller.ears.first_at
        return cls(
            call=line.call,
            failure=caller.failure,
            started_at=line.origin,
            seconds=n_samples / RATE_HZ,
            heard=line.line.pcm(kept),
            said=line.mouth.pcm(kept),
            first_audio_s=None if first is None else first / RATE_HZ,
            utterances=caller.ears.utterances,
            gaps=line.line.gaps,
            violations=line.violations,
            counters=line.counters,
            leads_s=line.leads_s,
            mark_waits_s=line.mark_waits_s,
            n_received=line.line.n_received,
            n_cut=line.line.n_cut,
        )

    @property
    def answers_s(self) -> list[float]:
        """From the end of each utterance to the agent's first sound after it."""
        return [s for u in self.utterances if (s := u.answered_after_s) is not None]

    @property
    def silenced_s(self) -> list[float]:
        """From the start of each barge-in to the agent's last sound."""
        return [s for u in self.utterances if (s := u.silenced_after_s) is not None]

    @property
    def holes_s(self) -> list[float]:
        """Gaps inside what the agent said: no mark stood where the queue ran dry."""
        return [gap.n_samples / RATE_HZ for gap in self.gaps if not gap.marked]

    @property
    def reliable(self) -> bool:
        """Whether this phone kept its own deadlines well enough for its figures to count."""
        return not self.lateness_s or float(np.mean(self.lateness_s)) <= UNRELIABLE_S


@dataclass(slots=True)
class BankReport:
    """Many calls together."""

    calls: list[PhoneReport]

    @property
    def failures(self) -> list[str]:
        """Why calls failed, one text each."""
        return [call.failure for call in self.calls if call.failure is not None]

    @property
    def reliable(self) -> bool:
        """Whether every phone kept its deadlines."""
        return all(call.reliable for call in self.calls)

    def spreads(self) -> dict[str, Spread]:
        """The distributions over all calls, in seconds."""
        calls = self.calls
        return {
            "first_audio": Spread.of(c.first_audio_s for c in calls if c.first_audio_s is not None),
            "answer": Spread.of(s for c in calls for s in c.answers_s),
            "barge_in_stop": Spread.of(s for c in calls for s in c.silenced_s),
            "mark_wait": Spread.of(s for c in calls for s in c.mark_waits_s),
            "lead": Spread.of(s for c in calls for s in c.leads_s),
            "hole": Spread.of(s for c in calls for s in c.holes_s),
            "lateness": Spread.of(s for c in calls for s in c.lateness_s),
        }


def write_recording(path: Path, report: PhoneReport) -> None:
    """Write a stereo WAV: the caller left, the agent as heard right. Blocking."""
    stereo = np.column_stack((report.said, report.heard)).astype("<i2", copy=False)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(stereo.tobytes())
