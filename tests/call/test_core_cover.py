"""What the caller's ear gets while no model is there, in whole calls, measured at the carrier."""

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import level_dbfs
from agent.call.core import CallPlan
from agent.call.cover import CoverPlan
from agent.call.effects import Outcome
from agent.call.phrases import shipped
from tests.call.line import BEGAN, Line, opened

SOUND = shipped("en")
PLAN = CallPlan("bella", greeting="Hello.", cover=CoverPlan(SOUND.moment, SOUND.apology))

PAUSE_S = 0.2
"""Of the phrase's own, between its words."""


class Ear:
    """What the caller of this line has heard so far; times as the call's clock has them."""

    def __init__(self, line: Line) -> None:
        self._pcm = line.carrier.line.pcm(round((line.now - line.carrier.origin) * 8000))
        self._origin = line.carrier.origin

    def began(self, sound: bytes) -> list[float]:
        """When this sound began, each time that it was heard in full."""
        heard, wanted = self._pcm.tobytes(), mulaw.decode(sound).tobytes()
        found, at = [], heard.find(wanted)
        while at >= 0:
            found.append(self._origin + at / 2 / 8000)
            at = heard.find(wanted, at + 2)
        return found

    def dead_s(self, begin: float, end: float) -> float:
        """The longest stretch of digital silence between two times."""
        first, last = (round((t - self._origin) * 8000) for t in (begin, end))
        loud = np.flatnonzero(self._pcm[first:last])
        edges = np.concatenate([[0], loud, [last - first]])
        return float(np.diff(edges).max() / 8000)

    def level(self, begin: float, end: float) -> float:
        first, last = (round((t - self._origin) * 8000) for t in (begin, end))
        return level_dbfs(self._pcm[first:last])


def stopped_at(line: Line) -> float:
    (at,) = [entry.t for entry in line.call.timeline if entry.name == "caller.speech_ended"]
    return BEGAN + at


def test_noise_comes_at_once_and_the_phrase_in_time_while_the_model_refuses() -> None:
    line = opened(PLAN)
    line.speak(0.5, "Hello")
    line.run(2.0)
    line.talk(1.0)
    line.run(0.5)
    line.refusals = 10**6
    line.lose_model()
    line.run(20.0)
    line.refusals = 0
    stopped = stopped_at(line)
    ear = Ear(line)
    phrases = ear.began(SOUND.moment)
    # 80 ms are the network's, both ways, and the carrier's.
    assert phrases[0] - stopped <= 1.2 + 0.08
    assert np.diff(phrases) == pytest.approx([8 + len(SOUND.moment) / 8000], abs=0.03)
    assert ear.dead_s(stopped, line.now - 0.2) < 0.6  # until our detection is sure that he stopped
    assert ear.dead_s(stopped + 0.7, line.now - 0.2) < PAUSE_S
    assert ear.level(phrases[0] - 0.4, phrases[0] - 0.1) == pytest.approx(-50, abs=1.5)


def test_before_the_first_connection_the_caller_is_covered_too() -> None:
    line = Line(PLAN, answers=False)
    line.run(10.0)
    ear = Ear(line)
    assert ear.began(SOUND.moment)[0] - BEGAN <= 1.2 + 0.25  # the carrier's start included
    assert ear.dead_s(BEGAN + 0.7, line.now - 0.2) < PAUSE_S


def test_when_the_budget_is_spent_the_whole_apology_is_heard_before_the_call_ends() -> None:
    line = Line(PLAN, answers=False)
    line.run(60.0)
    assert line.call.outcome == Outcome.MODEL_LOST
    (apology,) = Ear(line).began(SOUND.apology)
    assert 28.0 < apology - BEGAN < 36.0
    assert line.carrier.line.n_cut == 0


def test_the_caller_silences_the_phrase() -> None:
    line = Line(PLAN, answers=False)
    line.run(1.6)
    line.talk(3.0)
    line.run(1.0)
    quiet = line.now
    line.run(2.0)
    ear = Ear(line)
    assert ear.began(SOUND.moment) == []
    assert ear.level(quiet, quiet + 1.5) < -60
    line.run(4.0)
    assert len(Ear(line).began(SOUND.moment)) == 1
