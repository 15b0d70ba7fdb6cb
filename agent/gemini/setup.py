"""The `setup` of a call from what a tenant chose, without I/O.

Every call gets the defaults that let it outlive its connections: resumption, compression with a
sliding window, transcripts both ways, and a declared behavior for every function.
Source: docs/protocols/gemini-live.md 1.4, 2.1, C-13, C-35.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from agent.gemini.content import Content, Part
from agent.gemini.models import Surface, profile_for
from agent.gemini.setup_messages import (
    AUDIO,
    AudioTranscriptionConfig,
    AutomaticActivityDetection,
    ContextWindowCompression,
    GenerationConfig,
    PrebuiltVoiceConfig,
    RealtimeInputConfig,
    SessionResumptionConfig,
    Setup,
    SlidingWindow,
    SpeechConfig,
    ThinkingConfig,
    VoiceConfig,
)
from agent.gemini.tools import FunctionDeclaration, GoogleSearch, Tool

type Sensitivity = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class VadOptions:
    """How the service's own speech detection cuts the caller's audio into turns.

    None leaves a value to the service, whose defaults differ by surface (2.1.3).

    Attributes:
        manual: the service detects nothing; the session is told when the caller speaks.
        interruptible: the caller's speech stops the model. False makes it finish first and answer
            then; of no use to who silences it by an ear of his own (docs/sessions.md).
    """

    start_sensitivity: Sensitivity | None = None
    end_sensitivity: Sensitivity | None = None
    prefix_padding_ms: int | None = None
    silence_ms: int | None = None
    manual: bool = False
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """What a tenant decides about the model.

    Attributes:
        model: bare id, such as `gemini-3.8-live`; a full resource name is taken as it is.
        project: Vertex only, with `location`; without them the name of express mode is used.
        declarations: functions; those without behavior get the model's default.
        resumption: have the service keep the session, for another connection to go on with.
        transparent: ask the service to say how far it has listened; None: where it can (3.7).
        compress_from: tokens of context at which the oldest turns are cut, and compress_to: down to
            how many; None: the service's own values (2.1.4).
    """

    model: str
    surface: Surface = "developer"
    project: str | None = None
    location: str | None = None
    voice: str | None = None
    language: str | None = None
    system_instruction: str | None = None
    declarations: tuple[FunctionDeclaration, ...] = ()
    google_search: bool = False
    vad: VadOptions | None = None
    thinking_level: str | None = None
    thinking_budget: int | None = None
    temperature: float | None = None
    affective: bool = False
    resumption: bool = True
    transparent: bool | None = None
    compress_from: int | None = None
    compress_to: int | None = None


def build_setup(options: SetupOptions) -> Setup:
    """The setup to send; `agent.gemini.profiles.refuse` says whether the model will take it."""
    return Setup(
        model=resource_name(options.model, options.surface, options.project, options.location),
        generation_config=GenerationConfig(
            response_modalities=(AUDIO,),
            temperature=options.temperature,
            speech_config=_speech(options),
            thinking_config=_thinking(options),
            enable_affective_dialog=options.affective or None,
        ),
        system_instruction=_instruction(options.system_instruction),
        tools=_tools(options),
        realtime_input_config=_input_config(options.vad),
        session_resumption=_resumption(options),
        context_window_compression=_compression(options),
        input_audio_transcription=AudioTranscriptionConfig(),
        output_audio_transcription=AudioTranscriptionConfig(),
    )


def resource_name(
    model: str, surface: Surface, project: str | None = None, location: str | None = None
) -> str:
    """The full name of a model on a surface (1.4)."""
    if "/" in model:
        return model
    if surface == "developer":
        return f"models/{model}"
    name = f"publishers/google/models/{model}"
    return f"projects/{project}/locations/{location}/{name}" if project and location else name


def _resumption(options: SetupOptions) -> SessionResumptionConfig | None:
    if not options.resumption:
        return None
    return SessionResumptionConfig(transparent=_transparent(options))


def _transparent(options: SetupOptions) -> bool | None:
    if options.transparent is not None:
        return options.transparent or None
    return profile_for(options.model, options.surface).transparent_resumption or None


def _compression(options: SetupOptions) -> ContextWindowCompression:
    window = SlidingWindow(options.compress_to)
    return ContextWindowCompression(options.compress_from, window)


def _speech(options: SetupOptions) -> SpeechConfig | None:
    voice = None
    if options.voice:
        voice = VoiceConfig(prebuilt_voice_config=PrebuiltVoiceConfig(options.voice))
    if voice is None and options.language is None:
        return None
    return SpeechConfig(voice_config=voice, language_code=options.language)


def _thinking(options: SetupOptions) -> ThinkingConfig | None:
    if options.thinking_level is None and options.thinking_budget is None:
        return None
    return ThinkingConfig(
        thinking_level=options.thinking_level, thinking_budget=options.thinking_budget
    )


def _instruction(text: str | None) -> Content | None:
    return Content(parts=(Part(text=text),), role="user") if text else None


def _tools(options: SetupOptions) -> tuple[Tool, ...]:
    profile = profile_for(options.model, options.surface)
    tools: list[Tool] = []
    if options.declarations:
        declared = tuple(
            declaration
            if declaration.behavior is not None
            else msgspec.structs.replace(declaration, behavior=profile.default_behavior)
            for declaration in options.declarations
        )
        tools.append(Tool(function_declarations=declared))
    if options.google_search:
        tools.append(Tool(google_search=GoogleSearch()))
    return tuple(tools)


def _input_config(vad: VadOptions | None) -> RealtimeInputConfig | None:
    if vad is None:
        return None
    detection = AutomaticActivityDetection(
        disabled=vad.manual or None,
        start_of_speech_sensitivity=_sensitivity("START", vad.start_sensitivity),
        end_of_speech_sensitivity=_sensitivity("END", vad.end_sensitivity),
        prefix_padding_ms=vad.prefix_padding_ms,
        silence_duration_ms=vad.silence_ms,
    )
    config = RealtimeInputConfig(
        automatic_activity_detection=None
        if detection == AutomaticActivityDetection()
        else detection,
        activity_handling=None if vad.interruptible else "NO_INTERRUPTION",
    )
    return None if config == RealtimeInputConfig() else config


def _sensitivity(edge: str, value: Sensitivity | None) -> str | None:
    return value and f"{edge}_SENSITIVITY_{value.upper()}"
