"""The model's stand-in without ear or voice: tones for words, a script for a mind, without I/O.

For load and for tests. An utterance that is a tone of a known pitch has a known transcript; replies
are tones of a given length, made and encoded once for every session of the process.
Source: docs/protocols/gemini-live.md E-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.audio.pcm import FULL_SCALE, Pcm16
from agent.sim.dialogue import CallTools, Move, Say
from agent.sim.server_io import RATE_HZ, Speech

MARKER_HZ = tuple(range(450, 2700, 150))
"""Pitches that mark utterances, all within the telephone's band and apart from each other."""

MARKER_DBFS = -20.0
REPLY_HZ = (330.0, 440.0)
REPLY_DBFS = -18.0
UNMARKED = "(speech)"
"""The transcript of an utterance that is not a marker."""

_HEAR_RATE_HZ = 16_000
_WINDOW = 8192  # 0.5 s: bins of 2 Hz
_NEAR_HZ = 40.0
_SHARE = 0.5  # of the energy; a voice has far less in so narrow a band


def marker(index: int, seconds: float, rate_hz: int = 8000) -> Pcm16:
    """An utterance whose transcript is the `index`-th of the script."""
    return _tone((float(MARKER_HZ[index]),), seconds, rate_hz, MARKER_DBFS)


def marker_in(pcm16k: Pcm16) -> int | None:
    """Which marker an utterance is; None when it is none."""
    middle = pcm16k[max((pcm16k.size - _WINDOW) // 2, 0) :][:_WINDOW]
    if middle.size < _WINDOW // 8:
        return None
    power = np.abs(np.fft.rfft(middle.astype(np.float64) * np.hanning(middle.size))) ** 2
    bins = np.fft.rfftfreq(middle.size, 1 / _HEAR_RATE_HZ)
    total = float(power.sum())
    loudest = float(bins[int(power.argmax())])
    index = min(range(len(MARKER_HZ)), key=lambda i: abs(MARKER_HZ[i] - loudest))
    near = float(power[np.abs(bins - MARKER_HZ[index]) <= _NEAR_HZ].sum())
    return index if total and near >= _SHARE * total else None


class Tones:
    """Ear and voice in one; both answer at once.

    Args:
        transcripts: what each marker means; those beyond are named by number.
        reply_s: how long a reply of tones is.
    """

    def __init__(self, transcripts: Sequence[str] = (), reply_s: float = 4.0) -> None:
        self._transcripts = transcripts
        self._speech = Speech(_tone(REPLY_HZ, reply_s, RATE_HZ, REPLY_DBFS))

    def hear(self, pcm16k: Pcm16, grammar: str = "") -> str:
        """The transcript of an utterance."""
        index = marker_in(pcm16k)
        if index is None:
            return UNMARKED
        known = index < len(self._transcripts)
        return self._transcripts[index] if known else f"utterance {index}"

    def speak(self, text: str) -> Speech:
        """Tones; the same for every text, which is what makes them cheap."""
        return self._speech


@dataclass(frozen=True, slots=True)
class Script:
    """What a scripted mind says.

    Attributes:
        greeting: the answer to a typed text that opens the session.
        replies: the answers to utterances, taken in turn.
        tool: a function called instead of every `tool_every`-th reply, with its arguments.
        filler: what is said while it runs.
        after_tool: what is said with its result.
    """

    greeting: str = "Hello, this is a scripted voice. How can I help you?"
    replies: Sequence[str] = ("This is a scripted reply made of tones and of nothing else.",)
    tool: tuple[str, Mapping[str, Any]] | None = None
    tool_every: int = 2
    filler: str | None = None
    after_tool: str = "The function has answered, and that is all there is to say."


class Scripted:
    """A mind that follows a script, whatever it hears."""

    grammar = ""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._n_heard = 0

    def greeting(self, text: str) -> Move:
        """Greets."""
        return Say(self._script.greeting)

    def heard(self, text: str) -> Move:
        """Gives the next reply, or calls the function."""
        script = self._script
        self._n_heard += 1
        if script.tool is not None and self._n_heard % script.tool_every == 0:
            return CallTools((script.tool,), script.filler)
        return Say(script.replies[(self._n_heard - 1) % len(script.replies)])

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """Says that it has come."""
        return Say(self._script.after_tool)


def _tone(pitches_hz: Sequence[float], seconds: float, rate_hz: int, dbfs: float) -> Pcm16:
    """Sines of equal level; the level (RMS) is that of their sum."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    amplitude = FULL_SCALE * 10.0 ** (dbfs / 20.0) * (2.0 / len(pitches_hz)) ** 0.5
    tone: Pcm16 = sum(
        (amplitude * np.sin(2 * np.pi * pitch * t) for pitch in pitches_hz), start=np.zeros(t.size)
    ).astype(np.int16)
    return tone
