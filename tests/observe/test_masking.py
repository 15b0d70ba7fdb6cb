"""What is taken out of texts: all but what is named, whatever the text."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from agent.audio.pcm import to_bytes
from agent.errors import PeerProtocolError
from agent.observe.masking import (
    BROKEN,
    UNKNOWN,
    Masker,
    masked_reason,
    masked_text,
    masked_value,
)
from agent.telephony.twilio.messages import decode
from tests.call.line import voice

SECRET = "Lovelace"
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ12",
    "start": {
        "streamSid": "MZ12",
        "callSid": "CA34",
        "accountSid": "AC56",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"from": "+15550123456", "name": SECRET},
    },
    "extra": SECRET,
}


def masker() -> Masker:
    return Masker({"book"}, {"5"})


def phone(message: object) -> Any:
    return json.loads(masker().phone(json.dumps(message).encode()))


def model(message: object) -> Any:
    return json.loads(masker().model(json.dumps(message).encode()))


def test_words_keep_their_length_and_their_punctuation() -> None:
    assert masked_text("Hello, Zoë! It's 4 p.m.\n") == "xxxxx, xxx! xx'x 0 x.x.\n"
    assert masked_text("日本 … 12") == "xx x 00"


def test_of_arguments_only_their_names_are_left() -> None:
    value = {"name": SECRET, "n": 4, "on": True, "none": None, "list": [{"a": "b"}], "f": 0.5}

    assert masked_value(value) == {
        "name": "xxxxxxxx", "n": 0, "on": True, "none": None, "list": [{"a": "x"}], "f": 0,
    }  # fmt: skip
    assert masked_value({"+15550123456": 1, "ok": {"Mrs Lovelace": "x"}}) == {
        "key_0": 0,
        "ok": {"key_0": "x"},
    }


def test_a_reason_keeps_its_plain_words() -> None:
    reason = "Quota exceeded: project lovelace-4711 (key AIzaSyX), retry."

    assert masked_reason(reason) == "Quota exceeded: project xxxxxxxx-0000 (xxx xxxxxxx), retry."


def test_a_start_says_only_how_the_sound_comes() -> None:
    text = json.dumps(phone(START))

    for word in (SECRET, "MZ12", "CA34", "AC56", "5550"):
        assert word not in text
    assert phone(START)["start"]["mediaFormat"] == START["start"]["mediaFormat"]  # type: ignore[index]
    assert phone({**START, "event": "connected", "protocol": SECRET}) == {
        "event": "connected",
        "protocol": "Call",
        "version": "1.0.0",
    }


def test_names_that_tell_things_apart_still_do() -> None:
    names = masker()

    assert names.name("MZ1") == names.name("MZ1") == "id-1"
    assert names.name("CA1") == "id-2"
    assert names.name("MZ1++") == "id-1++"  # the same, run again
    assert names.name("") == ""
    assert names.name("+") == "+"


def test_sound_of_the_phone_becomes_murmur() -> None:
    payload = base64.b64encode(bytes(range(160))).decode()
    media = {"timestamp": "40", "payload": payload, "track": SECRET, "chunk": "3"}

    found = phone({"event": "media", "sequenceNumber": "5", "streamSid": "MZ12", "media": media})

    assert found["media"]["timestamp"] == 40
    assert found["media"]["track"] == "other"
    assert found["sequenceNumber"] == 5
    assert found["media"]["payload"] != payload
    assert len(base64.b64decode(found["media"]["payload"])) == 160


@pytest.mark.parametrize(("digit", "shown"), [("7", "6"), ("5", "6"), ("#", "#"), ("A", "6")])
def test_keys_become_one_that_does_nothing_by_itself(digit: str, shown: str) -> None:
    found = phone({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})

    assert found["dtmf"]["digit"] == shown


def test_where_every_key_does_something_one_of_them_stands_for_all() -> None:
    text = b'{"event":"dtmf","dtmf":{"digit":"7"}}'

    assert b'"5"' in Masker((), "0123456789").phone(text)


def test_marks_keep_names_that_are_ours() -> None:
    ours = phone({"event": "mark", "mark": {"name": "e0:t3:1"}})
    theirs = phone({"event": "mark", "mark": {"name": SECRET}})

    assert (ours["mark"]["name"], theirs["mark"]["name"]) == ("e0:t3:1", "id-1")


def test_a_stop_and_what_is_unknown_say_nothing_else() -> None:
    assert SECRET not in json.dumps(phone({"event": "stop", "stop": {"callSid": SECRET}}))
    assert masker().phone(json.dumps({"event": SECRET}).encode()) == UNKNOWN
    assert decode(UNKNOWN) is None


@pytest.mark.parametrize("text", [SECRET.encode(), b"\xff\xfe", b'{"event":"media"}', b"[]"])
def test_what_cannot_be_read_still_cannot(text: bytes) -> None:
    masked = masker().phone(text)

    assert masked == BROKEN
    with pytest.raises(PeerProtocolError):
        decode(masked)


def test_words_of_both_sides_are_masked() -> None:
    found = model(
        {
            "serverContent": {
                "inputTranscription": {"text": f"I am {SECRET}.", "languageCode": "en-US"},
                "outputTranscription": {"text": f"Hello {SECRET}.", "finished": True},
                "modelTurn": {"role": "model", "parts": [{"text": SECRET, "thought": True}]},
                "turnCompleteReason": "NEED_MORE_INPUT",
                "interactionStatus": SECRET,
                "groundingMetadata": {"webSearchQueries": [SECRET]},
            },
            "usageMetadata": {
                "promptTokenCount": 1234,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 1234}],
            },
        }
    )

    assert found["serverContent"] == {
        "inputTranscription": {"text": "x xx xxxxxxxx.", "languageCode": "xx-xx"},
        "outputTranscription": {"text": "xxxxx xxxxxxxx.", "finished": True},
        "modelTurn": {"role": "model", "parts": [{"text": "xxxxxxxx", "thought": True}]},
        "turnCompleteReason": "NEED_MORE_INPUT",
        "interactionStatus": "xxxxxxxx",
        "groundingMetadata": {"webSearchQueries": ["xxxxxxxx"]},
    }
    assert found["usageMetadata"]["promptTokensDetails"] == [
        {"modality": "AUDIO", "tokenCount": 1234}
    ]


def test_function_calls_keep_which_function_and_which_arguments() -> None:
    calls = [
        {"id": "call-9", "name": "book", "args": {"name": SECRET}},
        {"id": "call-9", "name": SECRET, "args": {}},
    ]

    found = model(
        {"toolCall": {"functionCalls": calls}, "toolCallCancellation": {"ids": ["call-9"]}}
    )

    assert found["toolCall"]["functionCalls"] == [
        {"id": "id-1", "name": "book", "args": {"name": "xxxxxxxx"}},
        {"id": "id-1", "name": "xxxxxxxx", "args": {}},
    ]
    assert found["toolCallCancellation"]["ids"] == ["id-1"]


def test_what_a_session_goes_by_is_left() -> None:
    message = {
        "sessionResumptionUpdate": {"newHandle": "secret-handle", "resumable": True},
        "goAway": {"timeLeft": "12.5s"},
        "setupComplete": {"sessionId": "abc"},
        "voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "1s"},
    }

    assert model(message) == {
        "sessionResumptionUpdate": {"newHandle": "id-1", "resumable": True},
        "goAway": {"timeLeft": "12.5s"},
        "setupComplete": {"sessionId": "id-2"},
        "voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "1s"},
    }


def test_sound_of_the_model_becomes_murmur_and_what_is_none_is_masked() -> None:
    data = base64.b64encode(to_bytes(voice(0.1, 24000))).decode()
    parts = [
        {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}},
        {"inlineData": {"mimeType": SECRET, "data": "no base64!"}},
    ]

    found = model({"serverContent": {"modelTurn": {"parts": parts}}})

    sound, other = (part["inlineData"] for part in found["serverContent"]["modelTurn"]["parts"])
    assert sound["mimeType"] == "audio/pcm;rate=24000"
    assert sound["data"] != data
    assert np.frombuffer(base64.b64decode(sound["data"]), "<i2").size == 2400
    assert other == {"mimeType": "xxxxxxxx", "data": "xx xxxx00!"}


def test_names_of_keys_that_are_none_are_masked() -> None:
    assert model({SECRET + " 4711": {"text": SECRET}}) == {"key_0": {"text": "xxxxxxxx"}}


@pytest.mark.parametrize("frame", [b"{", b"\xff", b"[" * 100_000])
def test_a_frame_that_cannot_be_read_still_cannot(frame: bytes) -> None:
    assert masker().model(frame) == BROKEN
