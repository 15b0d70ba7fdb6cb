"""Our messages beside the types of Google's own client, which refuse every unknown field."""

import json
import warnings
from typing import Any

import msgspec
import pytest

from agent.gemini.codec import decode_server, encode_client
from agent.gemini.messages import (
    ActivityEnd,
    ActivityStart,
    AudioTranscriptionConfig,
    AutomaticActivityDetection,
    AvatarConfig,
    Blob,
    ClientContent,
    ClientContentMessage,
    ClientMessage,
    Content,
    ContextUpdate,
    ContextUpdateMessage,
    ContextUpdateTools,
    ContextWindowCompression,
    CustomizedAvatar,
    FileData,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    FunctionResponseBlob,
    FunctionResponsePart,
    GenerationConfig,
    GoogleSearch,
    HistoryConfig,
    LanguageAuto,
    LanguageHints,
    MultiSpeakerVoiceConfig,
    Part,
    PrebuiltVoiceConfig,
    Proactivity,
    RealtimeInput,
    RealtimeInputConfig,
    RealtimeInputMessage,
    ReplicatedVoiceConfig,
    SafetySetting,
    ServerMessage,
    SessionResumptionConfig,
    Setup,
    SetupMessage,
    SlidingWindow,
    SpeakerVoiceConfig,
    SpeechConfig,
    ThinkingConfig,
    Tool,
    ToolResponse,
    ToolResponseMessage,
    TranslationConfig,
    VoiceConfig,
    VoiceConsentSignature,
)
from agent.gemini.setup import SetupOptions, VadOptions, build_setup

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package warns about its own deprecations on import
    from google.genai import types

SCHEMA = {"type": "OBJECT", "properties": {"day": {"type": "STRING"}}, "required": ["day"]}
VOICE = VoiceConfig(
    PrebuiltVoiceConfig("Kore"),
    ReplicatedVoiceConfig("audio/wav", b"\xfb\xff", b"\xfe", VoiceConsentSignature("s")),
    "voice-id",
)
TRANSCRIPTION = AudioTranscriptionConfig(
    ("en-US",), ("Bella",), True, True, "SMART", "text", LanguageAuto(), LanguageHints(("de",)),
    ("a",),
)  # fmt: skip
EVERY_TOOL = Tool(
    (
        FunctionDeclaration("f", "d", SCHEMA, None, SCHEMA, None, "BLOCKING"),
        FunctionDeclaration("g", None, None, {"type": "object"}, None, {"type": "object"}),
    ),
    GoogleSearch(
        {"webSearch": {}}, {"startTime": "2026-01-01T00:00:00Z"}, "BLOCK_HIGH_AND_ABOVE", ("a",)
    ),
    google_maps={"enableWidget": True},
    code_execution={},
    computer_use={"environment": "ENVIRONMENT_BROWSER"},
    url_context={},
    enterprise_web_search={},
)
EVERY_SETUP = Setup(
    "models/m",
    GenerationConfig(
        ("AUDIO",), 0.5, 0.9, 40.0, 7, 100, 1, 0.1, 0.2,
        SpeechConfig(
            VOICE, "en-US", MultiSpeakerVoiceConfig((SpeakerVoiceConfig("a", VOICE),))
        ),
        ThinkingConfig(True, 0, "LOW"), "MEDIA_RESOLUTION_LOW", True, True,
        TranslationConfig("de", True), TRANSCRIPTION,
    ),
    Content((Part(text="Be brief."),), "user"),
    (EVERY_TOOL,),
    None,
    SessionResumptionConfig("h", True),
    ContextWindowCompression(10_000, SlidingWindow(5_000)),
    TRANSCRIPTION,
    TRANSCRIPTION,
    Proactivity(True, False),
    True,
    HistoryConfig(True),
    AvatarConfig("a", CustomizedAvatar("image/png", b"\xfb"), 1, 2),
    (SafetySetting("HARM_CATEGORY_HARASSMENT", "BLOCK_NONE", "SEVERITY"),),
    {"k": "v"},
)  # fmt: skip
CALL = FunctionCall("1", "f", {"x": [1, None]}, ({"jsonPath": "$.x", "numberValue": 1.0},), True)
RESPONSE = FunctionResponse(
    "1", "f", {"output": "ok"}, "WHEN_IDLE", True,
    (FunctionResponsePart(FunctionResponseBlob("image/png", b"\xff\xee", "p")),
     FunctionResponsePart(None, {"fileUri": "u", "mimeType": "m"})),
)  # fmt: skip
MESSAGES: list[ClientMessage] = [
    SetupMessage(EVERY_SETUP),
    SetupMessage(build_setup(SetupOptions("gemini-3.8-live"))),
    ClientContentMessage(
        ClientContent(
            (
                Content((Part(text="a", thought=True, thought_signature=b"\xfb\xff"),), "model"),
                Content((Part(inline_data=Blob("image/png", b"\xfb", "n")),), "user"),
                Content((Part(file_data=FileData("m", "u", "n")),), "user"),
                Content((Part(function_call=CALL),), "model"),
                Content((Part(function_response=RESPONSE),), "user"),
            ),
            True,
        )
    ),
    ClientContentMessage(ClientContent(turn_complete=True)),
    RealtimeInputMessage(RealtimeInput(audio=Blob("audio/pcm;rate=16000", b"\xfb\xff\xfe\x00"))),
    RealtimeInputMessage(RealtimeInput(video=Blob("image/jpeg", b"\xfb"))),
    RealtimeInputMessage(RealtimeInput(text="hello")),
    RealtimeInputMessage(RealtimeInput(audio_stream_end=True)),
    RealtimeInputMessage(RealtimeInput(activity_start=ActivityStart())),
    RealtimeInputMessage(RealtimeInput(activity_end=ActivityEnd())),
    RealtimeInputMessage(RealtimeInput(media_chunks=(Blob("m", b"\xfb"),))),
    ToolResponseMessage(ToolResponse((RESPONSE, FunctionResponse("2", "g", {})))),
    ContextUpdateMessage(
        ContextUpdate(
            Content((Part(text="a"),), "user"),
            ContextUpdateTools((Tool((FunctionDeclaration("f"),)),)),
        )
    ),
    ContextUpdateMessage(ContextUpdate(tools=ContextUpdateTools())),
]


def standard_base64(value: Any, key: str = "") -> Any:
    """Google's types write the other alphabet; everything else must be equal."""
    if isinstance(value, dict):
        return {k: standard_base64(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [standard_base64(v, key) for v in value]
    if isinstance(value, str) and key in BYTES:
        return value.replace("-", "+").replace("_", "/")
    return value


BYTES = {"data", "imageData", "thoughtSignature", "voiceSampleAudio", "consentAudio"}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_client_message_is_one_of_googles_unchanged(message: ClientMessage) -> None:
    ours = json.loads(encode_client(message))
    theirs = types.LiveClientMessage.model_validate_json(encode_client(message))
    written = theirs.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert standard_base64(written) == ours


def test_input_config_is_googles_too() -> None:
    # Its client keeps this part outside the message type, and puts it in while converting.
    config = RealtimeInputConfig(
        AutomaticActivityDetection(False, "START_SENSITIVITY_LOW", "END_SENSITIVITY_HIGH", 20, 800),
        "NO_INTERRUPTION",
        "TURN_INCLUDES_ONLY_ACTIVITY",
        True,
    )
    ours = json.loads(msgspec.json.encode(config))
    theirs = types.RealtimeInputConfig.model_validate(ours)
    assert theirs.model_dump(mode="json", by_alias=True, exclude_none=True) == ours
    built = build_setup(SetupOptions("m", vad=VadOptions("low", "high", 1, 2, True, False)))
    types.RealtimeInputConfig.model_validate(msgspec.to_builtins(built.realtime_input_config))


WORDS = [{"word": "hi", "startOffset": "0.1s", "endOffset": "0.4s"}]
TRANSCRIPT = {
    "text": "hi", "finished": True, "languageCode": "en-US", "speakerLabel": "1", "words": WORDS,
    "startOffset": "0s", "endOffset": "1s",
}  # fmt: skip
DETAILS = [{"modality": "AUDIO", "tokenCount": 4}, {"modality": "TEXT", "tokenCount": 2}]
SERVER: list[dict[str, Any]] = [
    {"setupComplete": {"sessionId": "s", "voiceConsentSignature": {"signature": "x"}}},
    {"setupComplete": {}},
    {
        "serverContent": {
            "modelTurn": {
                "role": "model",
                "parts": [
                    {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "-_8="}},
                    {"text": "hm", "thought": True, "thoughtSignature": "-_8="},
                    {"executableCode": {"code": "1", "language": "PYTHON", "id": "1"}},
                    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1", "id": "1"}},
                    {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}},
                    {"fileData": {"fileUri": "u", "mimeType": "m"}},
                ],
            },
            "turnComplete": True,
            "interrupted": True,
            "generationComplete": True,
            "waitingForInput": True,
            "inputTranscription": TRANSCRIPT,
            "outputTranscription": TRANSCRIPT,
            "interimInputTranscription": TRANSCRIPT,
            "turnCompleteReason": "NEED_MORE_INPUT",
            "interactionStatus": "IN_PROGRESS",
            "groundingMetadata": {"webSearchQueries": ["q"]},
            "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "u"}]},
        }
    },
    {"serverContent": {}},
    {
        "toolCall": {
            "functionCalls": [
                {
                    "id": "1",
                    "name": "f",
                    "args": {"a": [1, {"b": True}]},
                    "partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": True}],
                    "willContinue": True,
                }
            ]
        }
    },
    {"toolCallCancellation": {"ids": ["1", "2"]}},
    {"goAway": {"timeLeft": "50s"}},
    {
        "sessionResumptionUpdate": {
            "newHandle": "h", "resumable": True, "lastConsumedClientMessageIndex": 12,
        }
    },
    {
        "usageMetadata": {
            "promptTokenCount": 1, "cachedContentTokenCount": 2, "responseTokenCount": 3,
            "toolUsePromptTokenCount": 4, "thoughtsTokenCount": 5, "totalTokenCount": 15,
            "promptTokensDetails": DETAILS, "cacheTokensDetails": DETAILS,
            "responseTokensDetails": DETAILS, "toolUsePromptTokensDetails": DETAILS,
            "trafficType": "ON_DEMAND", "serviceTier": "standard",
        }
    },
    {"voiceActivityDetectionSignal": {"vadSignalType": "VAD_SIGNAL_TYPE_SOS"}},
]  # fmt: skip


@pytest.mark.parametrize("value", SERVER, ids=lambda value: next(iter(value)))
def test_every_server_message_of_googles_is_read_whole(value: dict[str, Any]) -> None:
    theirs = types.LiveServerMessage.model_validate(value)
    frame = theirs.model_dump_json(by_alias=True, exclude_none=True)
    ours = decode_server(frame)
    assert ours != ServerMessage()
    read_back = json.loads(msgspec.json.encode(ours))
    assert read_back == standard_base64(json.loads(frame))


def test_our_server_messages_name_every_key_of_googles() -> None:
    ours = set(ServerMessage.__struct_encode_fields__)
    theirs = {field.alias for field in types.LiveServerMessage.model_fields.values()}
    assert theirs <= ours
