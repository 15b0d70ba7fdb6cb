"""What a `setup` asks for, checked against what the model takes, without I/O.

Source: docs/protocols/gemini-live.md 2.1 and E-9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.gemini.catalogue import VOICES
from agent.sim.server_profiles import ServerProfile, model_id
from agent.sim.wire import INVALID_PAYLOAD, POLICY, Refused, invalid_argument
from agent.sim.wire_schema import UNSUPPORTED_GENERATION_FIELDS

DEFAULT_VOICE = "Puck"  # unverified: most samples show it
PREFIX_PADDING_MS = 40  # both unverified: the service does not say what it uses
SILENCE_DURATION_MS = {"END_SENSITIVITY_HIGH": 500, "END_SENSITIVITY_LOW": 800}
TRIGGER_TOKENS = int(0.8 * 128_000)

_SENSITIVITIES = {
    "startOfSpeechSensitivity": ("START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"),
    "endOfSpeechSensitivity": ("END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"),
}
_HANDLING = ("START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION")
_COVERAGE = (
    "TURN_INCLUDES_ONLY_ACTIVITY",
    "TURN_INCLUDES_ALL_INPUT",
    "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
)
_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class VadConfig:
    """Automatic activity detection, as this session uses it.

    Attributes:
        prefix_padding_ms: speech needed before a start is committed.
        silence_duration_ms: silence needed before an end is committed.
    """

    disabled: bool
    sensitive_start: bool
    prefix_padding_ms: int
    silence_duration_ms: int


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """One session's set-up, with the profile's defaults filled in.

    Attributes:
        modality: "AUDIO" or "TEXT".
        behaviors: what each declared function's `behavior` is: BLOCKING or NON_BLOCKING.
        interrupts: speech cuts a running reply.
        compression: (trigger, target) in tokens, or None.
        resumption: `sessionResumption` as it was sent, or None.
        history_first: the first client content is history only (E-36).
        refused_on_use: accepted now, refused at the first message after (3.8, affective dialog).
    """

    model: str
    modality: str
    voice: str
    system_instruction: str
    behaviors: Mapping[str, str]
    vad: VadConfig
    interrupts: bool
    input_transcription: bool
    output_transcription: bool
    compression: tuple[int, int] | None
    resumption: Mapping[str, Any] | None
    explicit_vad_signal: bool
    history_first: bool
    refused_on_use: bool


def select_profile(setup: object, profiles: Sequence[ServerProfile]) -> ServerProfile:
    """The profile that serves the model named in a raw `setup`.

    Raises:
        Refused: there is no such model here.
    """
    name = setup.get("model") if isinstance(setup, dict) else None
    if not isinstance(name, str) or not name:
        raise invalid_argument()
    vertex = profiles[0].vertex
    prefixed = "publishers/google/models/" in name if vertex else name.startswith("models/")
    for profile in profiles:
        if prefixed and model_id(name) in profile.models:
            return profile
    if vertex:
        raise Refused(
            POLICY,
            f"Publisher Model `{name}` was not found or your project does not have access to it.",
        )
    raise Refused(
        POLICY,
        f"{name} is not found for API version v1beta, or is not supported for bidiGenerateContent.",
    )


def read_setup(setup: Mapping[str, Any], profile: ServerProfile) -> SessionConfig:
    """Check a canonical `setup` and take from it what the session needs.

    Raises:
        Refused: the model does not do what is asked.
    """
    generation = setup.get("generationConfig", {})
    if generation.keys() & UNSUPPORTED_GENERATION_FIELDS.keys():
        raise invalid_argument()
    realtime = setup.get("realtimeInputConfig", {})
    _one_of(realtime.get("activityHandling"), _HANDLING)
    _one_of(realtime.get("turnCoverage"), _COVERAGE)
    _check_thinking(generation.get("thinkingConfig", {}), profile)
    affective = generation.get("enableAffectiveDialog", False)
    if affective and profile.affective == "refused":
        raise invalid_argument()
    if (
        profile.proactive_off_refused
        and setup.get("proactivity", {}).get("proactiveAudio") is False
    ):
        raise invalid_argument()
    return SessionConfig(
        model=setup["model"],
        modality=_modality(generation.get("responseModalities", []), profile),
        voice=_voice(generation.get("speechConfig", {})),
        system_instruction=text_of(setup.get("systemInstruction", {})),
        behaviors=read_tools(setup.get("tools", []), profile),
        vad=_vad(realtime.get("automaticActivityDetection", {}), profile),
        interrupts=realtime.get("activityHandling") != "NO_INTERRUPTION",
        input_transcription="inputAudioTranscription" in setup or profile.input_transcript_unasked,
        output_transcription="outputAudioTranscription" in setup,
        compression=_compression(setup.get("contextWindowCompression", {})),
        resumption=setup.get("sessionResumption"),
        explicit_vad_signal=setup.get("explicitVadSignal", False),
        history_first=setup.get("historyConfig", {}).get("initialHistoryInClientContent", False),
        refused_on_use=affective and profile.affective == "refused-late",
    )


def text_of(content: Mapping[str, Any]) -> str:
    """The text parts of one Content, each its own paragraph."""
    return "\n".join(part["text"] for part in content.get("parts", []) if "text" in part)


def read_tools(tools: Iterable[Mapping[str, Any]], profile: ServerProfile) -> dict[str, str]:
    """Every declared function's behavior, by name.

    Raises:
        Refused: a name or behavior that the model does not take.
    """
    behaviors = {}
    for tool in tools:
        for declaration in tool.get("functionDeclarations", []):
            name = declaration.get("name", "")
            behavior = declaration.get("behavior", profile.unset_behavior)
            if not _FUNCTION_NAME.fullmatch(name) or name in behaviors:
                raise invalid_argument()
            if behavior not in profile.behaviors:
                raise invalid_argument()
            behaviors[name] = behavior
    return behaviors


def _one_of(value: str | None, known: Iterable[str]) -> None:
    if value is not None and value not in known and not value.endswith("_UNSPECIFIED"):
        raise invalid_argument()


def _modality(asked: list[str], profile: ServerProfile) -> str:
    modalities = asked or ["AUDIO"]
    if len(modalities) != 1 or modalities[0] not in profile.modalities:
        raise Refused(
            INVALID_PAYLOAD,
            f"The requested combination of response modalities ({', '.join(modalities)}) "
            "is not supported by the model",
        )
    return modalities[0]


def _voice(speech: Mapping[str, Any]) -> str:
    if "multiSpeakerVoiceConfig" in speech:
        raise invalid_argument()
    config = speech.get("voiceConfig", {})
    voice: str = config.get("prebuiltVoiceConfig", {}).get("voiceName", DEFAULT_VOICE)
    if voice not in VOICES:
        raise invalid_argument()
    return voice


def _check_thinking(config: Mapping[str, Any], profile: ServerProfile) -> None:
    level = config.get("thinkingLevel")
    _one_of(level, _LEVELS)
    match profile.thinking:
        case "budget" if level is not None:
            raise Refused(INVALID_PAYLOAD, "thinking_level is not supported by this model")
        case "level-required" if level in (None, "MINIMAL"):
            raise Refused(INVALID_PAYLOAD, "Thinking level must be specified for this model")
        case "nothing" if config:
            raise Refused(INVALID_PAYLOAD, "thinking_level is not supported by this model")
        case "no-level" if level is not None:
            raise Refused(INVALID_PAYLOAD, "Thinking level is not supported for this model")
        case _:
            return


def _vad(config: Mapping[str, Any], profile: ServerProfile) -> VadConfig:
    for field, known in _SENSITIVITIES.items():
        _one_of(config.get(field), known)
    start = config.get("startOfSpeechSensitivity", profile.vad.start)
    end = config.get("endOfSpeechSensitivity", profile.vad.end)
    prefix = config.get("prefixPaddingMs", PREFIX_PADDING_MS)
    silence = config.get("silenceDurationMs", SILENCE_DURATION_MS.get(end, 500))
    if prefix < 0 or silence < 0:
        raise invalid_argument()
    return VadConfig(
        disabled=config.get("disabled", False),
        sensitive_start=start != "START_SENSITIVITY_LOW",
        prefix_padding_ms=prefix,
        silence_duration_ms=silence,
    )


def _compression(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Trigger and target; the ranges are those of section 2.1.4."""
    if not config:
        return None
    trigger = config.get("triggerTokens", TRIGGER_TOKENS)
    target = config.get("slidingWindow", {}).get("targetTokens", trigger // 2)
    if not 5_000 <= trigger <= 128_000 or not 0 <= target < trigger:
        raise invalid_argument()
    return (trigger, target) if "slidingWindow" in config else None
