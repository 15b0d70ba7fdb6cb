import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import level_dbfs
from agent.call.cover import FINISH, Cover, CoverPlan, CoverSound, framed
from agent.errors import ConfigError

PHRASE = bytes([0x20]) * 8000
APOLOGY = bytes([0x30]) * 4000
PLAN = CoverPlan(phrase=PHRASE, apology=APOLOGY)
NEVER = -1e9


def heard(cover: Cover, begin: float, seconds: float, n: int = 480) -> list[tuple[float, str]]:
    """(from when, what) the caller hears, pulled in messages of `n` samples."""
    changes: list[tuple[float, str]] = []
    at, end = begin, begin + seconds
    while cover.on and at < end - 1e-9:
        kind, sound = cover.take(n, at, NEVER)
        assert sound
        assert len(sound) <= n
        assert len(sound) % 160 == 0
        if not changes or changes[-1][1] != kind.value:
            changes.append((round(at, 3), kind.value))
        at += len(sound) / 8000
    changes.append((round(at, 3), "end"))
    return changes


def test_nothing_is_covered_while_nobody_waits() -> None:
    cover = Cover(PLAN)
    assert not cover.on
    cover.waiting(None, 5.0)
    assert not cover.on
    assert cover.owed == 0


def test_noise_at_once_then_the_phrase_and_again_a_few_times() -> None:
    cover = Cover(PLAN)
    cover.waiting(10.0, 10.0)
    assert heard(cover, 10.0, 60.0) == [
        (10.0, "noise"),
        (11.2, "phrase"),
        (12.2, "noise"),
        (20.2, "phrase"),
        (21.2, "noise"),
        (29.2, "phrase"),
        (30.2, "noise"),
        (70.04, "end"),
    ]
    assert cover.phrases == 3


def test_the_phrase_is_never_later_than_planned_and_hardly_earlier() -> None:
    for shift in np.linspace(0.0, 0.06, 13).tolist():
        cover = Cover(PLAN)
        cover.waiting(10.0, 10.0)
        changes = heard(cover, 10.0 + shift, 3.0)
        assert 11.2 - 0.02 <= {what: at for at, what in changes}["phrase"] <= 11.2


def test_who_has_waited_long_already_hears_the_phrase_first() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    assert heard(cover, 10.0, 2.0)[:2] == [(10.0, "phrase"), (11.0, "noise")]


def test_a_wait_does_not_begin_in_the_future() -> None:
    cover = Cover(PLAN)
    cover.waiting(99.0, 10.0)
    assert heard(cover, 10.0, 2.0)[1] == (11.2, "phrase")


def test_the_phrase_keeps_its_distance_from_the_agents_last_words() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    kind, sound = cover.take(480, 10.0, 9.5)
    assert (kind, len(sound)) == (CoverSound.NOISE, 480)


def test_the_noise_has_the_level_of_the_plan_and_is_audible_after_coding() -> None:
    cover = Cover(CoverPlan(noise_dbfs=-50.0))
    cover.waiting(10.0, 10.0)
    sound = b"".join(cover.take(800, 10.0, NEVER)[1] for _ in range(10))
    assert level_dbfs(mulaw.decode(sound)) == pytest.approx(-50.0, abs=1.0)


def test_every_call_has_the_same_noise_however_it_is_cut() -> None:
    def noise(n: int, pieces: int) -> bytes:
        cover = Cover(CoverPlan(most=0))
        cover.waiting(10.0, 10.0)
        return b"".join(cover.take(n, 10.0, NEVER)[1] for _ in range(pieces))

    first = noise(480, 20)
    assert first == noise(800, 12)
    assert first[:4_800] != first[4_800:]


def test_a_phrase_that_has_begun_is_finished_when_the_wait_is_over() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    cover.take(480, 10.0, NEVER)
    cover.waiting(None, 10.1)
    assert heard(cover, 10.06, 5.0) == [(10.06, "phrase"), (11.0, "end")]


def test_a_further_wait_has_phrases_of_its_own() -> None:
    cover = Cover(PLAN)
    cover.waiting(10.0, 10.0)
    heard(cover, 10.0, 3.0)
    cover.waiting(None, 13.0)
    cover.waiting(14.0, 14.0)
    assert heard(cover, 14.0, 2.0)[1] == (15.2, "phrase")


def test_the_callers_speech_stops_the_phrase() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    cover.take(480, 10.0, NEVER)
    cover.waiting(None, 10.1)
    cover.caller_spoke()
    assert not cover.on


def test_the_agent_cuts_a_phrase_unless_it_is_nearly_over() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    cover.take(len(PHRASE) - FINISH - 160, 10.0, NEVER)
    assert cover.yields()
    cover.waiting(None, 10.0)
    assert not cover.on

    cover.waiting(5.0, 10.0)
    cover.take(len(PHRASE) - FINISH, 10.0, NEVER)
    assert cover.ending
    assert not cover.yields()
    cover.take(FINISH, 10.7, NEVER)
    assert cover.yields()


def test_the_apology_is_said_once_and_nothing_cuts_it() -> None:
    cover = Cover(PLAN)
    cover.waiting(5.0, 10.0)
    cover.take(480, 10.0, NEVER)
    cover.apologise()
    assert cover.owed == len(PHRASE) - 480 + 4000
    cover.take(8000, 10.06, NEVER)
    assert cover.owed == 4000
    assert cover.yields()  # what the agent has yet to say goes first
    cover.take(480, 11.0, NEVER)
    cover.apologise()
    cover.caller_spoke()
    assert not cover.yields()
    assert cover.owed == 4000 - 480
    assert heard(cover, 11.06, 9.0) == [(11.06, "apology"), (11.5, "end")]
    assert cover.owed == 0


def test_without_words_there_is_a_signal() -> None:
    signal = framed(None)
    assert len(signal) == 4000
    assert level_dbfs(mulaw.decode(signal)) == pytest.approx(-31, abs=2)
    cover = Cover(CoverPlan())
    cover.apologise()
    assert heard(cover, 10.0, 9.0) == [(10.0, "apology"), (10.5, "end")]


def test_sounds_are_whole_frames() -> None:
    assert framed(b"a" * 161) == b"a" * 161 + b"\xff" * 159
    assert framed(b"a" * 160) == b"a" * 160


def test_a_plan_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"after_s -1: must not be negative"):
        CoverPlan(after_s=-1)
