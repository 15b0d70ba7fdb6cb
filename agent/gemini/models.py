"""What each model allows on each surface, as data, without I/O.

The service answers a field that a model does not take by closing the connection, often with a
reason that names nothing. Here is what is known about it, so that `check` can refuse before
dialling, and so that a session knows how its model wants to be spoken to.

Source: docs/protocols/gemini-live.md 2.1, 3.4-3.9, 5.1, E-14.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from agent.gemini.tools import BEHAVIORS, BLOCKING, NON_BLOCKING

type Surface = Literal["developer", "vertex"]
type Thinking = Literal["none", "budget", "level", "level_required", "any"]
type KickOff = Literal["realtime_text", "client_content"]
type History = Literal["client_content", "initial_history"]

_SPEECH = frozenset({"AUDIO"})
_EITHER = frozenset({"AUDIO", "TEXT"})
_TRANSCRIPT_FIELDS = frozenset(
    {
        "languageCodes", "customVocabulary", "wordTimestamp", "diarization", "mode", "sourceText",
        "languageAuto", "languageHints", "adaptationPhrases",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """One model, or family, on one surface.

    The defaults are those of a model we do not know: nothing is sent unasked that a model might
    refuse, and nothing that an operator asks for is refused that a model might take.

    Attributes:
        name: short, for logs and the stand-in: `dev-3.8`, `vertex-2.5` ...
        unusable: why the model cannot be used at all, or empty.
        behaviors: what a function declaration may say; empty: it must say nothing.
        default_behavior: what to declare where the tenant does not say; None: nothing.
        blocks_by_default: a declaration without behavior means BLOCKING here.
        scheduling: answers may say when to be spoken about.
        will_continue: an answer may announce further ones.
        search_with_functions: web search and functions may stand side by side.
        modalities: what the model can answer in.
        thinking: which field of thinkingConfig it takes, if any.
        affective: `enableAffectiveDialog` is taken (on the Developer API in v1alpha only).
        proactivity: the field is taken; `always`: the model is proactive, and false is an error.
        transcript_fields: fields of a transcription config that are taken.
        kick_off: how a text makes the model speak (B40).
        history: how earlier turns are handed over (3.9).
        function_parts_in_history: calls and answers may stand in handed-over turns (B11).
        history_ends_with_user: the last handed-over turn must be the user's.
        roles: roles that turns may have; `system` changes the instruction (3.10).
        context_update: `contextUpdate` is understood.
        gate_audio_during_tools: live input during a BLOCKING call ends the connection (B17, B37).
        input_cancels_calls: new speech during a BLOCKING call makes the service cancel it.
        transcribes_unasked: input transcripts come although none were asked for.
        reports_voice_activity: `voiceActivity` comes before `interrupted`.
        text_interrupts: a live text cuts off a running reply.
        interaction_status: a turn may be one of several in an exchange.
        transparent_resumption: the service says how far it has listened.
        handle_covers_input: a handle includes what the caller has said of an open utterance.
        lost_call_waits: a resumed session waits for the answers to calls that were lost (B14).
        go_away: a connection's end is announced.
        connection_age_s: move by then, announced or not (C-20).
        max_output_tokens: upper bound of the field, or None when unknown.
    """

    name: str
    surface: Surface
    unusable: str = ""
    behaviors: frozenset[str] = BEHAVIORS
    default_behavior: str | None = None
    blocks_by_default: bool = True
    scheduling: bool = False
    will_continue: bool = False
    search_with_functions: bool = True
    modalities: frozenset[str] = _EITHER
    thinking: Thinking = "any"
    affective: bool = True
    proactivity: Literal["no", "optional", "always"] = "optional"
    transcript_fields: frozenset[str] = _TRANSCRIPT_FIELDS
    translation: bool = True
    transcription: bool = True
    kick_off: KickOff = "realtime_text"
    history: History = "client_content"
    function_parts_in_history: bool = False
    history_ends_with_user: bool = True
    roles: frozenset[str] = frozenset({"user", "model"})
    context_update: bool = False
    gate_audio_during_tools: bool = False
    input_cancels_calls: bool = False
    transcribes_unasked: bool = False
    reports_voice_activity: bool = False
    text_interrupts: bool = False
    interaction_status: bool = False
    transparent_resumption: bool = False
    handle_covers_input: bool = False
    lost_call_waits: bool = False
    go_away: bool = True
    connection_age_s: float = 9 * 60.0
    max_output_tokens: int | None = None


_UNKNOWN = Profile("dev-unknown", "developer")
_UNKNOWN_VERTEX = Profile(
    "vertex-unknown",
    "vertex",
    roles=frozenset({"user", "model", "system"}),
    transparent_resumption=True,
)
_SPEAKER = replace(
    _UNKNOWN,
    modalities=_SPEECH,
    transcript_fields=frozenset(),
    translation=False,
    transcription=False,
)
_DEV_25 = replace(
    _SPEAKER,
    name="dev-2.5",
    default_behavior=BLOCKING,
    scheduling=True,
    will_continue=True,
    search_with_functions=False,
    thinking="budget",
    kick_off="client_content",
    gate_audio_during_tools=True,
)
_DEV_3 = replace(
    _SPEAKER,
    affective=False,
    history="initial_history",
    history_ends_with_user=False,
    transcribes_unasked=True,
    reports_voice_activity=True,
    text_interrupts=True,
)
_DEV_31 = replace(
    _DEV_3,
    name="dev-3.1",
    behaviors=frozenset({BLOCKING}),
    default_behavior=BLOCKING,
    thinking="level",
    proactivity="no",
)
_DEV_38 = replace(
    _DEV_3,
    name="dev-3.8",
    default_behavior=BLOCKING,
    blocks_by_default=False,
    scheduling=True,
    will_continue=True,
    thinking="none",
    proactivity="always",
    function_parts_in_history=True,
    context_update=True,
    handle_covers_input=True,
    lost_call_waits=True,
    go_away=False,
    connection_age_s=50 * 60.0,
    max_output_tokens=65_536,
)
_DEV_38_XT = replace(
    _DEV_38,
    name="dev-3.8-xt",
    behaviors=frozenset({NON_BLOCKING}),
    default_behavior=NON_BLOCKING,
    scheduling=False,
    thinking="level_required",
    interaction_status=True,
)
_VERTEX_25 = replace(
    _SPEAKER,
    name="vertex-2.5",
    surface="vertex",
    behaviors=frozenset(),
    search_with_functions=False,
    thinking="budget",
    kick_off="client_content",
    roles=frozenset({"user", "model", "system"}),
    gate_audio_during_tools=True,
    transparent_resumption=True,
)
_VERTEX_25_HALF = replace(
    _VERTEX_25,
    name="vertex-2.5-half-cascade",
    modalities=_EITHER,
    thinking="none",
)
_VERTEX_38 = replace(
    _DEV_38,
    name="vertex-3.8",
    surface="vertex",
    will_continue=False,
    transcript_fields=frozenset({"customVocabulary"}),
    history="client_content",
    roles=frozenset({"user", "model", "system"}),
    input_cancels_calls=True,
    transparent_resumption=True,
)
_TRANSLATE = replace(_SPEAKER, name="dev-translate", translation=True)
_TRANSCRIBE = replace(_UNKNOWN, name="dev-transcribe", translation=False)
_ROBOTICS = replace(_SPEAKER, name="dev-robotics", modalities=frozenset({"TEXT"}))

# A family name stands for itself and for its dated, numbered and preview forms.
_FAMILIES: dict[str, tuple[Profile, ...]] = {
    "gemini-3.8-live": (_DEV_38, _VERTEX_38),
    "gemini-3.8-live-extended-thinking": (_DEV_38_XT,),
    "gemini-3.1-flash-live": (_DEV_31,),
    "gemini-2.5-flash-native-audio": (_DEV_25,),
    "gemini-live-2.5-flash-native-audio": (_VERTEX_25,),
    "gemini-live-2.5-flash": (_VERTEX_25_HALF,),
    "gemini-3.5-live-translate": (_TRANSLATE,),
    "gemini-3.5-transcribe-live": (_TRANSCRIBE,),
    "gemini-robotics-er-2-streaming": (_ROBOTICS,),
}
_SHUT_DOWN = {
    "gemini-2.0-flash-live-001": "2025-12-09",
    "gemini-live-2.5-flash-preview": "2025-12-09",
}
_FORM = re.compile(r"(-(preview|exp|latest|\d+))*")

MODELS = tuple(_FAMILIES)
"""The names of the models that have a profile of their own."""


def model_id(name: str) -> str:
    """The bare id of a model: the last part of its resource name (1.4)."""
    return name.rsplit("/", 1)[-1]


def profile_for(model: str, surface: Surface) -> Profile:
    """The profile of a model on a surface; a cautious one when the model is not known.

    Args:
        model: bare id or resource name.
    """
    name = model_id(model)
    if surface == "developer" and name in _SHUT_DOWN:
        return replace(_UNKNOWN, unusable=f"{name} was shut down on {_SHUT_DOWN[name]}")
    for family, profiles in _FAMILIES.items():
        if name.startswith(family) and _FORM.fullmatch(name, len(family)):
            for profile in profiles:
                if profile.surface == surface:
                    return profile
            other = profiles[0].surface
            return replace(
                _UNKNOWN if surface == "developer" else _UNKNOWN_VERTEX,
                unusable=f"{name} is served on the {other} surface only",
            )
    return _UNKNOWN if surface == "developer" else _UNKNOWN_VERTEX
