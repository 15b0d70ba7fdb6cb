"""What each message of the phone's comes to. A phone that goes is in `test_phone_side_away`."""

import base64
import json

import pytest

from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.flood import MOST_IN_WINDOW
from agent.call.phone_side import MOST_MALFORMED
from tests.call.line import Line, content, opened
from tests.call.phone import WAITS, talking


def test_a_message_that_only_fills_a_packet_comes_to_nothing() -> None:
    line = opened(WAITS)
    line.run(0.02)
    came = []
    for number in range(4):
        text = line.carrier._texts.media(600 + 20 * number, base64.b64encode(b"\xff" * 160))
        came.append(line.call.phone_received(text, line.now))
    assert sorted(came) == [False, False, True, True]


def test_malformed_messages_are_borne_up_to_a_limit() -> None:
    line = opened(WAITS)
    for _ in range(MOST_MALFORMED - 1):
        assert line.call.phone_received(b"{", line.now)
    assert line.call.state is CallState.TALKING
    assert line.call.phone_received(b"{", line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL
    assert line.call.counters == {"phone_malformed": MOST_MALFORMED}


def test_counters_of_all_legs_are_added_up() -> None:
    line = talking()
    line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    line.break_phone()
    line.come_back()
    line.run(0.1)
    line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    assert line.call.report(line.now).counters["phone.unknown_event"] == 2


def test_sound_that_we_cannot_carry_ends_the_call() -> None:
    line = Line(WAITS)
    start = json.loads(line.carrier._texts.start())
    start["start"]["mediaFormat"]["sampleRate"] = 16000
    line.call.phone_received(json.dumps(start), line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL


def test_a_key_keeps_its_place_behind_what_was_said_before_it() -> None:
    line = opened(WAITS)
    line.talk(0.5)
    line.run(0.53)
    sent = len(line.audio_to_model)
    line.carrier.press("5")
    line._carry()
    assert len(line.audio_to_model) == sent + 1
    assert line.names()[-1] == "dtmf"


def test_a_cut_by_our_own_ears_moves_the_timer() -> None:
    line = opened(CallPlan("bella", barge_in="local"))
    line.speak(5.0, "a long answer")
    line.run(1.0)
    line.talk(2.0)
    line.run(1.0)
    assert line.names().count("barge_in") == 1


def test_what_is_said_before_the_greeting_waits_for_it() -> None:
    line = opened(CallPlan("bella", greeting="Hi.", shield_s=8.0))
    line.run(1.0)
    assert line.audio_to_model == []
    line.speak(1.0, "Hi.")
    line.run(1.0)
    assert sum(n for _, n in line.audio_to_model) == pytest.approx(2.5 * 16_000, rel=0.1)


def test_a_flood_of_messages_ends_the_call() -> None:
    line = opened(WAITS)
    for _ in range(MOST_IN_WINDOW + 60):
        line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL
    assert line.call.counters == {"phone_flood": 1}


def test_a_mark_that_a_clear_brings_back_is_no_sign_of_having_been_heard() -> None:
    line = opened(WAITS)
    line.talk(2.0)
    line.run(0.5)
    line.speak(0.2, "Yes.", speed=50.0)
    line.run(0.1)
    line.model(content(interrupted=True))
    line.run(0.5)
    assert line.carrier.counters["clear"] == 1
    assert line.entry("agent.audio_ended")["cut"]
