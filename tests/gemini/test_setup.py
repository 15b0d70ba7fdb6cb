"""The setup of a call."""

import json
from typing import Any

import pytest

from agent.gemini.codec import encode_client
from agent.gemini.messages import FunctionDeclaration, SetupMessage
from agent.gemini.profiles import Surface, check, profile_for
from agent.gemini.setup import SetupOptions, VadOptions, build_setup, resource_name


def written(options: SetupOptions) -> dict[str, Any]:
    setup: dict[str, Any] = json.loads(encode_client(SetupMessage(build_setup(options))))["setup"]
    return setup


def test_every_call_gets_what_lets_it_outlive_its_connections() -> None:
    assert written(SetupOptions("gemini-3.8-live")) == {
        "model": "models/gemini-3.8-live",
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "sessionResumption": {},
        "contextWindowCompression": {"slidingWindow": {}},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
    }


def test_what_a_tenant_chose_is_in_its_place() -> None:
    options = SetupOptions(
        "gemini-3.1-flash-live-preview",
        voice="Kore",
        language="en-US",
        system_instruction="Be brief.",
        google_search=True,
        declarations=(FunctionDeclaration("book", "Books."),),
        vad=VadOptions("low", "high", 20, 800, interruptible=False),
        thinking_level="LOW",
        temperature=0.7,
        affective=True,
    )
    setup = written(options)
    assert setup["generationConfig"] == {
        "responseModalities": ["AUDIO"],
        "temperature": 0.7,
        "speechConfig": {
            "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
            "languageCode": "en-US",
        },
        "thinkingConfig": {"thinkingLevel": "LOW"},
        "enableAffectiveDialog": True,
    }
    assert setup["systemInstruction"] == {"parts": [{"text": "Be brief."}], "role": "user"}
    assert setup["tools"] == [
        {
            "functionDeclarations": [
                {"name": "book", "description": "Books.", "behavior": "BLOCKING"}
            ]
        },
        {"googleSearch": {}},
    ]
    assert setup["realtimeInputConfig"] == {
        "automaticActivityDetection": {
            "startOfSpeechSensitivity": "START_SENSITIVITY_LOW",
            "endOfSpeechSensitivity": "END_SENSITIVITY_HIGH",
            "prefixPaddingMs": 20,
            "silenceDurationMs": 800,
        },
        "activityHandling": "NO_INTERRUPTION",
    }


@pytest.mark.parametrize(
    ("model", "surface", "transparent", "asked"),
    [
        ("gemini-3.8-live", "vertex", None, True),
        ("gemini-3.8-live", "vertex", False, False),
        ("gemini-3.8-live", "vertex", True, True),
        ("gemini-3.8-live", "developer", None, False),
        ("gemini-3.8-live", "developer", True, True),  # for `refuse` to say so
        ("gemini-9-live", "vertex", None, True),
    ],
)
def test_the_service_is_asked_what_it_has_heard_where_it_can_say_so(
    model: str, surface: Surface, transparent: bool | None, asked: bool
) -> None:
    options = SetupOptions(model, surface, transparent=transparent)
    assert written(options)["sessionResumption"] == ({"transparent": True} if asked else {})


@pytest.mark.parametrize(
    ("compress_from", "compress_to", "config"),
    [
        (None, None, {"slidingWindow": {}}),
        (20_000, None, {"triggerTokens": 20_000, "slidingWindow": {}}),
        (None, 8_000, {"slidingWindow": {"targetTokens": 8_000}}),
        (20_000, 8_000, {"triggerTokens": 20_000, "slidingWindow": {"targetTokens": 8_000}}),
    ],
)
def test_a_tenant_may_say_when_the_context_is_cut_and_by_how_much(
    compress_from: int | None, compress_to: int | None, config: dict[str, Any]
) -> None:
    options = SetupOptions("m", compress_from=compress_from, compress_to=compress_to)
    assert written(options)["contextWindowCompression"] == config


def test_manual_detection_is_said() -> None:
    setup = written(SetupOptions("m", vad=VadOptions(manual=True)))
    assert setup["realtimeInputConfig"] == {"automaticActivityDetection": {"disabled": True}}


def test_options_that_change_nothing_write_nothing() -> None:
    assert "realtimeInputConfig" not in written(SetupOptions("m", vad=VadOptions()))


def test_a_budget_and_a_language_alone_are_written() -> None:
    setup = written(SetupOptions("m", thinking_budget=0, language="de-DE"))
    assert setup["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0}
    assert setup["generationConfig"]["speechConfig"] == {"languageCode": "de-DE"}


@pytest.mark.parametrize(
    ("model", "behavior"),
    [
        ("gemini-3.8-live", "BLOCKING"),
        ("gemini-3.8-live-extended-thinking", "NON_BLOCKING"),
        ("gemini-9-live", None),
    ],
)
def test_a_function_without_behavior_gets_the_models_own(model: str, behavior: str | None) -> None:
    options = SetupOptions(model, declarations=(FunctionDeclaration("f"),))
    [tool] = build_setup(options).tools
    assert tool.function_declarations
    assert tool.function_declarations[0].behavior == behavior


def test_a_behavior_that_was_chosen_stays() -> None:
    chosen = FunctionDeclaration("f", behavior="NON_BLOCKING")
    [tool] = build_setup(SetupOptions("gemini-3.8-live", declarations=(chosen,))).tools
    assert tool.function_declarations == (chosen,)


def test_each_surface_has_its_names() -> None:
    assert resource_name("m", "developer") == "models/m"
    assert resource_name("m", "vertex") == "publishers/google/models/m"
    full = "projects/p/locations/l/publishers/google/models/m"
    assert resource_name("m", "vertex", "p", "l") == full
    assert resource_name(full, "vertex") == full


def test_a_plain_call_is_taken_by_every_model_for_it() -> None:
    declarations = (FunctionDeclaration("f", "Does it.", {"type": "OBJECT", "properties": {}}),)
    for options in (
        SetupOptions("gemini-3.8-live", voice="Kore", declarations=declarations),
        SetupOptions("gemini-3.8-live", surface="vertex", declarations=declarations),
        SetupOptions("gemini-3.1-flash-live-preview", declarations=declarations),
        SetupOptions("gemini-2.5-flash-native-audio-latest", declarations=declarations),
        SetupOptions("gemini-live-2.5-flash", surface="vertex", declarations=declarations),
        SetupOptions("gemini-9-live", declarations=declarations),
    ):
        assert check(build_setup(options), profile_for(options.model, options.surface)) == []
