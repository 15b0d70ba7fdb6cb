"""Many calls at a time: when each begins, and what its caller does; without I/O.

All calls are alike: a caller asks, waits until the agent has answered and is quiet, and asks again;
in some rounds he talks into the answer instead. Each lasts as long as the ramp and the time that
all of them are to be up together, so that they end as evenly as they began.

Source: docs/protocols/twilio.md 9 (E21).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from agent.audio import mulaw
from agent.sim.clips import Clip
from agent.sim.script import BargeIn, Say, Step, WaitForAgent
from agent.sim.scripted import marker

INTO_ANSWER_S = 0.5
"""So much of an answer is heard before the caller talks into it; even a short one is so long."""

SHORTEST_ROUND_S = 1.0
"""Of waiting for the agent to be quiet: no round is shorter."""


class Sound(Struct, frozen=True):
    """Something to say, on its way to another process: 8 kHz mu-law, and what it is called."""

    mulaw: bytes
    label: str = ""

    @classmethod
    def of(cls, clip: Clip) -> Sound:
        """A clip's sound."""
        return cls(clip.mulaw, clip.label)

    def clip(self) -> Clip:
        """Cut and encoded, for all calls of a process."""
        return Clip.of(mulaw.decode(self.mulaw), self.label)


def beep() -> Sound:
    """A second of tone: the scripted model takes it for words, and so does the service's ear."""
    return Sound.of(Clip.of(marker(4, 1.0), "a tone"))


class Job(Struct, frozen=True):
    """What one process does: its share of the calls.

    Attributes:
        service: origin that requests are sent to. public: origin that they are made for.
        voice, status: what is asked when the number is called, and told when a call is over.
        account, token: the carrier's account that is played.
        to: the number that is called.
        calls: of all processes together.
        ramp_s: over which their beginnings are spread.
        hold_s: for which all of them are up.
        barge_in_every: the caller talks into the first of so many answers each; 0: into none.
        sounds: what is said, in turn.
        seed: sids are drawn from it; no two runs against one service may have the same.
        share, shares: which process it is, of how many, from 0.
    """

    service: str
    public: str
    voice: str
    status: str
    account: str
    token: str
    to: str
    calls: int
    ramp_s: float
    hold_s: float
    barge_in_every: int
    sounds: list[Sound]
    seed: int
    share: int = 0
    shares: int = 1

    def __repr__(self) -> str:
        return f"Job(calls={self.calls}, share={self.share} of {self.shares})"

    @property
    def lasts_s(self) -> float:
        """How long a call lasts, from its first ring."""
        return self.ramp_s + self.hold_s

    def numbers(self) -> range:
        """This process's calls; every process has some of each moment of the ramp."""
        return range(self.share, self.calls, self.shares)

    def starts_s(self, number: int) -> float:
        """When a call begins."""
        return self.ramp_s * number / self.calls

    def caller(self, number: int) -> str:
        """Everybody calls from a number of his own: one who calls too often is refused."""
        return f"+1555{1_000_000 + number:07}"

    def call_seed(self, number: int) -> int:
        """Of a call, unlike that of any other."""
        return self.seed * 1_000_000 + number

    def script(self) -> list[Step]:
        """What every caller does; it is longer than any call."""
        return rounds([sound.clip() for sound in self.sounds], self.lasts_s, self.barge_in_every)


def rounds(clips: Sequence[Clip], lasts_s: float, barge_in_every: int) -> list[Step]:
    """Questions and answers for at least so long."""
    steps: list[Step] = [WaitForAgent()]
    n = 0
    for number in range(1, int(lasts_s / SHORTEST_ROUND_S) + 2):
        steps.append(Say(clips[n % len(clips)]))
        n += 1
        if barge_in_every and (number - 1) % barge_in_every == 0:
            steps.append(BargeIn(clips[n % len(clips)], after_s=INTO_ANSWER_S))
            n += 1
        steps.append(WaitForAgent())
    return steps
