import json
from collections.abc import Callable

import pytest

from agent.errors import LocalProtocolError, PeerProtocolError
from agent.telephony.leg import Digit, Heard, LegEvent, PhoneLeg, Started, Stopped
from agent.telephony.twilio.stream import (
    MAX_PAYLOAD,
    MAX_TEXT,
    MediaStream,
    StreamState,
)
from tests.telephony.twilio import frames
from tests.telephony.twilio.streams import connected, counted, opened, started, stopped

MISPLACED = {
    "connected": frames.connected(),
    "start": frames.start(),
    "media": frames.media("2"),
    "dtmf": frames.dtmf("2"),
    "mark": frames.mark("2", "m"),
    "stop": frames.stop("2"),
}


def test_a_whole_call_becomes_events_in_order() -> None:
    leg: PhoneLeg = MediaStream()
    events: list[LegEvent] = []
    for text in (
        frames.connected(),
        frames.start(parameters={"tenant": "t-17"}),
        frames.media("2", "155"),
        frames.dtmf("3", "#"),
        frames.media("4", "176", b"\x7f" * 160),
        frames.stop("5"),
    ):
        events += leg.receive(text)
    events += leg.closed()

    assert events == [
        Started(frames.SID, frames.CALL, frames.ACCOUNT, {"tenant": "t-17"}),
        Heard(frames.FRAME, 155),
        Digit("#"),
        Heard(b"\x7f" * 160, 176),
        Stopped("stop"),
    ]
    assert not leg.counters


def test_a_start_without_connected_is_taken() -> None:
    assert isinstance(opened().receive(frames.start())[0], Started)


@pytest.mark.parametrize(
    ("stream", "state", "events"),
    [
        (opened(), "opened", ["media", "dtmf", "mark"]),
        (connected(), "connected", ["connected", "media", "dtmf", "mark"]),
        (started(), "started", ["connected", "start"]),
        (stopped(), "stopped", list(MISPLACED)),
    ],
)
def test_messages_out_of_place_are_counted_and_change_nothing(
    stream: MediaStream, state: str, events: list[str]
) -> None:
    before = stream.state

    for event in events:
        assert stream.receive(MISPLACED[event]) == []

    assert stream.state is before is StreamState(state)
    assert counted(stream) == {f"{event}_when_{state}": 1 for event in events}


def test_a_second_start_does_not_move_the_stream() -> None:
    stream = started()

    stream.receive(frames.start("2", sid="MZother"))

    assert stream.receive(frames.media("2", sid="MZother")) == []
    assert stream.receive(frames.media("2")) == [Heard(frames.FRAME, 163)]
    assert counted(stream) == {"start_when_started": 1, "wrong_stream": 1}
    assert json.loads(stream.clear())["streamSid"] == frames.SID


@pytest.mark.parametrize(
    "text",
    [
        frames.start(encoding="audio/x-l16"),
        frames.start(rate=16000),
        frames.start(channels=2),
    ],
)
def test_a_format_we_cannot_carry_is_refused(text: bytes) -> None:
    stream = connected()

    assert stream.receive(text) == [Stopped("media_format")]
    assert stream.receive(frames.media("2")) == []
    assert stream.closed() == []
    assert counted(stream) == {"media_format": 1, "media_when_stopped": 1}


def test_a_malformed_start_leaves_the_stream_waiting_for_a_good_one() -> None:
    stream = connected()
    with pytest.raises(PeerProtocolError):
        stream.receive(b'{"event":"start","start":{}}')

    assert isinstance(stream.receive(frames.start())[0], Started)


@pytest.mark.parametrize("make", [opened, connected, started])
@pytest.mark.parametrize(
    ("text", "counter"),
    [
        (b"\xff" * 160, "binary"),
        (b"{", "malformed"),
        ("not json", "malformed"),
        (b'{"event":"media","media":{"timestamp":"1","payload":"*"}}', "malformed"),
        (b'{"event":"dtmf","dtmf":{"digit":"Z"}}', "malformed"),
        (b" " * (MAX_TEXT + 1), "oversize"),
        (" " * (MAX_TEXT + 1), "oversize"),
    ],
)
def test_a_bad_frame_is_an_error_that_the_stream_survives(
    make: Callable[[], MediaStream], text: bytes | str, counter: str
) -> None:
    stream = make()
    state = stream.state

    with pytest.raises(PeerProtocolError, match="phone: "):
        stream.receive(text)

    assert stream.state is state
    assert counted(stream) == {counter: 1}


def test_a_payload_out_of_all_measure_is_refused() -> None:
    stream = started()

    assert stream.receive(frames.media("2", payload=bytes(MAX_PAYLOAD)))
    with pytest.raises(PeerProtocolError, match="8001"):
        stream.receive(frames.media("3", payload=bytes(MAX_PAYLOAD + 1)))
    assert counted(stream) == {"oversize": 1}


def test_odd_but_harmless_messages_are_skipped_and_counted() -> None:
    stream = started()
    for text in (
        b'{"event":"weather"}',
        frames.media("2", sid="MZother"),
        frames.dtmf("2", sid=""),
        frames.mark("2", "m", sid="MZother"),
        frames.stop("2", sid="MZother"),
        frames.media("2", track="outbound"),
        frames.media("3", payload=b""),
    ):
        assert stream.receive(text) == []

    assert counted(stream) == {
        "unknown_event": 1,
        "wrong_stream": 4,
        "wrong_track": 1,
        "empty_media": 1,
    }
    assert stream.receive(frames.media("4")) != []


def test_missing_messages_are_counted() -> None:
    stream = started()
    for sequence in ("2", "5", "6"):
        assert stream.receive(frames.media(sequence))

    assert counted(stream) == {"sequence_gap": 2}


def test_duplicate_and_overtaken_messages_are_dropped() -> None:
    stream = started()
    stream.receive(frames.media("2"))
    stream.receive(frames.dtmf("4", "1"))
    stream.mark("m")

    assert stream.receive(frames.media("2")) == []
    assert stream.receive(frames.media("3")) == []
    assert stream.receive(frames.dtmf("4", "1")) == []
    assert stream.receive(frames.mark("1", "m")) == []
    assert stream.receive(frames.media("5")) != []
    assert counted(stream) == {"sequence_gap": 1, "sequence_late": 4}


def test_one_absurd_number_does_not_silence_the_caller() -> None:
    stream = started()

    assert stream.receive(frames.media(str(2**53)))
    assert stream.receive(frames.media("2"))
    assert counted(stream) == {"sequence_jump": 1}


def test_messages_without_a_number_are_taken() -> None:
    stream = started()
    text = json.loads(frames.media("2"))
    del text["sequenceNumber"]

    for _ in range(2):
        assert stream.receive(json.dumps(text)) == [Heard(frames.FRAME, 163)]
    assert not stream.counters


@pytest.mark.parametrize("stream", [opened(), connected(), stopped()])
def test_nothing_is_sent_before_start_or_after_stop(stream: MediaStream) -> None:
    refused = pytest.raises(LocalProtocolError, match=stream.state.value)
    with refused:
        stream.media(b"\xff")
    with refused:
        stream.mark("m")
    with refused:
        stream.clear()


def test_audio_without_a_sample_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        started().media(b"")


def test_texts_carry_the_current_stream_and_nothing_more() -> None:
    stream = started()
    texts = [stream.media(b"\xff"), stream.mark("m"), stream.clear()]

    assert [json.loads(text) for text in texts] == [
        {"event": "media", "streamSid": frames.SID, "media": {"payload": "/w=="}},
        {"event": "mark", "streamSid": frames.SID, "mark": {"name": "m"}},
        {"event": "clear", "streamSid": frames.SID},
    ]


@pytest.mark.parametrize("make", [opened, connected, started])
def test_a_stream_stops_once_whichever_sign_comes_first(
    make: Callable[[], MediaStream],
) -> None:
    first, second = make(), make()

    assert first.receive(frames.stop("2")) == [Stopped("stop")]
    assert first.closed() == []
    assert second.closed() == [Stopped("closed")]
    assert second.closed() == []
    assert second.receive(frames.stop("2")) == []
