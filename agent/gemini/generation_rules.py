"""The check of `setup.generationConfig`, without I/O.

Source: docs/protocols/gemini-live.md 2.1.1, 2.6, 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.gemini.catalogue import VOICES, nearest
from agent.gemini.models import Profile
from agent.gemini.setup_messages import (
    THINKING_LEVELS,
    GenerationConfig,
    SpeechConfig,
    ThinkingConfig,
    VoiceConfig,
)

AFFECTIVE_VERSION = "v1alpha"  # of the Developer API

_PATH = "setup.generationConfig"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MEDIA_RESOLUTIONS = frozenset(
    {"MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"}
)
_REPLICATED_MIME = "audio/wav"


def generation_problems(
    config: GenerationConfig | None, profile: Profile, api_version: str
) -> Iterator[str]:
    """Everything about a generation config that the model would refuse."""
    config = config or GenerationConfig()
    yield from _modality_problems(config, profile)
    yield from _number_problems(config, profile)
    yield from _speech_problems(config.speech_config, profile)
    yield from _thinking_problems(config.thinking_config, profile)
    yield from _special_problems(config, profile, api_version)


def _modality_problems(config: GenerationConfig, profile: Profile) -> Iterator[str]:
    path = f"{_PATH}.responseModalities"
    wanted = config.response_modalities or ("AUDIO",)
    if len(wanted) != 1:
        yield f"{path}: exactly one is taken, not {', '.join(wanted)}"
    for name in wanted:
        if name not in profile.modalities:
            known = " or ".join(sorted(profile.modalities))
            yield f"{path}: {profile.name} answers in {known} only, not in {name}"


def _number_problems(config: GenerationConfig, profile: Profile) -> Iterator[str]:
    if config.temperature is not None and not 0 < config.temperature <= 2:
        yield f"{_PATH}.temperature: {config.temperature:g} is not above 0 and at most 2"
    if config.top_p is not None and not 0 <= config.top_p <= 1:
        yield f"{_PATH}.topP: {config.top_p:g} is not from 0 to 1"
    if config.top_k is not None and config.top_k < 1:
        yield f"{_PATH}.topK: {config.top_k:g} is less than 1"
    if config.candidate_count not in (None, 1):
        yield f"{_PATH}.candidateCount: {config.candidate_count} is not 1; remove it"
    for name, penalty in (
        ("presencePenalty", config.presence_penalty),
        ("frequencyPenalty", config.frequency_penalty),
    ):
        if penalty is not None and not -2 <= penalty <= 2:
            yield f"{_PATH}.{name}: {penalty:g} is not from -2 to 2"
    most = profile.max_output_tokens
    tokens = config.max_output_tokens
    if tokens is not None and (tokens < 1 or (most is not None and tokens > most)):
        yield f"{_PATH}.maxOutputTokens: {tokens} is not from 1 to {most or 'the model limit'}"
    resolution = config.media_resolution
    if resolution is not None and resolution not in _MEDIA_RESOLUTIONS:
        yield f"{_PATH}.mediaResolution: {resolution!r} is unknown; remove it"


def _speech_problems(config: SpeechConfig | None, profile: Profile) -> Iterator[str]:
    if config is None:
        return
    path = f"{_PATH}.speechConfig"
    if config.language_code is not None and not _LANGUAGE.fullmatch(config.language_code):
        yield f"{path}.languageCode: {config.language_code!r} is no language code like en-US"
    if config.multi_speaker_voice_config is not None:
        yield f"{path}.multiSpeakerVoiceConfig: not usable in a live session; remove it"
    if config.voice_config is not None:
        yield from _voice_problems(f"{path}.voiceConfig", config.voice_config, profile)


def _voice_problems(path: str, config: VoiceConfig, profile: Profile) -> Iterator[str]:
    ways = (config.prebuilt_voice_config, config.replicated_voice_config, config.voice)
    if sum(way is not None for way in ways) != 1:
        yield (
            f"{path}: exactly one of prebuiltVoiceConfig, replicatedVoiceConfig and voice is taken"
        )
    prebuilt = config.prebuilt_voice_config
    if prebuilt is not None and prebuilt.voice_name not in VOICES:
        name = prebuilt.voice_name or ""
        close = nearest(name, VOICES)
        hint = f"did you mean {close}?" if close else f"one of {', '.join(VOICES)}"
        yield f"{path}.prebuiltVoiceConfig.voiceName: there is no voice {name!r}; {hint}"
    replicated = config.replicated_voice_config
    if replicated is None:
        return
    path += ".replicatedVoiceConfig"
    if replicated.mime_type != _REPLICATED_MIME:
        yield f"{path}.mimeType: {replicated.mime_type!r} is not {_REPLICATED_MIME}"
    if profile.surface == "vertex":
        if replicated.consent_audio is not None:
            yield f"{path}.consentAudio: exists on the Developer API only; remove it"
        if replicated.voice_consent_signature is not None:
            yield f"{path}.voiceConsentSignature: exists on the Developer API only; remove it"


def _thinking_problems(config: ThinkingConfig | None, profile: Profile) -> Iterator[str]:
    path = f"{_PATH}.thinkingConfig"
    level = config.thinking_level if config else None
    budget = config.thinking_budget if config else None
    levels: tuple[str, ...] = THINKING_LEVELS
    if profile.thinking == "level_required":
        levels = ("LOW", "MEDIUM", "HIGH")
        if level is None:
            yield f"{path}.thinkingLevel: {profile.name} needs one; set LOW, MEDIUM or HIGH"
    if level is not None:
        if profile.thinking in {"none", "budget"}:
            yield f"{path}.thinkingLevel: {profile.name} takes no thinking level; remove it"
        elif level not in levels:
            yield f"{path}.thinkingLevel: {level!r} is not one of {', '.join(levels)}"
    if budget is not None:
        if profile.thinking not in {"budget", "any"}:
            yield f"{path}.thinkingBudget: {profile.name} takes no thinking budget; remove it"
        elif budget < -1:
            yield f"{path}.thinkingBudget: {budget} is not -1 (automatic), 0 (off) or more"


def _special_problems(
    config: GenerationConfig, profile: Profile, api_version: str
) -> Iterator[str]:
    developer = profile.surface == "developer"
    if config.enable_affective_dialog:
        path = f"{_PATH}.enableAffectiveDialog"
        if not profile.affective:
            yield f"{path}: {profile.name} has no affective dialog; remove it"
        elif developer and api_version != AFFECTIVE_VERSION:
            yield f"{path}: needs API version {AFFECTIVE_VERSION}, not {api_version}; remove it"
    if config.enable_enhanced_civic_answers is not None and not developer:
        yield f"{_PATH}.enableEnhancedCivicAnswers: exists on the Developer API only; remove it"
    if config.translation_config is not None and not profile.translation:
        yield f"{_PATH}.translationConfig: {profile.name} does not translate; remove it"
    if config.audio_transcription_config is not None and not profile.transcription:
        yield f"{_PATH}.audioTranscriptionConfig: {profile.name} is no transcriber; remove it"
