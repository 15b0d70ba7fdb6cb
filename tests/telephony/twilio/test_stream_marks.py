import pytest

from agent.errors import LocalProtocolError
from agent.telephony.leg import Marked
from agent.telephony.twilio.stream import MAX_MARK_NAME, MAX_OUTSTANDING_MARKS
from tests.telephony.twilio import frames
from tests.telephony.twilio.streams import counted, started


def test_a_mark_that_returns_was_played_unless_cleared() -> None:
    stream = started()
    stream.mark("a")
    stream.mark("b")
    assert stream.receive(frames.mark("2", "a")) == [Marked("a", cleared=False)]
    stream.mark("c")
    stream.clear()
    stream.mark("d")

    assert stream.receive(frames.mark("3", "b")) == [Marked("b", cleared=True)]
    assert stream.receive(frames.mark("4", "c")) == [Marked("c", cleared=True)]
    assert stream.receive(frames.mark("5", "d")) == [Marked("d", cleared=False)]
    assert not stream.counters


def test_marks_unknown_repeated_or_out_of_order_are_counted() -> None:
    stream = started()
    stream.mark("a")
    stream.mark("b")

    assert stream.receive(frames.mark("2", "never sent")) == []
    assert stream.receive(frames.mark("3", "b")) == [Marked("b", cleared=False)]
    assert stream.receive(frames.mark("4", "b")) == []
    assert stream.receive(frames.mark("5", "a")) == [Marked("a", cleared=False)]
    assert counted(stream) == {"mark_unknown": 2, "mark_out_of_order": 1}


def test_marks_that_never_return_are_forgotten_in_the_end() -> None:
    stream = started()
    for number in range(MAX_OUTSTANDING_MARKS + 1):
        stream.mark(str(number))

    assert stream.receive(frames.mark("2", "0")) == []
    assert stream.receive(frames.mark("3", "1")) == [Marked("1", cleared=False)]
    assert counted(stream) == {"mark_forgotten": 1, "mark_unknown": 1}


def test_a_marks_name_is_checked_before_it_is_sent() -> None:
    stream = started()
    stream.mark("x" * MAX_MARK_NAME)

    for name in ("", "x" * (MAX_MARK_NAME + 1), "x" * MAX_MARK_NAME):
        with pytest.raises(LocalProtocolError):
            stream.mark(name)
