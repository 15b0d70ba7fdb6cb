"""Transcripts of the caller's words, and replies on their way to the voice."""

import json
from itertools import count

from agent.sim.dialogue import Say
from agent.sim.heard_words import HeardWords
from agent.sim.saying import Voicing
from agent.sim.server_profiles import PROFILES


def test_transcripts_are_late_and_come_once() -> None:
    words = HeardWords(PROFILES["dev-3.8"], sent=True, late_s=None)
    words.add("a table", 10.0)
    assert words.next_at() == 10.5
    assert words.due(10.4) == []
    [frame] = words.due(10.5)
    assert json.loads(frame) == {"serverContent": {"inputTranscription": {"text": "a table"}}}
    assert words.next_at() is None


def test_the_last_words_are_kept_and_can_be_sent_again() -> None:
    words = HeardWords(PROFILES["dev-2.5"], sent=True, late_s=0.0)
    words.add("for two", 10.0)
    words.add("", 11.0)
    words.due(11.0)
    words.replay(12.0)
    assert words.last == "for two"
    assert len(words.due(12.0)) == 2


def test_nobody_gets_transcripts_who_did_not_ask() -> None:
    words = HeardWords(PROFILES["dev-2.5"], sent=False, late_s=0.0)
    words.add("hello", 10.0)
    assert (words.due(99.0), words.last) == ([], "hello")


def test_a_reply_with_the_voice_is_taken_once_or_withdrawn() -> None:
    voice = Voicing(count(1))
    speak = voice.begin("Hello", (), Say("Hello"))
    assert voice.unspoken == Say("Hello")
    assert voice.take(speak.speech_id + 1) is None
    saying = voice.take(speak.speech_id)
    assert saying is not None
    assert saying.text == "Hello"
    assert voice.take(speak.speech_id) is None
    voice.begin("Goodbye", (), Say("Goodbye"))
    assert voice.withdraw() == Say("Goodbye")
    assert voice.withdraw() is None
