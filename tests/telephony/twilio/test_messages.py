import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import PeerProtocolError
from agent.telephony.twilio.messages import (
    Connected,
    Dtmf,
    Key,
    Mark,
    MarkName,
    Media,
    MediaChunk,
    MediaFormat,
    OutgoingClear,
    OutgoingMark,
    OutgoingMedia,
    Payload,
    Start,
    StartInfo,
    Stop,
    StopInfo,
    decode,
    encode,
    is_binary,
)
from tests.telephony.twilio import frames

INCOMING = {
    "connected": (frames.connected(), Connected("Call", "1.0.0")),
    "start": (
        frames.start(parameters={"tenant": "t-17"}),
        Start(
            StartInfo(
                frames.SID,
                frames.CALL,
                frames.ACCOUNT,
                MediaFormat("audio/x-mulaw", 8000, 1),
                ("inbound",),
                {"tenant": "t-17"},
            ),
            frames.SID,
            1,
        ),
    ),
    "media": (
        frames.media("2"),
        Media(MediaChunk(163, frames.FRAME, "inbound", 1), frames.SID, 2),
    ),
    "dtmf": (frames.dtmf("812"), Dtmf(Key("5", "inbound_track"), frames.SID, 812)),
    "mark": (frames.mark("977", "e3:u7"), Mark(MarkName("e3:u7"), frames.SID, 977)),
    "stop": (frames.stop("1490"), Stop(StopInfo(frames.ACCOUNT, frames.CALL), frames.SID, 1490)),
}


@pytest.mark.parametrize("event", INCOMING)
def test_each_event_is_read_in_full(event: str) -> None:
    text, message = INCOMING[event]

    assert decode(text) == message
    assert decode(text.decode()) == message


@pytest.mark.parametrize("event", INCOMING)
def test_fields_we_do_not_know_are_ignored(event: str) -> None:
    text, message = INCOMING[event]
    grown = json.loads(text) | {"newField": {"deep": [1, None]}}
    for value in grown.values():
        if isinstance(value, dict):
            value["alsoNew"] = True

    assert decode(json.dumps(grown)) == message


def test_numbers_come_as_strings_or_plain() -> None:
    assert decode(frames.media(2, 163)) == decode(frames.media("2", "163"))
    assert decode(frames.start(1, rate="8000")) == decode(frames.start("1"))


def test_an_event_we_do_not_know_is_no_error() -> None:
    assert decode(b'{"event":"weather","sky":{"colour":"blue"}}') is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "malformed frame of 0"),
        (b"hello", "malformed frame"),
        (b"[]", "malformed frame"),
        (b"{}", "malformed frame of 2"),
        (b'{"event":7}', "malformed frame"),
        (b'{"event":"weather",', "malformed frame"),
        (b"\xff\xfe\xfd", "malformed frame of 3"),
        ('{"event":"media\ud800"}', "malformed frame"),
        (b'{"event":"dtmf","x":' + b"[" * 60_000, "malformed frame"),
        (b'{"event":"media","media":{"payload":"AAAA"}}', "timestamp"),
        (b'{"event":"media","media":{"timestamp":"1"}}', "payload"),
        (b'{"event":"media","media":{"timestamp":"1","payload":"AA=A"}}', "base64"),
        (b'{"event":"media","media":{"timestamp":"1","payload":"A-_A"}}', "base64"),
        (b'{"event":"media","media":{"timestamp":"-1","payload":"AAAA"}}', "timestamp"),
        (b'{"event":"media","media":{"timestamp":"soon","payload":"AAAA"}}', "timestamp"),
        (b'{"event":"media","media":{"timestamp":' + b"9" * 400 + b',"payload":""}}', "timestamp"),
        (b'{"event":"media","media":[]}', "media"),
        (b'{"event":"start","start":{"streamSid":"MZ"}}', "callSid"),
        (b'{"event":"mark","mark":{}}', "name"),
        (b'{"event":"mark"}', "mark"),
        (b'{"event":"stop","stop":5}', "stop"),
    ],
)
def test_a_malformed_frame_is_a_named_error(text: bytes | str, said: str) -> None:
    with pytest.raises(PeerProtocolError, match=said):
        decode(text)


@pytest.mark.parametrize("digit", ["", "55", "E", "5\n", "five"])
def test_a_key_that_no_telephone_has_is_malformed(digit: str) -> None:
    with pytest.raises(PeerProtocolError, match="digit"):
        decode(frames.dtmf("2", digit))


def test_errors_do_not_repeat_what_the_message_said() -> None:
    for text in (frames.dtmf("2", "4711"), frames.media("4711x"), b'{"event":"4711",'):
        with pytest.raises(PeerProtocolError) as caught:
            decode(text)
        assert "4711" not in str(caught.value)


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_every_key_of_a_telephone_is_read(digit: str) -> None:
    message = decode(frames.dtmf("2", digit))

    assert isinstance(message, Dtmf)
    assert message.dtmf.digit == digit


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(sorted(INCOMING)),
    st.dictionaries(
        st.sampled_from(["media", "start", "dtmf", "mark", "stop", "streamSid", "sequenceNumber"]),
        json_values,
    ),
)
def test_whatever_stands_in_a_known_event_it_is_read_or_refused(
    event: str, fields: dict[str, object]
) -> None:
    try:
        message = decode(frames.compact({"event": event, **fields}))
    except PeerProtocolError:
        return
    assert message is not None


def is_object(noise: bytes) -> bool:
    try:
        return isinstance(json.loads(noise), dict)
    except ValueError:
        return False


@given(st.binary(max_size=64).filter(lambda noise: not is_object(noise)))
def test_bytes_that_mean_nothing_are_refused(noise: bytes) -> None:
    with pytest.raises(PeerProtocolError):
        decode(noise)


def test_what_we_send_has_exactly_the_documented_fields() -> None:
    sid = frames.SID.encode()
    assert encode(OutgoingMedia(frames.SID, Payload(b"\xff\x7f\x00"))) == (
        b'{"event":"media","streamSid":"' + sid + b'","media":{"payload":"/38A"}}'
    )
    assert encode(OutgoingMark(frames.SID, MarkName("e3:u7:last"))) == (
        b'{"event":"mark","streamSid":"' + sid + b'","mark":{"name":"e3:u7:last"}}'
    )
    assert encode(OutgoingClear(frames.SID)) == (b'{"event":"clear","streamSid":"' + sid + b'"}')


def test_raw_audio_is_told_from_text() -> None:
    assert is_binary(b"\xff" * 160)
    assert not is_binary(b"{}")
    assert not is_binary("{}")
