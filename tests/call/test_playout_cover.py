"""Cover sound on the agent's line: heard in time, and never taken for the agent."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.call.cover import LEAD_MS, Cover, CoverPlan, CoverSound
from agent.call.playout import Mark, Playout

PHRASE = bytes([0x20]) * 8000
APOLOGY = bytes([0x30]) * 4000
NOISE, SAID = CoverSound.NOISE, CoverSound.PHRASE
LEAD_S = LEAD_MS / 1000


class Ear:
    """A line, and what the caller hears of it."""

    def __init__(self, **plan: float) -> None:
        self.cover = Cover(CoverPlan(phrase=PHRASE, apology=APOLOGY, **plan))  # type: ignore[arg-type]
        self.line = Playout(lead_ms=240, message_ms=100, start_ms=60, cover=self.cover)
        self.now = 10.0
        self.heard: list[tuple[float, float, CoverSound | None]] = []
        self.marks: list[str] = []

    def take(self) -> None:
        for item in self.line.take(self.now):
            if isinstance(item, Mark):
                self.marks.append(item.name)
                continue
            until = item.at + len(item.mulaw) / 8000
            began, end, kind = self.heard[-1] if self.heard else (0.0, 0.0, None)
            if kind is item.cover and abs(item.at - end) < 1e-6:
                self.heard[-1] = (began, until, kind)
            else:
                self.heard.append((item.at, until, item.cover))
        assert self.line.next_due > self.now

    def run(self, until: float) -> None:
        self.take()
        while self.line.next_due <= until:
            self.now = self.line.next_due
            self.take()
        self.now = until

    def agent(self, seconds: float, turn: int = 1) -> None:
        pcm = np.full(round(seconds * 24000), 3000, np.int16)
        self.line.push(turn, pcm, self.now)
        self.take()


def rounded(ear: Ear) -> list[tuple[float, float, CoverSound | None]]:
    return [(round(a, 2), round(b, 2), kind) for a, b, kind in ear.heard]


def test_who_waits_hears_noise_at_once_and_the_phrase_within_its_time() -> None:
    ear = Ear()
    ear.cover.waiting(10.0, 10.0)
    ear.run(12.5)
    assert rounded(ear)[:2] == [(10.0, 11.2, NOISE), (11.2, 12.2, SAID)]
    (_, until, kind) = ear.heard[2]
    assert kind is NOISE
    assert until == ear.line.line_end == ear.line.cover_until
    assert 12.5 < until <= 12.5 + LEAD_S + 1e-6


def test_cover_is_no_audio_of_the_agents() -> None:
    ear = Ear()
    ear.cover.waiting(10.0, 10.0)
    ear.run(12.5)
    line = ear.line
    assert (line.queued, line.end, line.gap_s, line.dropped) == (0, -inf, 0.0, 0)
    assert not line.audible(12.5)
    assert line.left_s(12.5) == 0
    assert line.all_heard()
    assert ear.marks == []
    assert line.clear(12.5) == {}
    assert line.line_end > 12.5  # the carrier was not told to forget it


def test_the_agents_first_words_wait_only_for_what_the_carrier_has() -> None:
    ear = Ear()
    ear.cover.waiting(10.0, 10.0)
    ear.run(11.5)  # in the phrase
    ear.cover.waiting(None, 11.5)
    ear.agent(1.0)
    ear.line.finish()
    ear.run(15.0)
    (began, until, kind) = ear.heard[-1]
    assert kind is None
    assert 11.5 <= began <= 11.5 + LEAD_S + 1e-6
    assert until == pytest.approx(began + 1.02)
    assert ear.marks == ["e0:t1:1"]
    assert ear.line.next_due == inf


def test_a_phrase_that_is_nearly_over_is_finished_first() -> None:
    ear = Ear()
    ear.cover.waiting(10.0, 10.0)
    ear.run(11.9)
    ear.agent(1.0)
    ear.run(13.0)
    assert rounded(ear)[1:] == [(11.2, 12.2, SAID), (12.2, 13.2, None)]


def test_cover_that_goes_on_while_the_agent_is_heard_waits_for_its_end() -> None:
    ear = Ear()
    ear.cover.waiting(9.0, 10.0)
    ear.agent(1.0)
    ear.line.finish()
    ear.run(11.9)
    (first, noise) = rounded(ear)
    assert first == (10.0, 11.02, None)
    assert (noise[0], noise[2]) == (11.02, NOISE)
    ear.run(12.5)
    assert rounded(ear)[2][:2] == (12.22, 12.5 + 0.06) or rounded(ear)[2][2] is SAID


def test_a_hole_in_the_agents_speech_is_a_hole_though_covered() -> None:
    ear = Ear()
    ear.agent(0.5)
    ear.run(10.4)
    ear.cover.waiting(10.4, 10.4)
    ear.run(11.0)
    ear.agent(0.5)
    began = ear.heard[-1][0]
    assert [kind for _, _, kind in ear.heard] == [None, NOISE, None]
    assert ear.line.gap_s == pytest.approx(began - 10.5, abs=0.01)
    assert ear.line.underruns == 1


def test_what_a_barge_in_takes_back_is_the_agents_alone() -> None:
    ear = Ear()
    ear.agent(0.2)
    ear.line.finish()
    ear.take()
    ear.run(10.3)
    ear.cover.waiting(10.22, 10.3)
    ear.run(10.5)
    ear.cover.waiting(None, 10.5)
    ear.agent(1.0, turn=2)
    (began, _, _) = ear.heard[-1]
    ear.now = began + 0.1
    ear.line.marked("e0:t1:1", 10.25)
    unheard = ear.line.clear(ear.now)
    assert unheard == {2: pytest.approx(0.9, abs=0.01)}
    assert ear.line.line_end == ear.line.end == ear.now
    assert ear.line.cover_until == pytest.approx(began)


def test_before_the_agents_words_behind_cover_nothing_of_them_was_heard() -> None:
    ear = Ear()
    ear.agent(0.2)
    ear.line.finish()
    ear.take()
    ear.cover.waiting(10.0, 10.0)
    ear.run(11.0)
    ear.line.marked("e0:t1:1", 10.3)
    ear.agent(0.1, turn=2)
    assert ear.line.clear(ear.now) == {2: pytest.approx(0.1, abs=0.01)}


def test_an_apology_is_left_to_hear_and_the_agents_words_come_before_it() -> None:
    ear = Ear()
    ear.agent(0.3)
    ear.line.finish()
    ear.cover.apologise()
    assert ear.line.left_s(10.0) == pytest.approx(0.3 + 0.5, abs=0.03)
    ear.run(10.5)
    assert not ear.line.all_heard()
    ear.run(20.0)
    assert rounded(ear)[1:] == [(10.32, 10.82, CoverSound.APOLOGY)]
    ear.line.marked("e0:t1:1", 20.0)
    assert ear.line.all_heard()
    assert ear.line.line_end == pytest.approx(10.82)
    assert ear.line.next_due == inf


STEP = st.tuples(
    st.floats(0.0, 0.7),
    st.sampled_from(["wait", "go", "spoke", "push", "finish", "clear", "take"]),
    st.integers(1, 9000),
)


@given(st.lists(STEP, max_size=50), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_happens_the_line_stays_within_its_lead_and_always_moves(
    steps: list[tuple[float, str, int]], sorry: bool
) -> None:
    ear = Ear(after_s=0.3, again_s=0.5)
    turn = 0
    for wait_s, what, n in steps:
        ear.run(ear.now + wait_s)
        if what == "wait":
            ear.cover.waiting(ear.now - n / 9000, ear.now)
        elif what == "go":
            ear.cover.waiting(None, ear.now)
        elif what == "spoke":
            ear.cover.caller_spoke()
        elif what == "push":
            turn += n % 3 == 0
            ear.agent(n / 9000, turn)
        elif what == "finish":
            ear.line.finish()
        elif what == "clear":
            ear.line.clear(ear.now)
        ear.take()
        assert ear.line.line_end - ear.now <= 0.24 + 1e-4
    ear.line.finish()
    ear.cover.waiting(None, ear.now)
    if sorry:
        ear.cover.apologise()
    ear.run(ear.now + 60)
    assert ear.line.queued == 0
    assert ear.line.next_due == inf
    assert not ear.cover.on
