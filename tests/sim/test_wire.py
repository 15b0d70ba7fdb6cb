import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sim.wire import (
    INVALID_ARGUMENT,
    AudioBlob,
    ClientFrame,
    Refused,
    camel,
    decode_base64,
    decode_object,
    read_audio,
    read_frame,
    snake,
)
from agent.sim.wire_schema import SETUP


def read(message: Any, *unknown: str) -> ClientFrame:
    return read_frame(decode_object(json.dumps(message)), frozenset(unknown))


def reason_of(message: Any, *unknown: str) -> str:
    with pytest.raises(Refused) as refused:
        read(message, *unknown)
    assert refused.value.code in (1007, 1008)
    return refused.value.reason


def test_snake_case_and_camel_case_read_alike_at_every_level() -> None:
    camel_setup = {
        "model": "m",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
        },
        "realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": 100}},
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"a_b": 1}}]}],
    }
    snake_setup = {
        "model": "m",
        "generation_config": {
            "response_modalities": ["AUDIO"],
            "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
        },
        "realtime_input_config": {"automatic_activity_detection": {"silence_duration_ms": 100}},
        "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": {"a_b": 1}}]}],
    }
    assert read({"setup": snake_setup}) == read({"setup": camel_setup})
    assert read({"setup": camel_setup}).body == camel_setup


def test_free_keys_stay_as_they_are() -> None:
    response = {"id": "1", "name": "f", "response": {"table_size": {"max_people": 4}}}
    frame = read({"tool_response": {"function_responses": [response]}})
    assert frame == ClientFrame("toolResponse", {"functionResponses": [response]})
    parameters = {"type": "OBJECT", "properties": {"first_name": {"type": "STRING"}}}
    declared = {"functionDeclarations": [{"name": "f", "parameters": parameters}]}
    setup = read({"setup": {"model": "m", "tools": [declared]}})
    assert setup.body["tools"][0]["functionDeclarations"][0]["parameters"] == parameters


@pytest.mark.parametrize("value", [12, "12", 12.0])
def test_int64_is_taken_as_number_or_string(value: object) -> None:
    frame = read({"setup": {"contextWindowCompression": {"triggerTokens": value}}})
    assert frame.body == {"contextWindowCompression": {"triggerTokens": 12}}


@pytest.mark.parametrize("value", [True, "1.5", 1.5, 2**63, "x", [], {}])
def test_what_is_no_int64_is_refused(value: object) -> None:
    reason = reason_of({"setup": {"contextWindowCompression": {"triggerTokens": value}}})
    assert reason.startswith("Invalid value at 'setup.context_window_compression.trigger_tokens'")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", True),
        ("temperature", "warm"),
        ("temperature", 10**400),
        ("seed", 2**31),
        ("enableAffectiveDialog", 1),
        ("mediaResolution", 3),
        ("responseModalities", "AUDIO"),
        ("speechConfig", "Kore"),
        ("routingConfig", 1),
    ],
)
def test_values_of_the_wrong_type_are_refused_with_their_path(field: str, value: object) -> None:
    reason = reason_of({"setup": {"generationConfig": {field: value}}})
    assert f"'setup.generation_config.{snake(field)}'" in reason


def test_null_is_absent() -> None:
    assert read({"setup": {"model": "m", "generationConfig": None}}).body == {"model": "m"}


def test_both_base64_alphabets_with_and_without_padding() -> None:
    data = bytes.fromhex("FBFFFE003E3FFFEF")
    for text in ("-__-AD4__-8=", "-__-AD4__-8", "+//+AD4//+8=", "+//+AD4//+8"):
        assert decode_base64(text) == data
        frame = read({"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": text}}})
        assert frame.body["audio"]["data"] == data


@pytest.mark.parametrize("text", ["a", "ab=c", "!!!!", "ü"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    message = {"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": text}}}
    assert "TYPE_BYTES" in reason_of(message)


@given(st.binary())
def test_base64_of_either_alphabet_comes_back(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) == data
    assert decode_base64(base64.urlsafe_b64encode(data).decode().rstrip("=")) == data


def test_an_unknown_field_is_refused_by_name_and_path() -> None:
    assert (
        reason_of({"setup": {"model": "m", "toolConfig": {}}}) == "Invalid JSON payload received. "
        "Unknown name \"toolConfig\" at 'setup': Cannot find field."
    )
    assert (
        reason_of({"setUp": {}})
        == 'Invalid JSON payload received. Unknown name "setUp": Cannot find field.'
    )
    tool = {"functionDeclarations": [{"name": "f", "strict": True}]}
    assert "'setup.tools[0].function_declarations[0]'" in reason_of({"setup": {"tools": [tool]}})


def test_what_one_api_does_not_know_is_refused_there_only() -> None:
    message = {"setup": {"proactivity": {"proactiveAudio": True}}}
    assert read(message).body == message["setup"]
    assert 'Unknown name "proactivity"' in reason_of(message, "setup.proactivity")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"setup": {}, "realtimeInput": {"text": "x"}},
        {"realtimeInput": {"text": "x", "audioStreamEnd": True}},
        {"clientContent": {"turns": [{"parts": [{"text": "x", "functionCall": {}}]}]}},
        {"setup": {"generationConfig": {}, "generation_config": {}}},
    ],
)
def test_not_exactly_one_of_a_oneof_is_refused(message: Any) -> None:
    assert reason_of(message) == INVALID_ARGUMENT


def test_an_empty_realtime_input_is_no_keepalive() -> None:
    with pytest.raises(Refused) as refused:
        read({"realtimeInput": {}})
    assert refused.value.code == 1008


@pytest.mark.parametrize("frame", ["", "[]", "null", "1", "{", b"\xff", "\ud800", "[" * 100_000])
def test_what_is_no_json_object_is_refused(frame: bytes | str) -> None:
    with pytest.raises(Refused):
        decode_object(frame)
    assert read_audio(frame) is None


def test_messages_nested_too_deeply_are_refused() -> None:
    schema: dict[str, Any] = {"type": "STRING"}
    for _ in range(200):
        schema = {"type": "ARRAY", "items": schema}
    tool = {"functionDeclarations": [{"name": "f", "parameters": schema}]}
    assert reason_of({"setup": {"tools": [tool]}}) == INVALID_ARGUMENT


def test_the_common_audio_frame_takes_the_fast_way_and_no_other_does() -> None:
    data = base64.b64encode(b"\x01\x02").decode()
    blob = {"mimeType": "audio/pcm;rate=16000", "data": data}
    fast = read_audio(json.dumps({"realtimeInput": {"audio": blob}}))
    assert fast == AudioBlob(b"\x01\x02", "audio/pcm;rate=16000")
    for other in (
        {"realtime_input": {"audio": blob}},
        {"realtimeInput": {"audio": blob | {"extra": 1}}},
        {"realtimeInput": {"audio": blob, "text": "x"}},
        {"realtimeInput": {"audio": {"data": "-_=="}}},
        {"realtimeInput": {"text": "x"}},
    ):
        assert read_audio(json.dumps(other)) is None


@given(st.sampled_from([*SETUP, "mimeType", "parametersJsonSchema"]))
def test_snake_and_camel_undo_each_other(name: str) -> None:
    assert camel(snake(name)) == name
    assert camel(name) == name
