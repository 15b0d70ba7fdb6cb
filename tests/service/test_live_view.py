"""A running call as a row of facts."""

import numpy as np

from agent.audio import mulaw
from agent.call.state import CallState
from agent.service.live_tap import STEPS
from agent.service.live_view import MOST_WORDS, CallView, changed
from tests.service.live_calls import BEGAN, Talk


def test_a_call_that_has_just_begun() -> None:
    talk = Talk("CA1", None)
    talk.call.state = CallState.ANSWERED
    row = CallView(talk.running).row()
    assert row["id"] == "CA1"
    assert (row["tenant"], row["caller"], row["state"]) == ("shop", None, "answered")
    assert row["began"] == BEGAN.timestamp()
    assert (row["connection"], row["connected"], row["words"]) == (0, None, "")


def test_words_latency_and_functions_come_from_the_timeline() -> None:
    talk = Talk("CA1")
    view = CallView(talk.running)
    talk.add(1.0, "agent.audio_started", id="1", turn=1, latency_s=None)
    talk.add(1.5, "agent.said", turn=1, pii_text="Hello.")
    assert (view.row()["who"], view.row()["words"]) == ("agent", "Hello.")
    talk.add(3.0, "caller.said", turn=2, pii_text="x" * 500)
    talk.add(3.1, "agent.audio_started", id="2", turn=2, latency_s=0.6)
    talk.add(3.2, "tool.requested", id="a", tool="book", turn=2)
    talk.add(3.3, "barge_in", by="local", turn=2, heard_s=0.1)
    row = view.row()
    assert (row["who"], row["words"]) == ("caller", "x" * MOST_WORDS)
    assert (row["latency_s"], row["tool"], row["barge_ins"]) == (0.6, "book", 1)
    for end in ("tool.finished", "tool.cancelled", "tool.lost"):
        talk.add(3.2, "tool.requested", id="a", tool="book", turn=2)
        talk.add(3.4, end)
        assert view.row()["tool"] is None


def test_the_connection_s_age_and_its_changes() -> None:
    talk = Talk("CA1")
    view = CallView(talk.running)
    talk.add(0.5, "model.ready")
    row = view.row()
    assert (row["connection"], row["connected"]) == (1, BEGAN.timestamp() + 0.5)
    talk.add(9.0, "model.leaving", planned=True)
    assert view.row()["connected"] is None
    talk.add(9.1, "model.moved", planned=True, connection=2)
    talk.add(19.0, "model.leaving", planned=False)
    talk.add(19.5, "model.moved", planned=False, connection=3)
    row = view.row()
    assert (row["connection"], row["connected"]) == (3, BEGAN.timestamp() + 19.5)
    assert (row["moves"], row["drops"]) == (1, 1)


def test_levels_are_of_the_sound_since_the_last_look() -> None:
    talk = Talk("CA1")
    view = CallView(talk.running)
    loud = mulaw.encode(np.full(160, 32124, np.int16))
    talk.call.tap.caller(loud)
    assert view.row()["levels"] == (STEPS, 0)
    assert view.row()["levels"] == (0, 0)


def test_after_its_end_a_view_keeps_the_words_and_lets_go_of_the_call() -> None:
    talk = Talk("CA1")
    view = CallView(talk.running)
    talk.call.state = CallState.ENDED
    view.ended()
    talk.call.state = CallState.TALKING
    talk.add(2.0, "agent.said", turn=1, pii_text="Goodbye.")
    assert view.row()["words"] == "Goodbye."
    assert view.row()["state"] == "new"


def test_only_what_is_new_is_said() -> None:
    assert changed({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": 3}
    assert changed({"a": 1}, {"a": 1}) == {}
