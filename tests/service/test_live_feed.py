"""The feed: what has changed, once for everybody."""

import json
from typing import Any

from agent.service.live_feed import BEAT_S, MOST_ENDED, MOST_ENTRIES, LiveFeed
from agent.service.running import RunningCall
from tests.service.live_calls import Talk


class Room:
    """Calls that a feed follows, one beat after another."""

    def __init__(self, *talks: Talk) -> None:
        self.talks = {talk.running.id: talk for talk in talks}
        self.feed = LiveFeed(self._running)
        self.looks = 0
        self._beat = 0

    def _running(self) -> list[RunningCall]:
        self.looks += 1
        return [talk.running for talk in self.talks.values()]

    def beat(self) -> None:
        self._beat += 1
        self.feed.update(self._beat * BEAT_S)

    def since(self, version: int) -> dict[str, Any] | None:
        message = self.feed.since(version)
        return None if message is None else json.loads(message)

    def words(self, id: str, read: int) -> list[dict[str, Any]]:
        return [json.loads(message) for message, _ in self.feed.call(id, read)]


def test_who_comes_gets_everything_and_then_what_has_changed() -> None:
    one, two = Talk("CA1"), Talk("CA2")
    room = Room(one, two)
    room.beat()
    found = room.since(0)
    assert found is not None
    assert found["whole"]
    assert [row["id"] for row in found["rows"]] == ["CA1", "CA2"]
    seen = room.feed.version
    assert room.since(seen) is None
    two.add(1.0, "agent.said", turn=1, pii_text="Hello.")
    room.beat()
    news = room.since(seen)
    assert news is not None
    assert not news["whole"]
    assert news["rows"] == [{"id": "CA2", "who": "agent", "words": "Hello."}]


def test_when_nothing_happens_nothing_is_sent() -> None:
    room = Room(Talk("CA1"))
    room.beat()
    seen = room.feed.version
    for _ in range(10):
        room.beat()
    assert room.feed.version == seen


def test_a_page_that_missed_a_beat_gets_everything_again() -> None:
    talk = Talk("CA1")
    room = Room(talk)
    room.beat()
    seen = room.feed.version
    for k in range(2):
        talk.add(float(k), "agent.said", turn=1, pii_text=str(k))
        room.beat()
    found = room.since(seen)
    assert found is not None
    assert found["whole"]
    assert found["rows"][0]["words"] == "1"


def test_everybody_gets_the_same_bytes_and_the_calls_are_looked_at_once_a_beat() -> None:
    room = Room(Talk("CA1"))
    room.beat()
    assert room.feed.since(0) is room.feed.since(0)
    looks = room.looks
    for _ in range(5):
        room.feed.update(BEAT_S * 1.5)
    assert room.looks == looks


def test_an_empty_list_is_told_as_well() -> None:
    room = Room()
    room.beat()
    assert room.since(0) == {"kind": "calls", "whole": True, "rows": [], "gone": []}


def test_a_call_that_ends_goes_and_its_last_words_can_still_be_read() -> None:
    talk = Talk("CA1")
    room = Room(talk)
    room.beat()
    seen = room.feed.version
    talk.add(1.0, "agent.said", turn=1, pii_text="Goodbye.")
    talk.add(2.0, "call.ended", outcome="agent_ended")
    room.talks.clear()
    room.beat()
    news = room.since(seen)
    assert news is not None
    assert news["gone"] == ["CA1"]
    [words] = room.words("CA1", 1)
    assert words["entries"] == [[2.0, "call.ended", {"outcome": "agent_ended"}]]
    assert words["from"] == 1


def test_only_the_last_calls_are_remembered() -> None:
    talks = [Talk(f"CA{k}") for k in range(MOST_ENDED + 1)]
    for talk in talks:
        talk.add(0.0, "call.started")
    room = Room(*talks)
    room.beat()
    room.talks.clear()
    room.beat()
    assert room.words("CA0", 0) == []
    assert len(room.words("CA1", 0)) == 1


def test_a_call_that_comes_again_under_its_name_is_followed_anew() -> None:
    room = Room(Talk("CA1"))
    room.beat()
    again = Talk("CA1")
    again.add(0.0, "call.started")
    room.talks["CA1"] = again
    room.beat()
    assert len(room.words("CA1", 0)) == 1


def test_nothing_is_said_of_a_call_that_nobody_knows() -> None:
    room = Room(Talk("CA1"))
    room.beat()
    for id in ("CA2", "", "../CA1", "x" * 5000):
        assert room.words(id, 0) == []


def test_a_long_timeline_comes_in_pieces_without_a_hole() -> None:
    talk = Talk("CA1")
    n = 2 * MOST_ENTRIES + 10
    for k in range(n):
        talk.add(float(k), "agent.said", turn=k, pii_text="word")
    room = Room(talk)
    room.beat()
    found = room.words("CA1", 0)
    assert [message["from"] for message in found] == [0, MOST_ENTRIES, 2 * MOST_ENTRIES]
    assert sum(len(message["entries"]) for message in found) == n
    assert room.words("CA1", n) == []
    assert room.words("CA1", n + 1000) == []
