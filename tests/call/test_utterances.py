"""The agent's utterances in the timeline: when they began, and when they were heard or cut."""

import pytest

from agent.call.bargein import BargeIn
from agent.call.conversation import Conversation
from agent.call.cover import Cover, CoverPlan
from agent.call.playout import Mark, Playout
from agent.call.timeline import Timeline
from tests.call.line import voice
from tests.call.talk import Talk


def test_the_first_audio_of_a_turn_is_noted_with_its_latency() -> None:
    t = Talk()
    t.hear(0.5, silent=True)
    t.hear(1.0)
    t.hear(0.6, silent=True)
    t.say(0.4)
    t.talk.generation_complete(t.now)
    assert t.talk.utterances.first_audio_at == t.now
    (entry,) = [e for e in t.timeline if e.name == "agent.audio_started"]
    assert entry.values["turn"] == 1
    assert entry.values["latency_s"] == pytest.approx(0.6, abs=0.05)
    t.hear(1.0, silent=True)
    t.talk.turn_complete(None, None, t.now)
    t.say(0.2)
    first = t.talk.utterances.first_audio_at
    assert first < t.now


def test_the_audio_of_a_forgotten_turn_has_no_latency() -> None:
    t = Talk()
    t.talk.playout.push(99, voice(0.1, 24000), 0.0)
    t.talk.take(0.0)
    (entry,) = t.timeline
    assert entry.values == {"id": "e0:t99:1", "turn": 99, "latency_s": None}


def test_a_mark_tells_when_an_utterance_was_heard() -> None:
    t = Talk()
    t.say(0.1)
    t.talk.model_pauses()
    mark = t.talk.take(t.now)[-1]
    assert isinstance(mark, Mark)
    t.talk.marked(mark.name, 0.2)
    t.talk.marked(mark.name, 0.3)
    assert t.names() == ["agent.audio_started", "agent.audio_ended"]


def test_a_lost_mark_is_made_good_by_the_next() -> None:
    t = Talk()
    for _ in range(2):
        t.say(0.1)
        t.talk.model_pauses()
        t.talk.take(0.1)
    t.talk.marked("e0:t1:2", 0.4)
    assert [e.t for e in t.timeline if e.name == "agent.audio_ended"] == [0.4, 0.4]


def test_every_utterance_that_began_ends_in_the_timeline_also_when_it_is_cut() -> None:
    t = Talk("model")
    t.say(0.1)
    t.talk.model_pauses()
    t.talk.take(0.1)
    t.say(0.2)
    t.talk.take(0.2)
    t.talk.interrupted(0.25)
    t.talk.marked("e0:t1:1", 0.3)  # too late: the carrier's echo of the clear
    ended = [e.values for e in t.timeline if e.name == "agent.audio_ended"]
    assert ended == [{"id": "e0:t1:1", "cut": True}, {"id": "e0:t1:2", "cut": True}]


def test_a_line_that_breaks_ends_all_and_says_which_were_cut() -> None:
    t = Talk()
    t.say(0.1)
    t.talk.model_pauses()
    t.talk.take(0.1)
    t.say(1.0)
    t.talk.line_broke(0.2, 0.3)
    t.talk.marked("e0:t1:2", 0.4)
    ended = [e.values for e in t.timeline if e.name == "agent.audio_ended"]
    assert ended == [{"id": "e0:t1:1", "cut": False}, {"id": "e0:t1:2", "cut": True}]


def test_a_turn_gone_on_with_is_one_utterance_and_the_time_between_a_gap_in_it() -> None:
    t = Talk()
    t.say(0.5, "We are")
    turn = t.talk.connection_left(True, t.now)
    assert turn is not None
    t.play(0.5)
    t.talk.go_on_with(turn, 0.5)
    t.talk.model_audio(voice(0.5, 24000), 2.0)
    t.talk.model_said("open.", 2.0)
    t.talk.take(2.0)
    assert t.talk.turns.count == 1
    assert t.talk.utterances.gap_s == pytest.approx(1.5, abs=0.03)
    t.talk.take(2.2)
    t.talk.interrupted(2.3, asked_at=2.3)
    assert t.replies[-1] in {"", "open."}
    assert turn.agent_text_heard.startswith("We are")


def test_a_sentence_cut_before_any_of_it_was_sent_has_no_gap_when_it_is_gone_on_with() -> None:
    t = Talk()
    t.talk.playout.away = True
    t.say(0.5, "We are")
    turn = t.talk.connection_left(True, t.now)
    assert turn is not None
    t.talk.go_on_with(turn, t.now)
    t.talk.playout.away = False
    t.talk.take(t.now + 3.0)
    assert "agent.audio_started" in t.names()
    assert t.talk.utterances.gap_s == 0.0


def test_cover_is_a_sound_and_no_words() -> None:
    cover = Cover(CoverPlan())
    timeline = Timeline(0.0)
    playout = Playout(lead_ms=240, message_ms=100, start_ms=0, cover=cover)
    talk = Conversation(playout, BargeIn("both", 0.24, 0.0), timeline, print)
    talk.turns.caller_stopped(0.0, agent_audible=False)
    cover.waiting(0.0, 0.0)
    now = 0.0
    while now < 3.0:
        talk.take(now)
        now = max(now + 0.001, playout.next_due)
    assert [e.name for e in timeline] == ["cover.phrase"]
    assert talk.turns.dead_air.longest_s(3.0) < 0.2
    assert talk.utterances.first_audio_at is None
