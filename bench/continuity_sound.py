"""The language of the continuity cases: every word is a tone, so that what was heard can be read.

A reply of eight seconds is forty words of a fifth of a second, each a pitch of its own: the sound
that came out at the caller's end tells which of them were heard, how often, and with what between
them. The caller's utterances are tones too, with noise of his own in them, so that any piece of
them that reaches the model can be found again in what he said (`continuity_uplink`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, product

import numpy as np

from agent.audio.pcm import FULL_SCALE, Pcm16
from agent.sim.clips import Clip
from agent.sim.scripted import marker
from agent.sim.server_io import RATE_HZ, Speech

WORD_S = 0.2
REPLY_WORDS = tuple("".join(pair) for pair in product("bdfgklmn", "aeiou"))
REPLY = " ".join(REPLY_WORDS) + "."
REPLY_S = len(REPLY_WORDS) * WORD_S
OTHER_WORDS = ("hello", "noted", "known", "unknown", "booked", "failed", "pardon")
WORDS = (*REPLY_WORDS, *OTHER_WORDS)
LOWEST_HZ, STEP_HZ = 330.0, 60.0  # 47 pitches, up to 3,090 Hz
WORD_DBFS = -16.0

CALLER_NOISE = 0.25  # of the marker's power
SYLLABLES_PER_S, QUIETEST = 3.0, 0.3  # a steady sound would soon be taken for noise
FRAME = 160
HEARD_RATE_HZ = 8_000
WHOLE = round(WORD_S * HEARD_RATE_HZ / FRAME)  # frames of a word
LOUD = 400.0  # RMS of a frame; comfort noise is far below
PURE = 0.9  # share of a frame's energy at one pitch; speech and noise have less
SHORTEST_RUN, LONGEST_RUN = 3, 12


def pitch_hz(word: str) -> float:
    return LOWEST_HZ + STEP_HZ * WORDS.index(word)


def bare(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalpha())


def spoken(text: str) -> Pcm16:
    """A text at 24 kHz: its known words, one after the other; a second of `pardon` without any."""
    words = [word for word in map(bare, text.split()) if word in WORDS] or ["pardon"]
    long = 5 if len(words) == 1 and words[0] in OTHER_WORDS else 1
    n = round(WORD_S * RATE_HZ)
    t = np.arange(n * long) / RATE_HZ
    amplitude = FULL_SCALE * 10 ** (WORD_DBFS / 20) * 2**0.5
    tones = [amplitude * np.sin(2 * np.pi * pitch_hz(word) * t) for word in words]
    return np.concatenate(tones).astype(np.int16)


class Voice:
    """Speaks each text once; the sound is shared by all sessions."""

    def __init__(self) -> None:
        self._spoken: dict[str, Speech] = {}

    def speak(self, text: str) -> Speech:
        if text not in self._spoken:
            self._spoken[text] = Speech(spoken(text))
        return self._spoken[text]


def utterance(index: int, seconds: float, label: str, seed: int = 0) -> Clip:
    """What the caller says: a marker, and noise that is like nothing else, of any other seed."""
    tone = marker(index, seconds).astype(np.float64)
    rng = np.random.default_rng(100 * seed + index)
    noise = rng.normal(size=tone.size + 1)
    noise = (noise[1:] + noise[:-1]) / 2  # little at the top of the band, where linear filters fail
    noise *= np.sqrt(CALLER_NOISE * np.mean(tone**2) / np.mean(noise**2))
    t = np.arange(tone.size) / HEARD_RATE_HZ
    loudness = QUIETEST + (1 - QUIETEST) * np.abs(np.sin(np.pi * SYLLABLES_PER_S * t))
    return Clip.of(((tone + noise) * loudness * 1.4).astype(np.int16), label)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller heard of the agent's words.

    Attributes:
        reply_s: how much of the long reply, each part counted once.
        again_s: how much of it more than once.
        gap_s: the longest time without a word between its first and its last.
        words: all words in their order.
    """

    reply_s: float
    again_s: float
    gap_s: float
    words: tuple[str, ...]


def read(heard: Pcm16) -> Heard:
    """Read the words in what came out at the caller's end, at 8 kHz."""
    runs = _runs(_frames(heard))
    frames = dict.fromkeys(REPLY_WORDS, 0.0)
    for part, share in _shares(runs):
        frames[part] += share
    ends: list[int] = []
    at = 0
    gap = 0
    for word, n in runs:
        if word in frames:
            gap = max(gap, at - ends[-1]) if ends else 0
            ends.append(at + n)
        at += n
    once = sum(min(n, WHOLE) for n in frames.values())
    again = sum(n - WHOLE for n in frames.values() if n > WHOLE + 1)
    frame_s = FRAME / HEARD_RATE_HZ
    words = tuple(word for word, _ in runs if word is not None)
    return Heard(once * frame_s, again * frame_s, gap * frame_s if gap > 1 else 0.0, words)


def _shares(runs: list[tuple[str | None, int]]) -> Iterator[tuple[str, float]]:
    """How many frames of each word of the reply there are.

    A frame on the border of two words counts for one of them, which depends on their pitches: what
    one word has too many the next has too few, so that whole words share what they have together.
    """
    heard = [(word, n) if word in REPLY_WORDS else ("", n) for word, n in runs]
    for whole, group in groupby(heard, lambda run: run[0] != "" and abs(run[1] - WHOLE) <= 1):
        words = list(group)
        mean = sum(n for _, n in words) / len(words)
        yield from ((word, mean if whole else n) for word, n in words if word)


def first_sound_s(heard: Pcm16, at: int) -> float | None:
    """How long after sample `at` something loud goes on or begins; None for never."""
    frames = [word is not None for word in _frames(heard[at:])]
    for place in range(len(frames) - SHORTEST_RUN + 1):
        if all(frames[place : place + SHORTEST_RUN]):
            return place * FRAME / HEARD_RATE_HZ
    return None


def _frames(heard: Pcm16) -> list[str | None]:
    """The word in each frame of 20 ms, or None."""
    frames = heard[: heard.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    turns = 2 * np.pi * np.outer(np.arange(FRAME), [pitch_hz(word) for word in WORDS])
    basis = np.exp(-1j * turns / HEARD_RATE_HZ)
    energy = np.maximum((frames**2).sum(axis=1), 1.0)
    share = np.abs(frames @ basis) ** 2 * (2 / FRAME) / energy[:, None]
    loud = energy > FRAME * LOUD**2
    best = share.argmax(axis=1)
    pure = share.max(axis=1) > PURE
    return [
        WORDS[word] if ok and sure else ("" if ok else None)
        for word, ok, sure in zip(best, loud, pure, strict=True)
    ]


def _runs(frames: list[str | None]) -> list[tuple[str | None, int]]:
    """Words and how many frames they last; a frame on the border goes to the word before it."""
    filled: list[str | None] = []
    for frame in frames:
        filled.append(filled[-1] if frame == "" and filled else frame or None)
    runs = [(word, len(list(run))) for word, run in groupby(filled)]
    return [(word if _is_word(word, n) else None, n) for word, n in runs]


def _is_word(word: str | None, n: int) -> bool:
    """What is too short or too long is no word of ours: a click, or the tone of a cover."""
    return n >= SHORTEST_RUN and (word not in REPLY_WORDS or n <= LONGEST_RUN)
