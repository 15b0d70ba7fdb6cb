"""How well the stand-in's ear hears: sentences of the scenarios, spoken down a telephone line.

A sentence is said by espeak-ng at 8 kHz, laid on a line's noise, coded as mu-law, raised to 16 kHz
and cut by the stand-in's own activity detection, as in a call. Right words and right meaning are
counted apart: `at seven` and `seven` are not the same sentence, but the same answer.

    python -m bench.recognition [--sentences N] [--seed N] [--wrong] [--quick]
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.audio.mulaw import decode, encode
from agent.audio.noise import ComfortNoise
from agent.audio.pcm import Pcm16
from agent.audio.resample import Resampler
from agent.sim.ear import Ear
from agent.sim.scenario import CONFIRM, MORE, Scenario
from agent.sim.session_config import VadConfig
from agent.sim.vad import ActivityDetector, ActivityEnded
from agent.sim.voice import Voice
from tests.sim.talking import SCENARIOS, TODAY, scenario, sentence

RATE_HZ = 16_000
DEMO_VOICE = "en-us+edward2"
DEMO_RATE = 145
CLEAN_DBFS = -65.0

STRANGE = """
the weather is lovely in the mountains
my grandmother used to bake wonderful apple cake
the train leaves from platform number nine
have you ever seen a purple elephant dancing
computers are getting faster every single year
the quick brown fox jumps over the lazy dog
where did you park the bicycle yesterday
she sells sea shells by the sea shore
we should paint the kitchen blue
the parliament voted against the proposal
nobody told me that the bridge was broken
he plays the trumpet in a marching band
""".strip().splitlines()
"""Nothing that a scenario's caller would say."""


@dataclass(frozen=True, slots=True)
class Line:
    """Who speaks, and over what."""

    voice: str = DEMO_VOICE
    rate_wpm: int = DEMO_RATE
    noise_dbfs: float = CLEAN_DBFS

    def utterances(self, text: str, seed: int) -> list[Pcm16]:
        """What activity detection cuts out of the line, 16 kHz."""
        spoken = Voice(self.voice, self.rate_wpm).speak(text, 8000)
        line = ComfortNoise(seed, self.noise_dbfs).take(spoken.size + 24_000)
        line[8000:-16_000] += spoken
        pcm16k = Resampler(8000, RATE_HZ).process(decode(encode(line)))
        found = ActivityDetector(VadConfig(False, True, 40, 500)).process(pcm16k)
        return [one.pcm16k for one in found if isinstance(one, ActivityEnded)]


@dataclass(slots=True)
class Score:
    """What came of the sentences of one line."""

    said: int = 0
    words_right: int = 0
    meaning_right: int = 0
    slots: int = 0
    slots_right: int = 0
    audio_s: float = 0.0
    spent_s: float = 0.0
    worst_s: float = 0.0
    wrong: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence, and what had been asked before it."""

    spoken: Scenario
    expected: str | None
    text: str


def sentences(count: int, seed: int) -> Iterator[Asked]:
    """Sentences of both scenarios, in every situation, each as likely as the grammar says."""
    choose = random.Random(seed)
    while count:
        spoken = scenario(choose.choice(SCENARIOS))
        situations = (None, None, CONFIRM, MORE, *spoken.file.slots)
        expected = choose.choice(situations)
        known = spoken.sentences(expected)
        one = choose.choices(known, [s.weight for s in known])[0]
        words, slots = sentence(one.phrase, spoken.rules, choose.randrange)
        values = [spoken.kind(slot).read(told, TODAY) for slot, told in slots.items()]
        if words and None not in values:
            yield Asked(spoken, expected, " ".join(words))
            count -= 1


def measure(ear: Ear, line: Line, asked: list[Asked]) -> Score:
    """Say all the sentences."""
    score = Score()
    for seed, one in enumerate(asked):
        grammar = one.spoken.grammar(one.expected)
        heard = []
        for pcm16k in line.utterances(one.text, seed):
            before = time.perf_counter()
            heard.append(ear.hear(pcm16k, grammar))
            spent = time.perf_counter() - before
            score.audio_s += pcm16k.size / RATE_HZ
            score.spent_s += spent
            score.worst_s = max(score.worst_s, spent)
        text = " ".join(heard).strip()
        meant = one.spoken.understand(one.text, TODAY, one.expected)
        understood = one.spoken.understand(text, TODAY, one.expected)
        score.said += 1
        score.words_right += text == one.text
        score.meaning_right += meant == understood
        score.slots += len(meant.slots)
        score.slots_right += len(meant.slots.items() & understood.slots.items())
        if meant != understood:
            score.wrong.append((one.text, text))
    return score


def refused(ear: Ear, line: Line) -> tuple[int, int]:
    """How many sentences that are nobody's business were answered with "" or nothing understood."""
    spoken = scenario()
    right = 0
    for seed, text in enumerate(STRANGE):
        heard = " ".join(ear.hear(pcm, spoken.grammar()) for pcm in line.utterances(text, seed))
        right += not spoken.understand(heard, TODAY)
    return right, len(STRANGE)


LINES = [
    Line(),
    Line(rate_wpm=130),
    Line(rate_wpm=160),
    Line(noise_dbfs=-55.0),
    Line(noise_dbfs=-48.0),
    *(Line(voice=f"en-us{v}") for v in ("", "+edward", "+klatt", "+f2", "+m3", "+Andrea")),
]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sentences", type=int, default=150)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wrong", action="store_true", help="print what was misheard")
    options.add_argument("--quick", action="store_true", help="the demo's caller only")
    chosen = options.parse_args()
    asked = list(sentences(chosen.sentences, chosen.seed))
    ear = Ear()
    print(f"{len(asked)} sentences a line; espeak-ng, mu-law, 16 kHz")
    print("voice          wpm  noise   words  meaning  slots  strange refused  x real  worst s")
    for line in LINES[:1] if chosen.quick else LINES:
        score = measure(ear, line, asked)
        right, strange = refused(ear, line)
        print(
            f"{line.voice:14} {line.rate_wpm:3}  {line.noise_dbfs:5.0f}"
            f"  {score.words_right / score.said:6.1%}  {score.meaning_right / score.said:7.1%}"
            f" {score.slots_right / score.slots:6.1%}  {right:7}/{strange}"
            f"       {score.spent_s / score.audio_s:6.3f}  {score.worst_s:7.2f}"
        )
        if chosen.wrong:
            for said, heard in score.wrong:
                print(f"    {said!r} heard as {heard!r}")


if __name__ == "__main__":
    main()
