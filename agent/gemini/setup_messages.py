"""The `setup` message of the Gemini Live wire and all it may hold, without I/O.

Source: docs/protocols/gemini-live.md 2.1. None means "not said": the field is left out, which is
not always the same as false or zero. Which model takes what is the business of `profiles`.
"""

from __future__ import annotations

import msgspec

from agent.gemini.content import Content
from agent.gemini.server_messages import VoiceConsentSignature
from agent.gemini.tools import Tool

AUDIO = "AUDIO"
TEXT = "TEXT"
THINKING_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
START_SENSITIVITIES = frozenset({"START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"})
END_SENSITIVITIES = frozenset({"END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"})
ACTIVITY_HANDLINGS = frozenset({"START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"})
TURN_COVERAGES = frozenset(
    {
        "TURN_INCLUDES_ONLY_ACTIVITY",
        "TURN_INCLUDES_ALL_INPUT",
        "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
    }
)


class PrebuiltVoiceConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One of the service's voices by its name, case-sensitive."""

    voice_name: str | None = None


class ReplicatedVoiceConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A voice made from a sample; the two consent fields exist on the Developer API only."""

    mime_type: str | None = None
    voice_sample_audio: bytes | None = None
    consent_audio: bytes | None = None
    voice_consent_signature: VoiceConsentSignature | None = None


class VoiceConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Which voice speaks: one of the three."""

    prebuilt_voice_config: PrebuiltVoiceConfig | None = None
    replicated_voice_config: ReplicatedVoiceConfig | None = None
    voice: str | None = None


class SpeakerVoiceConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The voice of one of several speakers; not usable in a live session."""

    speaker: str | None = None
    voice_config: VoiceConfig | None = None


class MultiSpeakerVoiceConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Several speakers; here only so that it can be refused by name."""

    speaker_voice_configs: tuple[SpeakerVoiceConfig, ...] = ()


class SpeechConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Voice and language of the speech; native-audio models choose the language themselves."""

    voice_config: VoiceConfig | None = None
    language_code: str | None = None
    multi_speaker_voice_config: MultiSpeakerVoiceConfig | None = None


class ThinkingConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How much the model reasons first: a budget on 2.5, a level on some newer models."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class TranslationConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """For the live-translate models."""

    target_language_code: str | None = None
    echo_target_language: bool | None = None


class LanguageAuto(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Deprecated by the service: let it find the language."""


class LanguageHints(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Deprecated by the service: languages to expect."""

    language_codes: tuple[str, ...] = ()


class AudioTranscriptionConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Turns a transcript on, by being there; older models refuse every field in it."""

    language_codes: tuple[str, ...] = ()
    custom_vocabulary: tuple[str, ...] = ()
    word_timestamp: bool | None = None
    diarization: bool | None = None
    mode: str | None = None
    source_text: str | None = None
    language_auto: LanguageAuto | None = None
    language_hints: LanguageHints | None = None
    adaptation_phrases: tuple[str, ...] = ()


class GenerationConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How the model answers."""

    response_modalities: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    seed: int | None = None
    max_output_tokens: int | None = None
    candidate_count: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    speech_config: SpeechConfig | None = None
    thinking_config: ThinkingConfig | None = None
    media_resolution: str | None = None
    enable_affective_dialog: bool | None = None
    enable_enhanced_civic_answers: bool | None = None
    translation_config: TranslationConfig | None = None
    audio_transcription_config: AudioTranscriptionConfig | None = None


class AutomaticActivityDetection(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The service's own detection of speech."""

    disabled: bool | None = None
    start_of_speech_sensitivity: str | None = None
    end_of_speech_sensitivity: str | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None


class RealtimeInputConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How the caller's audio is cut into turns."""

    automatic_activity_detection: AutomaticActivityDetection | None = None
    activity_handling: str | None = None
    turn_coverage: str | None = None
    interim_transcript_timestamp_enabled: bool | None = None


class SessionResumptionConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Empty: begin a resumable session; with a handle: resume. `transparent` is Vertex only."""

    handle: str | None = None
    transparent: bool | None = None


class SlidingWindow(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Must be present, though empty, to turn compression on."""

    target_tokens: int | None = None


class ContextWindowCompression(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Lifts the 15-minute limit of a session by cutting the oldest turns."""

    trigger_tokens: int | None = None
    sliding_window: SlidingWindow | None = None


class Proactivity(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Whether the model may leave input unanswered; on 3.8 it always may."""

    proactive_audio: bool | None = None
    proactive_video: bool | None = None


class HistoryConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Says that the first `clientContent` is history, not a question (3.9)."""

    initial_history_in_client_content: bool | None = None


class CustomizedAvatar(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A picture to animate."""

    image_mime_type: str | None = None
    image_data: bytes | None = None


class AvatarConfig(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A talking face; Vertex only and not for telephony."""

    avatar_name: str | None = None
    customized_avatar: CustomizedAvatar | None = None
    audio_bitrate_bps: int | None = None
    video_bitrate_bps: int | None = None


class SafetySetting(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How strictly one kind of harm is filtered; `method` is Vertex only."""

    category: str | None = None
    threshold: str | None = None
    method: str | None = None


class Setup(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The first frame of a connection, sent once; `model` is the full resource name (1.4)."""

    model: str
    generation_config: GenerationConfig | None = None
    system_instruction: Content | None = None
    tools: tuple[Tool, ...] = ()
    realtime_input_config: RealtimeInputConfig | None = None
    session_resumption: SessionResumptionConfig | None = None
    context_window_compression: ContextWindowCompression | None = None
    input_audio_transcription: AudioTranscriptionConfig | None = None
    output_audio_transcription: AudioTranscriptionConfig | None = None
    proactivity: Proactivity | None = None
    explicit_vad_signal: bool | None = None
    history_config: HistoryConfig | None = None
    avatar_config: AvatarConfig | None = None
    safety_settings: tuple[SafetySetting, ...] = ()
    labels: dict[str, str] = {}
