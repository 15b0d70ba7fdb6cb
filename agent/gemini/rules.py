"""The check of a `setup` against what its model and surface take, without I/O.

Every problem is one line that names the wire field and says what to do, for the service itself
only closes the connection. Source: docs/protocols/gemini-live.md 2.1, 2.6, E-9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from agent.errors import ConfigError
from agent.gemini.generation_rules import generation_problems
from agent.gemini.models import Profile, model_id
from agent.gemini.setup_messages import (
    ACTIVITY_HANDLINGS,
    END_SENSITIVITIES,
    START_SENSITIVITIES,
    TURN_COVERAGES,
    AudioTranscriptionConfig,
    ContextWindowCompression,
    RealtimeInputConfig,
    Setup,
)
from agent.gemini.tool_rules import tool_problems

PROACTIVITY_VERSION = "v1alpha"  # of the Developer API; others answer `Unknown name` (1.1)

_VERTEX_MODEL = re.compile(r"(projects/[^/]+/locations/[^/]+/)?publishers/google/models/[^/]+")
_DEVELOPER_MODEL = re.compile(r"models/[^/]+")
_TRIGGER_TOKENS = range(5_000, 128_001)
_TARGET_TOKENS = range(128_001)
_LABEL_LENGTH = 63
_INT32_MAX = 2**31 - 1


def check(setup: Setup, profile: Profile, *, api_version: str = "v1beta") -> list[str]:
    """Everything about a setup that its model would refuse; empty when it may be sent.

    Args:
        api_version: of the endpoint; some fields exist in one version only.
    """
    # A problem speaks of the model by the name its owner wrote.
    profile = replace(profile, name=model_id(setup.model))
    return [
        *_model_problems(setup, profile),
        *generation_problems(setup.generation_config, profile, api_version),
        *_instruction_problems(setup),
        *tool_problems(setup.tools, profile),
        *_input_problems(setup.realtime_input_config),
        *_compression_problems(setup.context_window_compression),
        *_transcription_problems(
            "inputAudioTranscription", setup.input_audio_transcription, profile
        ),
        *_transcription_problems(
            "outputAudioTranscription", setup.output_audio_transcription, profile
        ),
        *_proactivity_problems(setup, profile, api_version),
        *_surface_problems(setup, profile),
        *_label_problems(setup.labels, profile),
    ]


def refuse(setup: Setup, profile: Profile, *, api_version: str = "v1beta") -> None:
    """Raise ConfigError with every problem of a setup, before anything is dialled."""
    problems = check(setup, profile, api_version=api_version)
    if problems:
        raise ConfigError(*problems)


def _model_problems(setup: Setup, profile: Profile) -> Iterator[str]:
    if profile.unusable:
        yield f"setup.model: {profile.unusable}; choose another model"
    if profile.surface == "developer":
        if not _DEVELOPER_MODEL.fullmatch(setup.model):
            yield f"setup.model: {setup.model!r} is no name like models/gemini-3.8-live"
    elif not _VERTEX_MODEL.fullmatch(setup.model):
        yield (
            f"setup.model: {setup.model!r} is no name like "
            "projects/P/locations/L/publishers/google/models/gemini-3.8-live"
        )


def _instruction_problems(setup: Setup) -> Iterator[str]:
    if setup.system_instruction is None:
        return
    for i, part in enumerate(setup.system_instruction.parts):
        if part.text is None:
            yield f"setup.systemInstruction.parts[{i}]: only text is taken here; remove it"


def _input_problems(config: RealtimeInputConfig | None) -> Iterator[str]:
    if config is None:
        return
    path = "setup.realtimeInputConfig"
    yield from _enum(f"{path}.activityHandling", config.activity_handling, ACTIVITY_HANDLINGS)
    yield from _enum(f"{path}.turnCoverage", config.turn_coverage, TURN_COVERAGES)
    vad = config.automatic_activity_detection
    if vad is None:
        return
    path += ".automaticActivityDetection"
    yield from _enum(
        f"{path}.startOfSpeechSensitivity", vad.start_of_speech_sensitivity, START_SENSITIVITIES
    )
    yield from _enum(
        f"{path}.endOfSpeechSensitivity", vad.end_of_speech_sensitivity, END_SENSITIVITIES
    )
    for name, value in (
        ("prefixPaddingMs", vad.prefix_padding_ms),
        ("silenceDurationMs", vad.silence_duration_ms),
    ):
        if value is not None and not 0 <= value <= _INT32_MAX:
            yield f"{path}.{name}: {value} is no number of milliseconds"


def _enum(path: str, value: str | None, known: frozenset[str]) -> Iterator[str]:
    if value is not None and value not in known:
        yield f"{path}: {value!r} is unknown; one of {', '.join(sorted(known))}"


def _compression_problems(config: ContextWindowCompression | None) -> Iterator[str]:
    if config is None:
        return
    path = "setup.contextWindowCompression"
    trigger, window = config.trigger_tokens, config.sliding_window
    if trigger is not None and trigger not in _TRIGGER_TOKENS:
        yield f"{path}.triggerTokens: {trigger} is not from 5000 to 128000"
    if window is None:
        yield f"{path}.slidingWindow: missing, so nothing would be compressed; set it, if empty"
        return
    target = window.target_tokens
    if target is None:
        return
    if target not in _TARGET_TOKENS:
        yield f"{path}.slidingWindow.targetTokens: {target} is not from 0 to 128000"
    if trigger is not None and target >= trigger:
        yield (f"{path}.slidingWindow.targetTokens: {target} is not below triggerTokens, {trigger}")


def _transcription_problems(
    name: str, config: AudioTranscriptionConfig | None, profile: Profile
) -> Iterator[str]:
    if config is None:
        return
    for field, wire in zip(config.__struct_fields__, config.__struct_encode_fields__, strict=True):
        said = getattr(config, field) not in (None, ())
        if said and wire not in profile.transcript_fields:
            yield f"setup.{name}.{wire}: {profile.name} takes an empty object only; remove it"


def _proactivity_problems(setup: Setup, profile: Profile, api_version: str) -> Iterator[str]:
    config = setup.proactivity
    if config is None:
        return
    path = "setup.proactivity"
    if profile.proactivity == "no":
        yield f"{path}: {profile.name} does not take it; remove it"
    elif profile.surface == "developer" and api_version != PROACTIVITY_VERSION:
        yield f"{path}: needs API version {PROACTIVITY_VERSION}, not {api_version}; remove it"
    if profile.proactivity == "always" and config.proactive_audio is False:
        yield f"{path}.proactiveAudio: cannot be turned off on this model; remove it"


def _surface_problems(setup: Setup, profile: Profile) -> Iterator[str]:
    vertex = profile.surface == "vertex"
    resumption = setup.session_resumption
    if resumption and resumption.transparent is not None and not profile.transparent_resumption:
        yield "setup.sessionResumption.transparent: exists on Vertex only; remove it"
    if setup.explicit_vad_signal is not None and not vertex:
        yield "setup.explicitVadSignal: exists on Vertex only; remove it"
    if setup.avatar_config is not None and not vertex:
        yield "setup.avatarConfig: exists on Vertex only; remove it"
    if setup.history_config is not None and profile.history != "initial_history":
        yield f"setup.historyConfig: {profile.name} does not take it; remove it"
    for i, setting in enumerate(setup.safety_settings):
        if setting.method is not None and not vertex:
            yield f"setup.safetySettings[{i}].method: exists on Vertex only; remove it"


def _label_problems(labels: Mapping[str, str], profile: Profile) -> Iterator[str]:
    if labels and profile.surface == "vertex":
        yield "setup.labels: not promised on Vertex; remove it"
    for key, value in labels.items():
        for text in (key, value):
            if len(text) > _LABEL_LENGTH or text != text.lower():
                yield f"setup.labels: {text!r} is not lower case of at most {_LABEL_LENGTH}"
