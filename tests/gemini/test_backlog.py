"""Frames that wait."""

from collections import Counter

from agent.gemini.backlog import FRAMES_LIMIT, Backlog


def test_frames_come_out_in_their_order_and_once() -> None:
    backlog = Backlog(100, Counter())
    backlog.add(b"1")
    backlog.add_audio(b"2", 10)
    backlog.add(b"3")
    assert backlog.drain() == [b"1", b"2", b"3"]
    assert backlog.drain() == []


def test_the_oldest_audio_is_dropped_and_counted() -> None:
    counters: Counter[str] = Counter()
    backlog = Backlog(100, counters)
    backlog.add(b"command")
    for name in (b"a", b"b", b"c"):
        backlog.add_audio(name, 50)
    assert backlog.drain() == [b"command", b"b", b"c"]
    assert counters == {"audio_samples_dropped": 50}
    backlog.add_audio(b"long", 101)
    assert backlog.drain() == []


def test_commands_beyond_the_limit_are_refused_and_counted() -> None:
    counters: Counter[str] = Counter()
    backlog = Backlog(100, counters)
    for _ in range(FRAMES_LIMIT + 2):
        backlog.add(b"x")
    assert len(backlog.drain()) == FRAMES_LIMIT
    assert counters == {"frames_dropped": 2}
