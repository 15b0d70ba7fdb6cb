"""What `setup.generationConfig` may hold, per model and surface."""

from typing import Any

import pytest

from agent.gemini.messages import (
    AudioTranscriptionConfig,
    GenerationConfig,
    MultiSpeakerVoiceConfig,
    PrebuiltVoiceConfig,
    ReplicatedVoiceConfig,
    SpeechConfig,
    ThinkingConfig,
    TranslationConfig,
    VoiceConfig,
    VoiceConsentSignature,
)
from agent.gemini.profiles import Surface
from tests.gemini.test_rules import D25, D31, D38, HALF, NEW, XT, problems

PATH = "setup.generationConfig"


def generation(
    model: str, surface: Surface = "developer", version: str = "v1beta", **fields: Any
) -> list[str]:
    found = problems(model, surface, version, generation_config=GenerationConfig(**fields))
    return [problem.removeprefix(f"{PATH}.") for problem in found]


def voice(config: VoiceConfig) -> dict[str, Any]:
    return {"speech_config": SpeechConfig(config)}


@pytest.mark.parametrize(
    ("model", "surface", "modalities", "expected"),
    [
        (D38, "developer", (), []),
        (D38, "developer", ("AUDIO",), []),
        (D38, "developer", ("TEXT",),
         [f"responseModalities: {D38} answers in AUDIO only, not in TEXT"]),
        (HALF, "vertex", ("TEXT",), []),
        (HALF, "vertex", ("TEXT", "AUDIO"),
         ["responseModalities: exactly one is taken, not TEXT, AUDIO"]),
        (NEW, "developer", ("VIDEO",),
         [f"responseModalities: {NEW} answers in AUDIO or TEXT only, not in VIDEO"]),
    ],
)  # fmt: skip
def test_a_model_answers_in_one_modality_it_has(
    model: str, surface: Surface, modalities: tuple[str, ...], expected: list[str]
) -> None:
    assert generation(model, surface, response_modalities=modalities) == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 1.5}, "topP"),
        ({"top_k": 0.5}, "topK"),
        ({"candidate_count": 2}, "candidateCount"),
        ({"presence_penalty": -2.1}, "presencePenalty"),
        ({"frequency_penalty": 2.1}, "frequencyPenalty"),
        ({"max_output_tokens": 0}, "maxOutputTokens"),
        ({"max_output_tokens": 65_537}, "maxOutputTokens"),
        ({"media_resolution": "HUGE"}, "mediaResolution"),
    ],
)
def test_a_number_out_of_its_range_is_refused(fields: dict[str, Any], field: str) -> None:
    [problem] = generation(D38, **fields)
    assert problem.startswith(f"{field}: ")


def test_numbers_within_their_range_are_taken() -> None:
    assert (
        generation(
            D38,
            temperature=2.0,
            top_p=0.9,
            top_k=40.0,
            candidate_count=1,
            presence_penalty=-2.0,
            frequency_penalty=2.0,
            max_output_tokens=65_536,
            media_resolution="MEDIA_RESOLUTION_LOW",
        )
        == []
    )
    assert generation(D31, max_output_tokens=100_000) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (SpeechConfig(language_code="en-US"), None),
        (SpeechConfig(language_code="English!"), "languageCode: 'English!' is no language code"),
        (SpeechConfig(multi_speaker_voice_config=MultiSpeakerVoiceConfig()),
         "multiSpeakerVoiceConfig: not usable"),
        (SpeechConfig(VoiceConfig(PrebuiltVoiceConfig("Kore"))), None),
        (SpeechConfig(VoiceConfig(voice="id")), None),
        (SpeechConfig(VoiceConfig()), "voiceConfig: exactly one of"),
        (SpeechConfig(VoiceConfig(PrebuiltVoiceConfig("Kore"), voice="id")),
         "voiceConfig: exactly one of"),
        (SpeechConfig(VoiceConfig(PrebuiltVoiceConfig("kore"))),
         "voiceConfig.prebuiltVoiceConfig.voiceName: there is no voice 'kore'; did you mean Kore?"),
        (SpeechConfig(VoiceConfig(PrebuiltVoiceConfig())),
         "voiceConfig.prebuiltVoiceConfig.voiceName: there is no voice ''; one of Achernar, "),
        (SpeechConfig(VoiceConfig(replicated_voice_config=ReplicatedVoiceConfig("audio/mp3"))),
         "voiceConfig.replicatedVoiceConfig.mimeType: 'audio/mp3' is not audio/wav"),
    ],
)  # fmt: skip
def test_a_voice_and_a_language_must_exist(config: SpeechConfig, expected: str | None) -> None:
    found = generation(D38, speech_config=config)
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"speechConfig.{expected}")


def test_consent_to_a_replicated_voice_is_the_developer_apis() -> None:
    config = ReplicatedVoiceConfig("audio/wav", b"", b"", VoiceConsentSignature("s"))
    fields = voice(VoiceConfig(replicated_voice_config=config))
    assert generation(D38, **fields) == []
    assert generation(D38, "vertex", **fields) == [
        f"speechConfig.voiceConfig.replicatedVoiceConfig.{name}: "
        "exists on the Developer API only; remove it"
        for name in ("consentAudio", "voiceConsentSignature")
    ]
    plain = ReplicatedVoiceConfig("audio/wav", b"")
    assert generation(D38, "vertex", **voice(VoiceConfig(replicated_voice_config=plain))) == []


@pytest.mark.parametrize(
    ("model", "surface", "thinking", "expected"),
    [
        (D38, "developer", None, []),
        (D38, "developer", ThinkingConfig(include_thoughts=True), []),
        (D38, "developer", ThinkingConfig(thinking_level="LOW"),
         [f"thinkingConfig.thinkingLevel: {D38} takes no thinking level; remove it"]),
        (D38, "vertex", ThinkingConfig(thinking_budget=0),
         [f"thinkingConfig.thinkingBudget: {D38} takes no thinking budget; remove it"]),
        (XT, "developer", None,
         [f"thinkingConfig.thinkingLevel: {XT} needs one; set LOW, MEDIUM or HIGH"]),
        (XT, "developer", ThinkingConfig(thinking_level="HIGH"), []),
        (XT, "developer", ThinkingConfig(thinking_level="MINIMAL"),
         ["thinkingConfig.thinkingLevel: 'MINIMAL' is not one of LOW, MEDIUM, HIGH"]),
        (D31, "developer", ThinkingConfig(thinking_level="MINIMAL"), []),
        (D31, "developer", ThinkingConfig(thinking_level="SOME"),
         ["thinkingConfig.thinkingLevel: 'SOME' is not one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH"]),
        (D31, "developer", ThinkingConfig(thinking_budget=0),
         [f"thinkingConfig.thinkingBudget: {D31} takes no thinking budget; remove it"]),
        (D25, "developer", ThinkingConfig(thinking_budget=-1), []),
        (D25, "developer", ThinkingConfig(thinking_budget=-2),
         ["thinkingConfig.thinkingBudget: -2 is not -1 (automatic), 0 (off) or more"]),
        (D25, "developer", ThinkingConfig(thinking_level="LOW"),
         [f"thinkingConfig.thinkingLevel: {D25} takes no thinking level; remove it"]),
        (HALF, "vertex", ThinkingConfig(thinking_level="LOW", thinking_budget=1),
         [f"thinkingConfig.thinkingLevel: {HALF} takes no thinking level; remove it",
          f"thinkingConfig.thinkingBudget: {HALF} takes no thinking budget; remove it"]),
        (NEW, "developer", ThinkingConfig(thinking_level="LOW", thinking_budget=1), []),
    ],
)  # fmt: skip
def test_thinking_is_set_the_way_the_model_takes_it(
    model: str, surface: Surface, thinking: ThinkingConfig | None, expected: list[str]
) -> None:
    assert generation(model, surface, thinking_config=thinking) == expected


@pytest.mark.parametrize(
    ("model", "surface", "version", "expected"),
    [
        (D25, "developer", "v1alpha", []),
        (D25, "developer", "v1beta",
         ["enableAffectiveDialog: needs API version v1alpha, not v1beta; remove it"]),
        (HALF, "vertex", "v1beta1", []),
        (D31, "developer", "v1alpha",
         [f"enableAffectiveDialog: {D31} has no affective dialog; remove it"]),
        (D38, "vertex", "v1beta1",
         [f"enableAffectiveDialog: {D38} has no affective dialog; remove it"]),
    ],
)  # fmt: skip
def test_affective_dialog_depends_on_model_and_version(
    model: str, surface: Surface, version: str, expected: list[str]
) -> None:
    assert generation(model, surface, version, enable_affective_dialog=True) == expected


def test_special_models_keep_their_fields_to_themselves() -> None:
    translate, transcribe = "gemini-3.5-live-translate-preview", "gemini-3.5-transcribe-live"
    translation: dict[str, Any] = {"translation_config": TranslationConfig("de")}
    transcription: dict[str, Any] = {"audio_transcription_config": AudioTranscriptionConfig()}
    assert generation(translate, **translation) == []
    assert generation(transcribe, **transcription) == []
    assert generation(D38, **translation, **transcription) == [
        f"translationConfig: {D38} does not translate; remove it",
        f"audioTranscriptionConfig: {D38} is no transcriber; remove it",
    ]
    civic: dict[str, Any] = {"enable_enhanced_civic_answers": True}
    assert generation(D38, **civic) == []
    assert generation(D38, "vertex", **civic) == [
        "enableEnhancedCivicAnswers: exists on the Developer API only; remove it"
    ]
