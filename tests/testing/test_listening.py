"""How the caller and the model hear one another in a test: by tones, and by voice and ear."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import silence
from agent.call.core import Call
from agent.call.plan import Prepared
from agent.gemini.session import LiveSession
from agent.sim.heard import HeardLine
from agent.telephony.twilio.stream import MediaStream
from agent.testing import phone_call, synchronous
from agent.testing.listening import Line, ToneTalk
from agent.testing.tenants import Configuration

CONFIG = Path(__file__).parents[2] / "config"
TUESDAY = datetime(2026, 11, 24, 12, 0)


@pytest.fixture
def prepared() -> Prepared:
    ready, _ = Configuration(CONFIG).tenant("corner-shop", {})
    return ready.prepared


@pytest.fixture
def call(prepared: Prepared) -> Call:
    session = LiveSession(prepared.setup, prepared.profile, random=lambda: 0.5)
    return Call(prepared.plan, MediaStream(), session, 0.0)


def played(talk: ToneTalk, *texts: str) -> HeardLine:
    """A line on which the agent says these, with a second of silence after each."""
    line = HeardLine()
    for text in texts:
        pcm = np.concatenate([talk.speak(text).pcm24k[::3], silence(8000)])
        line.play(mulaw.encode(pcm), line.end)
    return line


def test_words_with_a_pause_between_them_are_two_lines(call: Call) -> None:
    talk = ToneTalk(lambda: 0.0, 0.0)
    line = played(talk, "Good morning.", "How are you?")
    assert [found.text for found in talk.heard(line, line.end, call)] == [
        "Good morning.",
        "How are you?",
    ]
    first, second = talk.heard(line, line.end, call)
    assert first == Line(first.at_s, "agent", "Good morning.")
    assert first.at_s == pytest.approx(0.0, abs=0.03)
    assert second.at_s == pytest.approx(1.56, abs=0.1)


def test_what_is_heard_does_not_depend_on_how_often_one_listens(call: Call) -> None:
    talk = ToneTalk(lambda: 0.0, 0.0)
    line = played(talk, "one two three four five six seven", "eight", "nine and ten and more")
    seen = [talk.heard(line, until, call) for until in range(0, line.end, 160)]
    again = ToneTalk(lambda: 0.0, 0.0)
    same = played(again, "one two three four five six seven", "eight", "nine and ten and more")
    assert talk.heard(line, line.end, call) == again.heard(same, same.end, call)
    words = [" ".join(found.text for found in lines) for lines in seen]
    assert all(later.startswith(earlier) for earlier, later in pairwise(words))
    assert talk.heard(line, 0, call) == talk.heard(line, line.end, call)


def test_the_phrases_without_a_model_are_words_too(prepared: Prepared, call: Call) -> None:
    talk = ToneTalk(lambda: 0.0, 0.0)
    cover = talk.plan(prepared).cover
    assert cover.phrase is not None
    assert cover.apology is not None
    line = HeardLine()
    line.play(cover.phrase + mulaw.encode(silence(8000)) + cover.apology, 0)
    line.play(mulaw.encode(silence(800)), line.end)
    found = [heard.text for heard in talk.heard(line, line.end, call)]
    assert found == [prepared.moment, prepared.apology]


@pytest.mark.speech
@synchronous
async def test_a_call_by_voice_and_ear() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY, audio=True) as call:
        assert call.heard == "Corner Shop, hello. Do you have your order number at hand?"
        await call.say("My order number is one zero ... four two.")
        assert call.tool_calls == [("order_status", {"order_id": "1042"})]
        assert "Your order of a teapot is on its way" in call.heard
        await call.say("Thank you. Goodbye.", wait=False)
        await call.lose_model(for_s=3)
        await call.hears("One moment, please.")
        assert await call.ended() == "agent_ended"
