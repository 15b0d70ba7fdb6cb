from typing import Any

import pytest

from agent.sim.server_profiles import PROFILES, ServerProfile, model_id, profiles_of
from agent.sim.session_config import SessionConfig, read_setup, select_profile
from agent.sim.wire import INVALID_ARGUMENT, Refused

LEVEL_MISSING = "Thinking level must be specified for this model"
NO_LEVEL = "Thinking level is not supported for this model"
NO_THINKING = "thinking_level is not supported by this model"


def config_of(profile: str, **setup: Any) -> SessionConfig:
    if profile == "dev-3.8-xt":
        setup.setdefault("generationConfig", {"thinkingConfig": {"thinkingLevel": "LOW"}})
    return read_setup({"model": "m", **setup}, PROFILES[profile])


def refusal_of(profile: str, **setup: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        config_of(profile, **setup)
    return refused.value


def generation(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def automatic(**fields: Any) -> dict[str, Any]:
    return {"realtimeInputConfig": {"automaticActivityDetection": fields}}


def declared(behavior: str | None, name: str = "f") -> dict[str, Any]:
    declaration = {"name": name} | ({} if behavior is None else {"behavior": behavior})
    return {"tools": [{"functionDeclarations": [declaration]}]}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_model_of_a_profile_selects_it(profile: ServerProfile) -> None:
    prefix = "projects/p/locations/l/publishers/google/models/" if profile.vertex else "models/"
    for model in profile.models:
        assert model_id(prefix + model) == model
        setup = {"model": prefix + model}
        assert select_profile(setup, profiles_of(profile.surface)) is profile
        assert select_profile(setup, [profile]) is profile


@pytest.mark.parametrize(
    "model", ["models/gemini-9", "gemini-3.8-live", "models/gemini-live-2.5-flash"]
)
def test_a_model_unknown_to_the_developer_api_is_refused(model: str) -> None:
    with pytest.raises(Refused, match="is not found for API version") as refused:
        select_profile({"model": model}, profiles_of("developer"))
    assert refused.value.code == 1008


def test_a_model_unknown_to_vertex_is_refused_in_its_own_words() -> None:
    with pytest.raises(Refused, match=r"Publisher Model `models/gemini-3\.8-live` was not found"):
        select_profile({"model": "models/gemini-3.8-live"}, profiles_of("vertex"))


@pytest.mark.parametrize("setup", [None, [], {}, {"model": ""}, {"model": 3}])
def test_a_setup_without_model_is_refused(setup: object) -> None:
    with pytest.raises(Refused) as refused:
        select_profile(setup, profiles_of("developer"))
    assert refused.value.code == 1007


def test_only_half_cascade_models_write() -> None:
    asked = generation(responseModalities=["TEXT"])
    assert config_of("vertex-2.5-half-cascade", **asked).modality == "TEXT"
    assert refusal_of("dev-3.8", **asked).reason == (
        "The requested combination of response modalities (TEXT) is not supported by the model"
    )
    both = generation(responseModalities=["TEXT", "AUDIO"])
    assert "(TEXT, AUDIO)" in refusal_of("vertex-2.5-half-cascade", **both).reason


@pytest.mark.parametrize(
    ("profile", "thinking", "reason"),
    [
        ("dev-2.5", {"thinkingBudget": 0}, None),
        ("dev-2.5", {"thinkingLevel": "LOW"}, NO_THINKING),
        ("dev-3.1", {"thinkingLevel": "MINIMAL"}, None),
        ("dev-3.1", {"thinkingLevel": "SOME"}, INVALID_ARGUMENT),
        ("dev-3.8", {"includeThoughts": True}, None),
        ("dev-3.8", {"thinkingLevel": "LOW"}, NO_LEVEL),
        ("dev-3.8-xt", {"thinkingLevel": "HIGH"}, None),
        ("dev-3.8-xt", {}, LEVEL_MISSING),
        ("dev-3.8-xt", {"thinkingLevel": "MINIMAL"}, LEVEL_MISSING),
        ("vertex-2.5-half-cascade", {}, None),
        ("vertex-2.5-half-cascade", {"thinkingBudget": 0}, NO_THINKING),
        ("vertex-3.8", {"thinkingLevel": "LOW"}, NO_LEVEL),
    ],
)  # fmt: skip
def test_thinking_is_taken_as_the_model_does(
    profile: str, thinking: dict[str, Any], reason: str | None
) -> None:
    asked = generation(thinkingConfig=thinking)
    if reason is None:
        config_of(profile, **asked)
    else:
        assert refusal_of(profile, **asked).reason == reason


def test_affective_dialog_is_allowed_refused_or_refused_when_used() -> None:
    asked = generation(enableAffectiveDialog=True)
    assert not config_of("dev-2.5", **asked).refused_on_use
    assert refusal_of("dev-3.1", **asked).reason == INVALID_ARGUMENT
    assert config_of("dev-3.8", **asked).refused_on_use
    assert not config_of("dev-3.8").refused_on_use


def test_38_cannot_be_told_not_to_be_proactive() -> None:
    off = {"proactivity": {"proactiveAudio": False}}
    assert refusal_of("vertex-3.8", **off).reason == INVALID_ARGUMENT
    config_of("vertex-3.8", proactivity={"proactiveAudio": True})
    config_of("vertex-2.5-half-cascade", **off)


def test_voices_are_known_by_name_and_case() -> None:
    def voiced(name: str) -> dict[str, Any]:
        voice = {"prebuiltVoiceConfig": {"voiceName": name}}
        return generation(speechConfig={"voiceConfig": voice})

    assert config_of("dev-3.8", **voiced("Kore")).voice == "Kore"
    assert refusal_of("dev-3.8", **voiced("kore")).reason == INVALID_ARGUMENT
    several = generation(speechConfig={"multiSpeakerVoiceConfig": {}})
    assert refusal_of("dev-3.8", **several).reason == INVALID_ARGUMENT


@pytest.mark.parametrize("field", ["responseSchema", "stopSequences", "logprobs"])
def test_fields_that_live_does_not_support_are_refused(field: str) -> None:
    assert refusal_of("dev-3.8", **generation(**{field: 1})).reason == INVALID_ARGUMENT


@pytest.mark.parametrize(
    "setup",
    [
        automatic(startOfSpeechSensitivity="START_SENSITIVITY_MEDIUM"),
        automatic(endOfSpeechSensitivity="HIGH"),
        automatic(prefixPaddingMs=-1),
        automatic(silenceDurationMs=-1),
        {"realtimeInputConfig": {"activityHandling": "MAYBE"}},
        {"realtimeInputConfig": {"turnCoverage": "EVERYTHING"}},
    ],
)
def test_unknown_ways_of_detecting_activity_are_refused(setup: dict[str, Any]) -> None:
    assert refusal_of("dev-3.8", **setup).reason == INVALID_ARGUMENT


def test_the_developer_api_starts_and_ends_sooner_than_vertex() -> None:
    developer, vertex = config_of("dev-3.8").vad, config_of("vertex-3.8").vad
    assert developer.sensitive_start
    assert not vertex.sensitive_start
    assert developer.silence_duration_ms < vertex.silence_duration_ms
    unspecified = automatic(startOfSpeechSensitivity="START_SENSITIVITY_UNSPECIFIED")
    assert config_of("dev-3.8", **unspecified).vad == developer
    asked = automatic(disabled=True, prefixPaddingMs=300, silenceDurationMs=1500).copy()
    asked_vad = config_of("dev-3.8", **asked).vad
    assert asked_vad.disabled
    assert (asked_vad.prefix_padding_ms, asked_vad.silence_duration_ms) == (300, 1500)


@pytest.mark.parametrize(
    ("compression", "expected"),
    [
        ({}, None),
        ({"triggerTokens": 10_000}, None),
        ({"slidingWindow": {}}, (102_400, 51_200)),
        ({"triggerTokens": 10_000, "slidingWindow": {"targetTokens": 100}}, (10_000, 100)),
    ],
)
def test_compression_needs_its_window(
    compression: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    assert config_of("dev-3.8", contextWindowCompression=compression).compression == expected


@pytest.mark.parametrize(
    ("trigger", "target"), [(4_999, 1), (128_001, 1), (10_000, 10_000), (10_000, -1)]
)
def test_compression_out_of_range_is_refused(trigger: int, target: int) -> None:
    asked = {"triggerTokens": trigger, "slidingWindow": {"targetTokens": target}}
    refused = refusal_of("dev-3.8", contextWindowCompression=asked)
    assert refused.reason == INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("profile", "unset", "blocking", "non_blocking"),
    [
        ("dev-2.5", "BLOCKING", True, True),
        ("dev-3.1", "BLOCKING", True, False),
        ("dev-3.8", "NON_BLOCKING", True, True),
        ("dev-3.8-xt", "NON_BLOCKING", False, True),
        ("vertex-3.8", "NON_BLOCKING", True, True),
    ],
)
def test_behaviors_are_those_of_the_model(
    profile: str, unset: str, blocking: bool, non_blocking: bool
) -> None:
    assert config_of(profile, **declared(None)).behaviors == {"f": unset}
    for behavior, taken in (("BLOCKING", blocking), ("NON_BLOCKING", non_blocking)):
        if taken:
            assert config_of(profile, **declared(behavior)).behaviors == {"f": behavior}
        else:
            assert refusal_of(profile, **declared(behavior)).reason == INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["", "9lives", "a b", "x" * 129])
def test_function_names_have_a_form(name: str) -> None:
    assert refusal_of("dev-3.8", **declared(None, name)).reason == INVALID_ARGUMENT


def test_a_function_is_declared_once() -> None:
    twice = {"tools": [{"functionDeclarations": [{"name": "f"}, {"name": "f"}]}]}
    assert refusal_of("dev-3.8", **twice).reason == INVALID_ARGUMENT


def test_transcription_history_and_instruction_are_as_asked() -> None:
    plain = config_of("dev-2.5")
    assert (plain.input_transcription, plain.output_transcription) == (False, False)
    assert config_of("dev-3.8").input_transcription
    asked = config_of(
        "dev-2.5",
        inputAudioTranscription={},
        outputAudioTranscription={},
        historyConfig={"initialHistoryInClientContent": True},
        systemInstruction={"parts": [{"text": "a"}, {"thought": True}, {"text": "b"}]},
        realtimeInputConfig={"activityHandling": "NO_INTERRUPTION"},
    )
    assert asked.input_transcription
    assert asked.output_transcription
    assert asked.history_first
    assert asked.system_instruction == "a\nb"
    assert not asked.interrupts
