"""Everything the Gemini Live service may send, as structs, without I/O.

Source: docs/protocols/gemini-live.md 3.1. Every key of a frame stands by itself: usage rides with
content, and newer models bundle audio, transcript and flags. A key left out has its default.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agent.gemini.content import Content
from agent.gemini.tools import FunctionCall, JsonObject
from agent.gemini.usage import UsageMetadata

IN_PROGRESS = "IN_PROGRESS"
IDLE = "IDLE"
REQUIRES_ACTION = "REQUIRES_ACTION"  # the older name of IDLE
INTERACTION_STATUSES = frozenset({IN_PROGRESS, IDLE, REQUIRES_ACTION})

ACTIVITY_START = "ACTIVITY_START"
ACTIVITY_END = "ACTIVITY_END"
VOICE_ACTIVITIES = frozenset({ACTIVITY_START, ACTIVITY_END})

SPEECH_START = "VAD_SIGNAL_TYPE_SOS"
SPEECH_END = "VAD_SIGNAL_TYPE_EOS"
VAD_SIGNALS = frozenset({SPEECH_START, SPEECH_END})

TURN_COMPLETE_REASONS = frozenset(
    {
        "TURN_COMPLETE_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "RESPONSE_REJECTED",
        "NEED_MORE_INPUT", "PROHIBITED_INPUT_CONTENT", "IMAGE_PROHIBITED_INPUT_CONTENT",
        "INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED", "INPUT_IMAGE_CELEBRITY",
        "INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED", "INPUT_TEXT_NCII_PROHIBITED",
        "INPUT_OTHER", "INPUT_IP_PROHIBITED", "BLOCKLIST", "UNSAFE_PROMPT_FOR_IMAGE_GENERATION",
        "GENERATED_IMAGE_SAFETY", "GENERATED_CONTENT_SAFETY", "GENERATED_AUDIO_SAFETY",
        "GENERATED_VIDEO_SAFETY", "GENERATED_CONTENT_PROHIBITED", "GENERATED_CONTENT_BLOCKLIST",
        "GENERATED_IMAGE_PROHIBITED", "GENERATED_IMAGE_CELEBRITY",
        "GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER",
        "GENERATED_IMAGE_IDENTIFIABLE_PEOPLE", "GENERATED_IMAGE_MINORS",
        "OUTPUT_IMAGE_IP_PROHIBITED", "GENERATED_OTHER", "MAX_REGENERATION_REACHED",
    }
)  # fmt: skip


class VoiceConsentSignature(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Proof that a replicated voice was consented to; spares sending the consent again."""

    signature: str = ""


class SetupComplete(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The session is set up; only now may anything else be sent. The id is Vertex's."""

    session_id: str | None = None
    voice_consent_signature: VoiceConsentSignature | None = None


class WordInfo(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One word of a transcript and where it lies, as durations."""

    word: str = ""
    start_offset: str | float = ""
    end_offset: str | float = ""


class Transcription(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A fragment of what was said; `finished` may never be sent."""

    text: str = ""
    finished: bool = False
    language_code: str = ""
    speaker_label: str = ""
    words: tuple[WordInfo, ...] = ()
    start_offset: str | float = ""
    end_offset: str | float = ""


class ServerContent(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """What the model says and where its turn stands; may be wholly empty."""

    model_turn: Content | None = None
    generation_complete: bool = False
    turn_complete: bool = False
    interrupted: bool = False
    waiting_for_input: bool = False
    input_transcription: Transcription | None = None
    output_transcription: Transcription | None = None
    interim_input_transcription: Transcription | None = None
    turn_complete_reason: str = ""
    interaction_status: str = ""
    grounding_metadata: JsonObject | None = None
    url_context_metadata: JsonObject | None = None


class ServerToolCall(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Functions the model wants called, in parallel."""

    function_calls: tuple[FunctionCall, ...] = ()


class ToolCallCancellation(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """Calls whose answer is no longer wanted."""

    ids: tuple[str, ...] = ()


class GoAway(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The connection will be closed; `time_left` is a duration, missing, or anything at all."""

    time_left: Any = ""


class SessionResumptionUpdate(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """A handle to resume from, or the news that just now there is none (all fields absent)."""

    new_handle: str = ""
    resumable: bool = False
    last_consumed_client_message_index: int | None = None


class VoiceActivity(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The service heard speech start or end; the offset counts this connection's audio."""

    type: str = ""
    audio_offset: str | float = ""


class VoiceActivityDetectionSignal(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The same in an older form; Vertex, allow-listed."""

    vad_signal_type: str = ""


class ServerError(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """An error announced before the close; rare."""

    code: int = 0
    message: str = ""
    status: str = ""


class ServerMessage(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One frame from the service: any set of these keys, each independent of the others."""

    setup_complete: SetupComplete | None = None
    server_content: ServerContent | None = None
    tool_call: ServerToolCall | None = None
    tool_call_cancellation: ToolCallCancellation | None = None
    usage_metadata: UsageMetadata | None = None
    go_away: GoAway | None = None
    session_resumption_update: SessionResumptionUpdate | None = None
    voice_activity: VoiceActivity | None = None
    voice_activity_detection_signal: VoiceActivityDetectionSignal | None = None
    error: ServerError | None = None
