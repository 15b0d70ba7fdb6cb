"""Frames to structs and back."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalProtocolError, PeerProtocolError
from agent.gemini.codec import decode_server, encode_audio, encode_client, unknown_keys
from agent.gemini.messages import (
    UPLINK_MIME,
    ActivityStart,
    Blob,
    ClientContent,
    ClientContentMessage,
    Content,
    ContextUpdate,
    ContextUpdateMessage,
    ContextUpdateTools,
    FunctionResponse,
    GenerationConfig,
    GoAway,
    Part,
    Proactivity,
    RealtimeInput,
    RealtimeInputMessage,
    ServerContent,
    ServerMessage,
    SessionResumptionConfig,
    SessionResumptionUpdate,
    Setup,
    SetupComplete,
    SetupMessage,
    ToolResponse,
    ToolResponseMessage,
    UsageMetadata,
)


def audio_frame(data: str) -> bytes:
    part = {"inlineData": {"mimeType": "audio/pcm", "data": data}}
    return json.dumps({"serverContent": {"modelTurn": {"parts": [part]}}}).encode()


def audio_of(message: ServerMessage) -> bytes:
    assert message.server_content
    assert message.server_content.model_turn
    blob = message.server_content.model_turn.parts[0].inline_data
    assert blob
    return blob.data


def test_defaults_are_left_out_and_empty_messages_stay() -> None:
    setup = Setup(
        "models/m",
        generation_config=GenerationConfig(temperature=0.5),
        session_resumption=SessionResumptionConfig(),
        proactivity=Proactivity(proactive_audio=False),
    )
    assert json.loads(encode_client(SetupMessage(setup))) == {
        "setup": {
            "model": "models/m",
            "generationConfig": {"temperature": 0.5},
            "sessionResumption": {},
            "proactivity": {"proactiveAudio": False},
        }
    }


def test_caller_audio_is_written_in_standard_base64() -> None:
    frame = encode_client(
        RealtimeInputMessage(RealtimeInput(audio=Blob(UPLINK_MIME, b"\xfb\xff\xfe\x00")))
    )
    assert frame == (
        b'{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"+//+AA=="}}}'
    )


def test_turns_are_written_in_their_order() -> None:
    turns = (Content((Part(text="a"), Part(text="b")), "user"), Content((), "model"))
    assert encode_client(ClientContentMessage(ClientContent(turns))) == (
        b'{"clientContent":{"turns":[{"parts":[{"text":"a"},{"text":"b"}],"role":"user"},'
        b'{"role":"model"}]}}'
    )


def test_taking_all_tools_away_writes_the_empty_list() -> None:
    frame = encode_client(ContextUpdateMessage(ContextUpdate(tools=ContextUpdateTools())))
    assert frame == b'{"contextUpdate":{"tools":{"tools":[]}}}'


@pytest.mark.parametrize(
    "message",
    [
        RealtimeInputMessage(RealtimeInput()),
        RealtimeInputMessage(RealtimeInput(text="a", activity_start=ActivityStart())),
        ClientContentMessage(ClientContent((Content((Part(),)),))),
        ClientContentMessage(ClientContent((Content((Part(text="a"), Part(thought=True))),))),
    ],
)
def test_a_oneof_without_one_field_is_our_bug(message: Any) -> None:
    with pytest.raises(LocalProtocolError, match="exactly one field"):
        encode_client(message)


def test_a_packet_of_audio_is_written_like_any_other_message() -> None:
    pcm = bytes(range(256)) * 5
    message = RealtimeInputMessage(RealtimeInput(audio=Blob(UPLINK_MIME, pcm)))
    assert encode_audio(pcm) == encode_client(message)


def test_an_empty_text_is_a_text() -> None:
    assert encode_client(RealtimeInputMessage(RealtimeInput(text=""))) == (
        b'{"realtimeInput":{"text":""}}'
    )


@pytest.mark.parametrize("value", [object(), "\ud800"])
def test_what_is_no_json_is_our_bug(value: object) -> None:
    response = FunctionResponse("1", "f", {"output": value})
    with pytest.raises(LocalProtocolError, match="ToolResponseMessage cannot be written"):
        encode_client(ToolResponseMessage(ToolResponse((response,))))


@pytest.mark.parametrize("as_text", [True, False])
def test_text_and_binary_frames_are_one(as_text: bool) -> None:
    frame = '{"setupComplete":{"sessionId":"é"}}'
    assert decode_server(frame if as_text else frame.encode()) == ServerMessage(
        setup_complete=SetupComplete("é")
    )


@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", [True, False])
@given(pcm=st.binary(max_size=64))
def test_both_base64_alphabets_are_read(alphabet: Any, padding: bool, pcm: bytes) -> None:
    text = alphabet(pcm).decode()
    assert audio_of(decode_server(audio_frame(text if padding else text.rstrip("=")))) == pcm


def test_keys_are_independent_and_unknown_ones_are_skipped() -> None:
    frame = """{"newThing": 1, "usageMetadata": {"totalTokenCount": 3, "x": {}}, "serverContent":
        {"turnComplete": true, "turnCompleteReason": "BRAND_NEW", "y": []}}"""
    assert decode_server(frame) == ServerMessage(
        usage_metadata=UsageMetadata(total_token_count=3),
        server_content=ServerContent(turn_complete=True, turn_complete_reason="BRAND_NEW"),
    )
    assert unknown_keys(frame) == ("newThing",)


@pytest.mark.parametrize("index", ['"12"', "12", "12.0"])
def test_an_int64_is_a_string_or_a_number(index: str) -> None:
    frame = f'{{"sessionResumptionUpdate":{{"lastConsumedClientMessageIndex":{index}}}}}'
    assert decode_server(frame).session_resumption_update == SessionResumptionUpdate(
        last_consumed_client_message_index=12
    )


def test_null_means_absent_and_an_enum_may_be_a_number() -> None:
    frame = '{"setupComplete":null,"serverContent":{"turnCompleteReason":7,"turnComplete":null}}'
    assert decode_server(frame) == ServerMessage(
        server_content=ServerContent(turn_complete_reason="7")
    )


def test_arguments_of_a_call_are_not_tidied() -> None:
    frame = '{"toolCall":{"functionCalls":[{"id":null,"name":"f","args":{"data":"-_","n":null}}]}}'
    call = decode_server(frame).tool_call
    assert call
    assert call.function_calls[0].args == {"data": "-_", "n": None}


def test_a_duration_may_be_a_number() -> None:
    assert decode_server('{"goAway":{"timeLeft":9.5}}').go_away == GoAway(9.5)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"nonsense",
        b"[]",
        b"\xff{}",
        "\ud800",
        b'{"serverContent":5}',
        b'{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"!"}}]}}}',
        b'{"usageMetadata":{"promptTokenCount":"secret"}}',
        b"[" * 100_000,
        b'{"toolCall":{"functionCalls":[{"args":' + b'{"x":' * 100_000,
        b'{"usageMetadata":{"promptTokenCount":' + b"9" * 5000 + b"}}",
    ],
)
def test_a_malformed_frame_is_the_peers_fault_and_is_not_quoted(frame: bytes | str) -> None:
    with pytest.raises(PeerProtocolError, match="malformed frame") as caught:
        decode_server(frame)
    assert "secret" not in str(caught.value)


@given(st.one_of(st.binary(max_size=40), st.text(max_size=40)))
def test_no_bytes_raise_anything_else(frame: bytes | str) -> None:
    for read in (decode_server, unknown_keys):
        with suppress(PeerProtocolError):
            read(frame)


KEYS = [
    "setupComplete", "serverContent", "modelTurn", "parts", "inlineData", "data", "mimeType",
    "toolCall", "functionCalls", "args", "goAway", "timeLeft", "usageMetadata", "modality",
    "promptTokensDetails", "voiceActivity", "type", "sessionResumptionUpdate", "newHandle", "error",
    "toolCallCancellation", "ids", "outputTranscription", "text", "turnComplete", "unknown",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_raises_anything_else(value: Any) -> None:
    with suppress(PeerProtocolError):
        decode_server(json.dumps(value))
