"""How words become sound and sound becomes words in a test: by tones, or by voice and ear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.call.core import Call
from agent.call.plan import Prepared
from agent.call.policy import CallPlan
from agent.sim.clips import RATE_HZ as LINE_HZ
from agent.sim.clips import Clip
from agent.sim.ear import Ear
from agent.sim.heard import HeardLine
from agent.sim.server_io import RATE_HZ as MODEL_HZ
from agent.sim.server_io import Speech
from agent.sim.voice import Voice
from agent.testing.tones import Tones, Word

BREATH_S = 0.7
"""A pause as long as this, and what follows is another line."""
_TAIL = 480
"""The last samples of a line may hold a word that has not ended."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one speaker without a longer pause.

    Attributes:
        at_s: when they began, in seconds since the call did.
        who: `caller` or `agent`.
    """

    at_s: float
    who: str
    text: str


class Talk(Protocol):
    """One call's way to speak and to listen."""

    def plan(self, prepared: Prepared) -> CallPlan:
        """The call's plan, with the sound of the phrases that are said without the model."""
        ...

    def clip(self, text: str) -> Clip:
        """The caller says this."""
        ...

    def hear(self, pcm16k: Pcm16, grammar: str) -> str:
        """The model hears this."""
        ...

    def speak(self, text: str) -> Speech:
        """The model says this."""
        ...

    def heard(self, line: HeardLine, until: int, call: Call) -> list[Line]:
        """What the caller heard up to a sample; times are in the stream's."""
        ...


class ToneTalk:
    """By tones: every word that arrives is known, and no other.

    Args:
        now: monotonic seconds.
        origin: when the stream's first sample was.
    """

    def __init__(self, now: Callable[[], float], origin: float) -> None:
        self._caller, self._agent = Tones(now), Tones(now)
        self._origin = origin
        self._words: list[Word] = []
        self._read_to = 0

    def plan(self, prepared: Prepared) -> CallPlan:
        """With the phrases in tones."""
        moment, apology = (
            mulaw.encode(self._agent.speak(text, LINE_HZ))
            for text in (prepared.moment, prepared.apology)
        )
        cover = replace(prepared.plan.cover, phrase=moment, apology=apology)
        return replace(prepared.plan, cover=cover)

    def clip(self, text: str) -> Clip:
        """The caller says this."""
        return Clip.of(self._caller.speak(text, LINE_HZ), text)

    def hear(self, pcm16k: Pcm16, grammar: str) -> str:
        """The words that arrived; the tones lie far below half of the lower rate."""
        return " ".join(word.text for word in self._caller.read(pcm16k[::2]))

    def speak(self, text: str) -> Speech:
        """The model says this."""
        return Speech(self._agent.speak(text, MODEL_HZ))

    def heard(self, line: HeardLine, until: int, call: Call) -> list[Line]:
        """The words that came out of the telephone."""
        if until > self._read_to:
            start = self._read_to
            found = self._agent.read(_sound(line, start, until), self._origin + start / LINE_HZ)
            words = [Word(w.text, start + w.start, start + w.end) for w in found]
            whole = [word for word in words if word.end < until - _TAIL]
            self._words += whole
            self._read_to = max(whole[-1].end if whole else 0, start)
            if not words:
                self._read_to = max(until - _TAIL, start)
            return _lines([*self._words, *words[len(whole) :]])
        return _lines(self._words)


class VoiceTalk:
    """By espeak-ng's voices and pocketsphinx's ear: the extra `sim`.

    What the caller heard is told from the call's own record of it.
    """

    def __init__(self) -> None:
        self._voices, self._ear = _voices(), _ear()
        self._phrases: dict[str, str] = {}

    def plan(self, prepared: Prepared) -> CallPlan:
        """With the sound that comes with the package."""
        self._phrases = {"cover.phrase": prepared.moment, "cover.apology": prepared.apology}
        return prepared.plan

    def clip(self, text: str) -> Clip:
        """The caller says this."""
        parts = [
            part
            for piece in text.split("...")
            for part in (self._voices[0].speak(piece, LINE_HZ), silence(LINE_HZ // 2))
        ]
        return Clip.of(np.concatenate(parts[:-1]), text)

    def hear(self, pcm16k: Pcm16, grammar: str) -> str:
        """What the ear makes of it."""
        return self._ear.hear(pcm16k, grammar)

    def speak(self, text: str) -> Speech:
        """The model says this."""
        return Speech(self._voices[1].speak(text, MODEL_HZ))

    def heard(self, line: HeardLine, until: int, call: Call) -> list[Line]:
        """The agent's words as far as they were heard, and the phrases of the cover."""
        found = []
        for entry in call.timeline:
            text = self._phrases.get(entry.name)
            if entry.name == "agent.said":
                text = str(entry.values["pii.text"])
            if text is not None:
                found.append(Line(entry.t, "agent", text))
        return found


@cache
def _voices() -> tuple[Voice, Voice]:
    """The caller's and the agent's."""
    return Voice("en-us+edward2", rate_wpm=140), Voice()


@cache
def _ear() -> Ear:
    return Ear()


def _sound(line: HeardLine, start: int, stop: int) -> Pcm16:
    """What was played from `start` to `stop`; silence in between."""
    heard = silence(stop - start)
    for at, audio in line.pieces:
        first, last = max(at, start), min(at + len(audio), stop)
        if first < last:
            heard[first - start : last - start] = mulaw.decode(audio[first - at : last - at])
    return heard


def _lines(words: list[Word]) -> list[Line]:
    lines: list[Line] = []
    end = 0
    for word in words:
        if lines and word.start - end < BREATH_S * LINE_HZ:
            lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {word.text}")
        else:
            lines.append(Line(word.start / LINE_HZ, "agent", word.text))
        end = word.end
    return lines
