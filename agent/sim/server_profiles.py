"""What each model on each surface does on the wire, as a table, without I/O.

A profile is data only: the machinery in `conversation` and `live_server` reads it and has no
"if 3.8" of its own. Provenance of every value: docs/protocols/gemini-live.md sections 2, 3 and
6; what is our own choice there is our own choice here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

type Surface = Literal["developer", "vertex"]
type Behavior = Literal["BLOCKING", "NON_BLOCKING"]


@dataclass(frozen=True, slots=True)
class VadDefaults:
    """What the server's detector uses where `setup` says nothing (values unverified).

    Attributes:
        start: START_SENSITIVITY_HIGH or _LOW.
        end: END_SENSITIVITY_HIGH or _LOW.
    """

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """One model on one surface.

    Attributes:
        models: ids, without the resource prefix, that select this profile.
        chunk_ms: lengths of the audio parts, taken in turn; the last part takes what is left.
        whole_below_s: a reply shorter than this comes in one part.
        speed: audio is delivered this many times faster than real time.
        transcript: how output transcription is ordered against audio (section 3.3).
        input_transcript: "fragments" (no `finished`), "final" (one, not `finished`), or
            "finished" (one, then `finished`).
        input_transcript_unasked: sent although `setup` did not ask for it.
        input_transcript_late_s: how long after the ear is done the transcript is sent.
        opens_empty: an empty `serverContent` opens each generation.
        thought: a thought part precedes the audio.
        grounding: `turnComplete` carries an empty `groundingMetadata`.
        thinking: what `thinkingConfig` may hold: a budget, a level, a level without fail, no
            level, or nothing at all (section 2.1.1).
        behaviors: what `behavior` may be declared; `unset_behavior` is what unset means.
        scheduling: "honoured", "ignored" or "refused".
        function_parts: calls and answers in handed-over turns are refused; taken within initial
            history and forgotten by a resume; or taken and kept (section 2.2, 3.7).
        call_turn_closes: the turn that makes a call ends by itself (E-26).
        tool_gate_frames: realtime input frames tolerated while a call is pending, or None (E-25).
        speech_during_call: what speech does while a BLOCKING call is pending: "interrupts" the
            open turn, "cancels" the call (E-27), or "waits".
        text_interrupts: `realtimeInput.text` cuts a running reply (E-15).
        result_waits_for_caller: INTERRUPT lets a caller who is speaking finish.
        interaction_status: `turnComplete` says IN_PROGRESS or IDLE (E-22).
        life_s: how long a connection lasts; goAway comes `notice_s` before, or never (E-34).
        handle_unasked: a handle is given when functions have answered, though `setup` did not ask.
        handle_in_turn: handles are given while a turn is generated.
        handle_covers_open_speech: a handle includes speech that has not ended.
        lost_call_waits: a call that a resume lost eats the next turn unless answered (E-31).
        unknown_fields: paths that this model's API does not know (E-5).
    """

    name: str
    surface: Surface
    models: tuple[str, ...]
    vad: VadDefaults
    chunk_ms: tuple[int, ...]
    transcript: Literal["between", "bundled", "first"]
    input_transcript: Literal["fragments", "final", "finished"]
    thinking: Literal["budget", "level", "level-required", "no-level", "nothing"]
    unset_behavior: Behavior
    behaviors: frozenset[str]
    scheduling: Literal["honoured", "ignored", "refused"]
    call_ids: Literal["function-call", "fc", "uuid"]
    modalities: frozenset[str] = frozenset({"AUDIO"})
    whole_below_s: float = 0.0
    speed: float = 4.0
    input_transcript_unasked: bool = False
    input_transcript_late_s: float = 0.0
    opens_empty: bool = False
    thought: bool = False
    grounding: bool = False
    voice_activity: bool = False
    call_turn_closes: bool = False
    tool_gate_frames: int | None = None
    speech_during_call: Literal["interrupts", "cancels", "waits"] = "interrupts"
    text_interrupts: bool = True
    result_waits_for_caller: bool = False
    interaction_status: bool = False
    affective: Literal["allowed", "refused", "refused-late"] = "allowed"
    proactive_off_refused: bool = False
    function_parts: Literal["refused", "forgotten", "kept"] = "refused"
    audio_parts: bool = True
    role_required: bool = True
    system_role: bool = False
    life_s: float = 600.0
    notice_s: float | None = 60.0
    handle_unasked: bool = False
    handle_in_turn: bool = True
    handle_covers_open_speech: bool = False
    lost_call_waits: bool = False
    unknown_fields: frozenset[str] = frozenset()

    @property
    def vertex(self) -> bool:
        """Whether this is the Vertex surface, whose frames differ in shape."""
        return self.surface == "vertex"

    @property
    def audio_mime_type(self) -> str:
        """The mime type of audio parts: Vertex leaves the rate out."""
        return "audio/pcm" if self.vertex else "audio/pcm;rate=24000"


_DEVELOPER_VAD = VadDefaults("START_SENSITIVITY_HIGH", "END_SENSITIVITY_HIGH")
_VERTEX_VAD = VadDefaults("START_SENSITIVITY_LOW", "END_SENSITIVITY_LOW")
_BOTH: frozenset[str] = frozenset({"BLOCKING", "NON_BLOCKING"})
_VERTEX_ONLY = frozenset(
    {"setup.explicit_vad_signal", "setup.session_resumption.transparent", "setup.avatar_config"}
)
_NO_CONTEXT_UPDATE = frozenset({"context_update"})

DEV_25 = ServerProfile(
    name="dev-2.5",
    surface="developer",
    models=(
        "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-2.5-flash-native-audio-preview-09-2025",
        "gemini-2.5-flash-native-audio-latest",
    ),
    vad=_DEVELOPER_VAD,
    chunk_ms=(60, 60, 80, 60, 60, 120),
    whole_below_s=1.1,
    transcript="between",
    input_transcript="fragments",
    thought=True,
    thinking="budget",
    unset_behavior="BLOCKING",
    behaviors=_BOTH,
    scheduling="honoured",
    call_ids="function-call",
    text_interrupts=False,
    handle_in_turn=False,
    audio_parts=False,
    role_required=False,
    unknown_fields=_VERTEX_ONLY | _NO_CONTEXT_UPDATE,
)
DEV_31 = ServerProfile(
    name="dev-3.1",
    surface="developer",
    models=("gemini-3.1-flash-live-preview",),
    vad=_DEVELOPER_VAD,
    chunk_ms=(190, 180, 200, 190, 210, 170),
    transcript="bundled",
    input_transcript="final",
    input_transcript_unasked=True,
    opens_empty=True,
    voice_activity=True,
    thinking="level",
    unset_behavior="BLOCKING",
    behaviors=frozenset({"BLOCKING"}),
    scheduling="ignored",
    call_ids="fc",
    affective="refused",
    function_parts="forgotten",
    handle_unasked=True,
    unknown_fields=_VERTEX_ONLY | _NO_CONTEXT_UPDATE,
)
DEV_38 = replace(
    DEV_31,
    name="dev-3.8",
    models=("gemini-3.8-live",),
    opens_empty=False,
    input_transcript_late_s=0.5,
    thinking="no-level",
    unset_behavior="NON_BLOCKING",
    behaviors=_BOTH,
    scheduling="honoured",
    result_waits_for_caller=True,
    affective="refused-late",
    proactive_off_refused=True,
    function_parts="kept",
    life_s=3480.0,
    notice_s=None,
    handle_unasked=False,
    handle_covers_open_speech=True,
    lost_call_waits=True,
    unknown_fields=_VERTEX_ONLY,
)
DEV_38_XT = replace(
    DEV_38,
    name="dev-3.8-xt",
    models=("gemini-3.8-live-extended-thinking",),
    thinking="level-required",
    behaviors=frozenset({"NON_BLOCKING"}),
    scheduling="refused",
    interaction_status=True,
)
VERTEX_25_HALF_CASCADE = ServerProfile(
    name="vertex-2.5-half-cascade",
    surface="vertex",
    models=("gemini-live-2.5-flash", "gemini-live-2.5-flash-preview"),
    vad=_VERTEX_VAD,
    chunk_ms=(200,),
    transcript="first",
    input_transcript="finished",
    grounding=True,
    thinking="nothing",
    modalities=frozenset({"AUDIO", "TEXT"}),
    unset_behavior="BLOCKING",
    behaviors=_BOTH,
    scheduling="honoured",
    call_ids="uuid",
    call_turn_closes=True,
    tool_gate_frames=1,
    speech_during_call="waits",
    text_interrupts=False,
    handle_in_turn=False,
    role_required=False,
    system_role=True,
    unknown_fields=_NO_CONTEXT_UPDATE | {"setup.history_config"},
)
VERTEX_38 = replace(
    DEV_38,
    name="vertex-3.8",
    surface="vertex",
    vad=_VERTEX_VAD,
    chunk_ms=(200, 200, 190, 210),
    transcript="first",
    input_transcript="finished",
    call_ids="uuid",
    speech_during_call="cancels",
    system_role=True,
    life_s=600.0,
    notice_s=60.0,
    unknown_fields=frozenset({"setup.history_config"}),
)

PROFILES = {
    profile.name: profile
    for profile in (DEV_25, DEV_31, DEV_38, DEV_38_XT, VERTEX_25_HALF_CASCADE, VERTEX_38)
}


def profiles_of(surface: Surface) -> tuple[ServerProfile, ...]:
    """Every profile of one surface; `setup.model` chooses among them."""
    return tuple(profile for profile in PROFILES.values() if profile.surface == surface)


def model_id(resource: str) -> str:
    """The bare model id in a resource name of section 1.4."""
    return resource.rpartition("/")[2]
