"""What may be kept of a call: consent before, pauses in between."""

from math import inf

from agent.call.keeping import Keeping
from agent.call.timeline import Timeline


def keeping(*, records: bool = True, tells: bool = True) -> Keeping:
    return Keeping(Timeline(0.0), records=records, tells=tells, longest_pause_s=60.0)


def test_nothing_may_be_kept_before_it_begins() -> None:
    kept = keeping()
    assert kept.news() is None
    assert kept.recording is None

    assert kept.begin(1.0)

    assert kept.recording is not None
    assert kept.news() is True
    assert kept.news() is None  # said once


def test_it_begins_once() -> None:
    kept = keeping()
    assert kept.begin(1.0)
    first = kept.recording

    assert not kept.begin(2.0)

    assert kept.recording is first


def test_without_a_recording_others_may_still_keep_theirs() -> None:
    kept = keeping(records=False)

    assert not kept.begin(1.0)

    assert kept.recording is None
    assert kept.news() is True


def test_a_pause_ends_by_a_word_or_by_itself() -> None:
    kept = keeping()
    kept.begin(0.0)
    kept.news()

    kept.pause(10.0)
    assert (kept.paused, kept.due, kept.news()) == (True, 70.0, False)
    kept.pause(20.0)
    assert kept.due == 80.0
    kept.resume(30.0)
    assert (kept.paused, kept.due, kept.news()) == (False, inf, True)
    kept.resume(31.0)
    assert kept.news() is None

    kept.pause(40.0)
    kept.advance(99.0)
    assert kept.paused
    kept.advance(100.0)
    assert not kept.paused


def test_a_pause_before_the_beginning_holds() -> None:
    kept = keeping()
    kept.pause(0.0)
    kept.begin(1.0)
    assert kept.news() is None

    assert kept.recording is not None
    kept.recording.caller(b"\x00" * 160, 1.02)
    assert not any(kept.recording.rest(1.02)[::4])

    kept.resume(2.0)
    assert kept.news() is True


def test_words_of_the_turns_that_a_pause_touches_and_of_the_next_one_are_hidden() -> None:
    kept = keeping()
    assert not kept.turn_began()
    kept.pause(1.0)
    assert kept.hides
    assert kept.turn_began()
    assert kept.turn_began()
    kept.resume(2.0)
    assert kept.hides
    assert kept.turn_began()  # its words may still be those of the pause
    assert not kept.hides
    assert not kept.turn_began()


def test_the_timeline_tells_of_it() -> None:
    timeline = Timeline(0.0)
    kept = Keeping(timeline, records=True, tells=False, longest_pause_s=5.0)
    kept.pause(0.5)
    kept.resume(0.7)
    kept.begin(1.0)
    kept.pause(2.0)
    kept.advance(7.0)

    assert [(e.t, e.name, e.values.get("by")) for e in timeline] == [
        (0.5, "recording.paused", None),
        (0.7, "recording.resumed", "agent"),
        (1.0, "recording.began", None),
        (2.0, "recording.paused", None),
        (7.0, "recording.resumed", "time"),
    ]
    assert kept.news() is None  # nobody is to be told
