"""Whatever arrives, in whatever order: the stream stays a stream."""

from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalProtocolError, PeerProtocolError
from agent.telephony.leg import Digit, Heard, LegEvent, Marked, Started, Stopped
from agent.telephony.twilio.stream import MAX_TEXT, MediaStream, StreamState
from tests.telephony.twilio import frames

WHOLE_CALL = [
    frames.connected(),
    frames.start(),
    frames.media("2", "155"),
    frames.media("3", "175"),
    frames.dtmf("4", "1"),
    frames.mark("5", "a"),
    frames.media("6", "195"),
    frames.stop("7"),
]
JUNK = [
    b"",
    b"{}",
    b"\xff" * 160,
    b'{"event":"weather"}',
    b'{"event":"media"}',
    b'{"event":"dtmf","dtmf":{"digit":"Q"}}',
    b" " * (MAX_TEXT + 1),
    frames.start("9", sid="MZother"),
    frames.start("1", rate=16_000),
    frames.media("3", sid="MZother"),
    frames.media("3", payload=b""),
    frames.mark("5", "never sent"),
]


def feed(stream: MediaStream, texts: list[bytes]) -> list[LegEvent]:
    events: list[LegEvent] = []
    for text in texts:
        try:
            events += stream.receive(text)
        except PeerProtocolError:
            continue
    return events


@given(st.lists(st.sampled_from(WHOLE_CALL + JUNK), max_size=30))
def test_any_order_starts_once_stops_once_and_is_silent_outside(texts: list[bytes]) -> None:
    stream = MediaStream()

    events = feed(stream, texts) + stream.closed()

    kinds = [type(event) for event in events]
    assert kinds.count(Started) <= 1
    assert kinds.count(Stopped) == 1
    assert kinds[-1] is Stopped
    if {Heard, Digit, Marked} & set(kinds):
        assert kinds[0] is Started
    assert stream.state is StreamState.STOPPED


@given(st.lists(st.sampled_from(JUNK[:7]), max_size=3), st.integers(0, len(WHOLE_CALL)))
def test_junk_between_the_messages_changes_no_event(junk: list[bytes], place: int) -> None:
    plain, disturbed = MediaStream(), MediaStream()

    assert feed(disturbed, WHOLE_CALL[:place] + junk + WHOLE_CALL[place:]) == feed(
        plain, WHOLE_CALL
    )


@given(st.permutations(WHOLE_CALL[2:7]), st.lists(st.sampled_from(WHOLE_CALL[2:7]), max_size=8))
def test_audio_never_goes_back_however_messages_are_shuffled_and_doubled(
    shuffled: list[bytes], doubled: list[bytes]
) -> None:
    stream = MediaStream()

    events = feed(stream, [*WHOLE_CALL[:2], *shuffled, *doubled])

    heard = [event.at_ms for event in events if isinstance(event, Heard)]
    assert heard == sorted(set(heard))
    assert [type(event) for event in events].count(Digit) <= 1


def test_the_socket_may_go_at_any_point() -> None:
    for point in range(len(WHOLE_CALL) + 1):
        stream = MediaStream()
        events = feed(stream, WHOLE_CALL[:point]) + stream.closed() + stream.closed()

        stops = [event for event in events if isinstance(event, Stopped)]
        assert stops == [Stopped("stop" if point == len(WHOLE_CALL) else "closed")]
        assert feed(stream, WHOLE_CALL[point:]) == []
        try:
            stream.media(b"\xff")
        except LocalProtocolError:
            continue
        raise AssertionError("a stopped stream sent audio")
