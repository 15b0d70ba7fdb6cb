"""What the caller hears while he waits and the model does not answer; without I/O.

A line that carries nothing sounds dead, and callers hang up on it. So from the moment the caller
waits without a model, or has waited too long for one, he hears faint noise; after `after_s` a short
phrase, "One moment, please.", and again after each further `again_s`, a few times; and when the
model does not come back, an apology, so that a call never just ends.

How it is joined to the call: `Playout` is given the `Cover` and pulls from it whenever the agent
has nothing to say, on the same line and clock, a little ahead only (`LEAD_MS`), so that the agent's
first words need not wait for it. The owner of both only tells the cover what happens:

    cover.waiting(since, now)    the caller waits for the agent since then, and is to be covered;
                                 None: he does not wait, or that is nothing unusual. To be told as
                                 often as one likes. A phrase that has begun is finished.
    cover.caller_spoke()         the phrase stops at once
    cover.apologise()            the last words of the call

Then `playout.take` gives the sound, as `Play` with `cover` set, and `playout.next_due` says when.

Source: docs/design.md section 3, "Cover the wait".
"""

from dataclasses import dataclass
from enum import Enum
from math import inf

from agent.audio import mulaw
from agent.audio.noise import ComfortNoise
from agent.audio.tones import wait_signal
from agent.call.lead import FRAME, RATE_HZ
from agent.errors import ConfigError

LEAD_MS = 120
"""Cover sound at the carrier ahead of what is heard: all that the agent's first words wait for,"""
MESSAGE_MS = 60
FINISH = round(0.3 * RATE_HZ)
"""but for a phrase of which no more than this is left: half a word would be worse."""

_SILENCE = bytes([mulaw.SILENCE])


class CoverSound(Enum):
    """What a piece of cover is."""

    NOISE = "noise"
    PHRASE = "phrase"
    APOLOGY = "apology"


@dataclass(frozen=True, slots=True)
class CoverPlan:
    """How a tenant's calls cover a wait.

    Attributes:
        phrase: "One moment, please." as 8 kHz mu-law; None: a soft signal takes its place.
        apology: what is said when the model does not come back, likewise.
        after_s: how long the caller has waited when the phrase begins.
        again_s: from the end of a phrase to the next one.
        most: phrases in one wait.
        noise_dbfs: level (RMS) of the noise.
        slow_s: how long a model that is there, or a function, may keep the caller waiting before
            that is covered too.
    """

    phrase: bytes | None = None
    apology: bytes | None = None
    after_s: float = 1.2
    again_s: float = 8.0
    most: int = 3
    noise_dbfs: float = -50.0
    slow_s: float = 4.0

    def __post_init__(self) -> None:
        for name in ("after_s", "again_s", "slow_s"):
            if getattr(self, name) < 0:
                raise ConfigError(f"cover {name} {getattr(self, name)}: must not be negative")


class Cover:
    """One call's.

    Attributes:
        on: `take` has something.
        phrases: how many began.
        slow_s: see `CoverPlan`.
    """

    def __init__(self, plan: CoverPlan) -> None:
        self.on = False
        self.phrases = 0
        self.slow_s = plan.slow_s
        self._plan = plan
        self._since: float | None = None
        self._noise: ComfortNoise | None = None
        self._kind = CoverSound.NOISE
        self._sound = b""  # of the phrase or apology that has begun, or b""
        self._played = 0
        self._begun = 0  # phrases in this wait
        self._not_before = -inf
        self._last_words = False

    # What happens.

    def waiting(self, since: float | None, now: float) -> None:
        """The caller has waited since then and no model is there; None: that is over."""
        if since is None and self._since is not None:
            self._begun = 0
            self._not_before = -inf
        self._since = None if since is None else min(since, now)
        self._update()

    def caller_spoke(self) -> None:
        """The caller speaks: nobody talks over him, except to say goodbye."""
        if self._kind is not CoverSound.APOLOGY:
            self._drop()
        self._update()

    def apologise(self) -> None:
        """The model will not come back: say so once, after what has begun; then be silent."""
        if self._kind is not CoverSound.APOLOGY:
            self._last_words = True
        self._since = None
        self._update()

    # What the playout asks.

    @property
    def owed(self) -> int:
        """Samples of the apology, and of what goes before it, that must still be sent."""
        if not self._last_words and self._kind is not CoverSound.APOLOGY:
            return 0
        rest = len(self._sound) - self._played
        return rest + (len(self._apology()) if self._last_words else 0)

    @property
    def ending(self) -> bool:
        """Whether even the agent's audio waits: the apology began, or a phrase is nearly over."""
        if self._kind is CoverSound.APOLOGY:
            return True
        return 0 < len(self._sound) - self._played <= FINISH

    def yields(self) -> bool:
        """The agent's audio is there: say whether it may go now, and drop what it pushes aside."""
        if self.ending:
            return False
        self._drop()
        self._update()
        return True

    def take(self, n: int, at: float, quiet_from: float) -> tuple[CoverSound, bytes]:
        """Return the next sound.

        Args:
            n: samples wanted, whole frames.
            at: when the caller hears the first of them.
            quiet_from: when the agent's last audio ended: the phrase keeps its distance from it.

        Returns:
            8 kHz mu-law, at least one frame and whole ones, all of one kind; fewer than `n` where
            it ends or another kind is due. Only while `on`.
        """
        if not self._sound:
            n = self._choose(n, at, quiet_from)
        if not self._sound:
            return CoverSound.NOISE, self._hiss(n)
        kind = self._kind
        piece = self._sound[self._played : self._played + n]
        self._played += len(piece)
        if self._played == len(self._sound):
            self._not_before = at + len(piece) / RATE_HZ + self._plan.again_s
            self._drop()
            self._update()
        return kind, piece

    def _choose(self, n: int, at: float, quiet_from: float) -> int:
        """Begin what is due at `at`; else say for how long it is noise, at most `n`."""
        if self._last_words:
            self._last_words = False
            self._kind, self._sound = CoverSound.APOLOGY, self._apology()
            return n
        if self._since is None or self._begun >= self._plan.most:
            return n
        due = max(max(self._since, quiet_from) + self._plan.after_s, self._not_before)
        # Too early by less than a frame rather than too late; the small part is for rounding.
        frames = int((min(due, at + n / RATE_HZ) - at) * RATE_HZ / FRAME + 1e-6)
        if frames > 0:
            return frames * FRAME
        self._begun += 1
        self.phrases += 1
        self._kind, self._sound = CoverSound.PHRASE, framed(self._plan.phrase)
        return n

    def _apology(self) -> bytes:
        return framed(self._plan.apology)

    def _hiss(self, n: int) -> bytes:
        if self._noise is None:
            self._noise = ComfortNoise(1, self._plan.noise_dbfs)
        return mulaw.encode(self._noise.take(n))

    def _drop(self) -> None:
        self._kind, self._sound, self._played = CoverSound.NOISE, b"", 0

    def _update(self) -> None:
        self.on = self._since is not None or self._last_words or bool(self._sound)


def framed(sound: bytes | None) -> bytes:
    """A sound in whole frames; the signal in place of none."""
    sound = sound or mulaw.encode(wait_signal())
    return sound + _SILENCE * (-len(sound) % FRAME)
