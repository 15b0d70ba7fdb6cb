"""Every setup that a model would refuse is refused here first, by the name of the field."""

from typing import Any

import pytest

from agent.errors import ConfigError
from agent.gemini.messages import (
    AudioTranscriptionConfig,
    AutomaticActivityDetection,
    AvatarConfig,
    Blob,
    Content,
    ContextWindowCompression,
    HistoryConfig,
    Part,
    Proactivity,
    RealtimeInputConfig,
    SafetySetting,
    SessionResumptionConfig,
    Setup,
    SlidingWindow,
)
from agent.gemini.profiles import Surface, check, profile_for, refuse
from agent.gemini.setup import SetupOptions, build_setup

D38 = "gemini-3.8-live"
D31 = "gemini-3.1-flash-live-preview"
D25 = "gemini-2.5-flash-native-audio-latest"
XT = "gemini-3.8-live-extended-thinking"
HALF = "gemini-live-2.5-flash"
NEW = "gemini-9-live"


def problems(
    model: str, surface: Surface = "developer", version: str = "v1beta", **fields: Any
) -> list[str]:
    """What is wrong with a setup of these fields."""
    prefix = "models" if surface == "developer" else "publishers/google/models"
    setup = Setup(f"{prefix}/{model}", **fields)
    return check(setup, profile_for(model, surface), api_version=version)


def vad(**fields: Any) -> dict[str, Any]:
    return {"realtime_input_config": RealtimeInputConfig(AutomaticActivityDetection(**fields))}


def compression(trigger: int | None, target: int | None) -> dict[str, Any]:
    config = ContextWindowCompression(trigger, SlidingWindow(target))
    return {"context_window_compression": config}


@pytest.mark.parametrize(
    ("compress_from", "compress_to", "starts"),
    [
        (5_000, 4_999, []),
        (128_000, None, []),
        (None, 128_000, []),
        (4_999, None, ["triggerTokens: 4999 is not from 5000 to 128000"]),
        (128_001, None, ["triggerTokens: 128001 is not from 5000 to 128000"]),
        (None, -1, ["slidingWindow.targetTokens: -1 is not from 0 to 128000"]),
        (5_000, 5_000, ["slidingWindow.targetTokens: 5000 is not below triggerTokens, 5000"]),
    ],
)
def test_the_sizes_a_tenant_chose_for_the_context_are_checked(
    compress_from: int | None, compress_to: int | None, starts: list[str]
) -> None:
    options = SetupOptions(D38, compress_from=compress_from, compress_to=compress_to)
    found = check(build_setup(options), profile_for(D38, "developer"))
    assert found == [f"setup.contextWindowCompression.{start}" for start in starts]


def test_refusing_names_every_problem_at_once() -> None:
    setup = Setup("models/gemini-3.8-live", explicit_vad_signal=True, avatar_config=AvatarConfig())
    with pytest.raises(ConfigError) as caught:
        refuse(setup, profile_for(D38, "developer"))
    assert caught.value.problems == (
        "setup.explicitVadSignal: exists on Vertex only; remove it",
        "setup.avatarConfig: exists on Vertex only; remove it",
    )
    refuse(Setup("models/gemini-3.8-live"), profile_for(D38, "developer"))


@pytest.mark.parametrize(
    ("name", "surface"),
    [("gemini-3.8-live", "developer"), ("models/a/b", "developer"), ("models/m", "vertex")],
)
def test_a_model_needs_its_resource_name(name: str, surface: Surface) -> None:
    [problem] = check(Setup(name), profile_for(NEW, surface))
    assert problem.startswith(f"setup.model: {name!r} is no name like ")


def test_an_unusable_model_is_refused() -> None:
    assert problems(HALF) == [
        f"setup.model: {HALF} is served on the vertex surface only; choose another model"
    ]


def test_both_forms_of_a_vertex_name_are_taken() -> None:
    full = f"projects/p/locations/us-central1/publishers/google/models/{D38}"
    assert check(Setup(full), profile_for(full, "vertex")) == []
    assert problems(D38, "vertex") == []


def test_an_instruction_is_text() -> None:
    content = Content((Part(text="ok"), Part(inline_data=Blob())))
    assert problems(D38, system_instruction=content) == [
        "setup.systemInstruction.parts[1]: only text is taken here; remove it"
    ]
    assert problems(D38, system_instruction=Content((Part(text="ok"),))) == []


PATH = "setup.realtimeInputConfig"
VAD = f"{PATH}.automaticActivityDetection"


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        (vad(start_of_speech_sensitivity="START_SENSITIVITY_MEDIUM"),
         f"{VAD}.startOfSpeechSensitivity: 'START_SENSITIVITY_MEDIUM' is unknown; one of START_"),
        (vad(end_of_speech_sensitivity="END_SENSITIVITY_MEDIUM"),
         f"{VAD}.endOfSpeechSensitivity: 'END_SENSITIVITY_MEDIUM' is unknown; one of END_"),
        (vad(prefix_padding_ms=-1), f"{VAD}.prefixPaddingMs: -1 is no number"),
        (vad(silence_duration_ms=2**31), f"{VAD}.silenceDurationMs: 2147483648 is no number"),
        ({"realtime_input_config": RealtimeInputConfig(activity_handling="X")},
         f"{PATH}.activityHandling: 'X' is unknown"),
        ({"realtime_input_config": RealtimeInputConfig(turn_coverage="X")},
         f"{PATH}.turnCoverage: 'X' is unknown"),
        (compression(4_999, None), "setup.contextWindowCompression.triggerTokens: 4999 is not"),
        (compression(None, 128_001),
         "setup.contextWindowCompression.slidingWindow.targetTokens: 128001 is not from"),
        (compression(6_000, 6_000),
         "setup.contextWindowCompression.slidingWindow.targetTokens: 6000 is not below"),
        ({"context_window_compression": ContextWindowCompression()},
         "setup.contextWindowCompression.slidingWindow: missing"),
        ({"input_audio_transcription": AudioTranscriptionConfig(mode="SMART")},
         f"setup.inputAudioTranscription.mode: {D38} takes an empty object only"),
        ({"output_audio_transcription": AudioTranscriptionConfig(("en-US",))},
         f"setup.outputAudioTranscription.languageCodes: {D38} takes an empty object only"),
        ({"session_resumption": SessionResumptionConfig(transparent=True)},
         "setup.sessionResumption.transparent: exists on Vertex only"),
        ({"safety_settings": (SafetySetting(method="SEVERITY"),)},
         "setup.safetySettings[0].method: exists on Vertex only"),
        ({"labels": {"Key": "v"}}, "setup.labels: 'Key' is not lower case"),
        ({"labels": {"k": "v" * 64}}, "setup.labels: 'vvv"),
    ],
)  # fmt: skip
def test_a_field_out_of_its_bounds_is_refused(fields: dict[str, Any], start: str) -> None:
    [problem] = problems(D38, **fields)
    assert problem.startswith(start)


@pytest.mark.parametrize(
    "fields",
    [
        vad(
            disabled=False,
            start_of_speech_sensitivity="START_SENSITIVITY_LOW",
            end_of_speech_sensitivity="END_SENSITIVITY_HIGH",
            prefix_padding_ms=0,
            silence_duration_ms=2000,
        ),
        {"realtime_input_config": RealtimeInputConfig()},
        {
            "realtime_input_config": RealtimeInputConfig(
                activity_handling="NO_INTERRUPTION", turn_coverage="TURN_INCLUDES_ALL_INPUT"
            )
        },
        compression(None, None),
        compression(5_000, 0),
        compression(128_000, 127_999),
        {"session_resumption": SessionResumptionConfig(handle="h")},
        {"safety_settings": (SafetySetting("C", "T"),)},
        {"labels": {"k": "v"}},
        {"history_config": HistoryConfig(initial_history_in_client_content=True)},
    ],
)
def test_a_field_within_its_bounds_is_taken(fields: dict[str, Any]) -> None:
    assert problems(D38, **fields) == []


def test_what_exists_on_one_surface_is_refused_on_the_other() -> None:
    vertex_only: dict[str, Any] = {
        "explicit_vad_signal": True,
        "avatar_config": AvatarConfig("a"),
        "session_resumption": SessionResumptionConfig(transparent=True),
        "safety_settings": (SafetySetting(method="SEVERITY"),),
        "input_audio_transcription": AudioTranscriptionConfig(custom_vocabulary=("Bella",)),
    }
    assert problems(D38, "vertex", **vertex_only) == []
    assert len(problems(D38, **vertex_only)) == len(vertex_only)
    assert problems(D38, "vertex", labels={"k": "v"}) == [
        "setup.labels: not promised on Vertex; remove it"
    ]
    assert problems(D38, "vertex", history_config=HistoryConfig()) == [
        f"setup.historyConfig: {D38} does not take it; remove it"
    ]


@pytest.mark.parametrize(
    ("model", "version", "audio", "expected"),
    [
        (D38, "v1alpha", True, []),
        (D38, "v1alpha", False,
         ["setup.proactivity.proactiveAudio: cannot be turned off on this model; remove it"]),
        (D38, "v1beta", True,
         ["setup.proactivity: needs API version v1alpha, not v1beta; remove it"]),
        (D31, "v1alpha", True, [f"setup.proactivity: {D31} does not take it; remove it"]),
        (D25, "v1alpha", False, []),
    ],
)  # fmt: skip
def test_proactivity_depends_on_model_and_version(
    model: str, version: str, audio: bool, expected: list[str]
) -> None:
    config = Proactivity(proactive_audio=audio)
    assert problems(model, version=version, proactivity=config) == expected


def test_vertex_takes_proactivity_in_any_version() -> None:
    assert problems(D38, "vertex", "v1", proactivity=Proactivity(True)) == []
