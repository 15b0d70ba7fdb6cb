"""Digits that the agent dials on the line: heard by a machine, whole, in their place."""

import pytest

from agent.audio import mulaw
from agent.audio.tones import DtmfDetector, dialled
from agent.call.core import CallPlan
from agent.call.playout import Mark, Play, Playout
from tests.call.line import Line, content, opened
from tests.call.sounds import voice
from tests.call.talk import Talk

TONES = mulaw.encode(dialled("12"))


def keys_in(items: list[Play | Mark]) -> str:
    sound = b"".join(item.mulaw for item in items if isinstance(item, Play))
    return "".join(DtmfDetector().process(mulaw.decode(sound)))


def taken(line: Playout) -> list[Play | Mark]:
    items, now = [], 0.0
    while line.next_due < 30:
        now = max(now, line.next_due)
        items += line.take(now)
    return items


def test_digits_follow_what_is_queued_and_have_a_mark_of_their_own() -> None:
    line = Playout(lead_ms=240, message_ms=100, start_ms=0)
    line.push(1, voice(0.4, 24000), 0.0)
    line.dial(TONES)
    line.push(1, voice(0.4, 24000), 0.0)
    line.dial(TONES)
    line.finish()
    items = taken(line)
    assert [i.name for i in items if isinstance(i, Mark)] == [
        "e0:t1:1", "e0:d1", "e0:t1:2", "e0:d2",
    ]  # fmt: skip
    tones = [i for i in items if isinstance(i, Play) and i.turn < 0]
    assert keys_in([*tones]) == "1212"


def test_nobody_cuts_digits_that_are_dialled() -> None:
    t = Talk("both")
    t.say(0.6, "I dial.")
    t.talk.dial(TONES, t.now)
    t.hear(0.5)
    assert t.talk.interrupted(t.now) is None
    assert t.talk.barge_ins == 0
    assert not t.talk.clear_due
    t.hear(1.0, silent=True)
    t.talk.turn_complete(None, None, t.now)
    t.say(3.0, "And now?")
    t.hear(0.6)
    assert t.talk.barge_ins == 1


def heard_keys(line: Line) -> str:
    heard = line.carrier.line.pcm(line.carrier.position(line.now))
    return "".join(DtmfDetector().process(heard))


def test_the_caller_s_side_hears_the_digits_after_the_agent_s_words() -> None:
    line = opened()
    line.speak(1.0, "I dial now.")
    line.run(0.3)
    line.call.dial("4w2#", line.now)
    line._perform()
    line.run(4.0)
    assert heard_keys(line) == "42#"
    assert "digits.dialled" in line.names()
    assert not line.carrier.violations


def test_a_call_that_ends_dials_nothing() -> None:
    line = opened(CallPlan("bella"))
    line.call.finish("operator", line.now)
    line.call.dial("1", line.now)
    line._perform()
    line.run(1.0)
    assert "digits.dialled" not in line.names()


def test_what_is_no_digit_is_refused_and_the_call_goes_on() -> None:
    line = opened()
    with pytest.raises(ValueError, match="not a DTMF digit"):
        line.call.dial("1x", line.now)
    line.model(content(turnComplete=True))
    line.run(0.5)
    assert line.call.outcome is None
