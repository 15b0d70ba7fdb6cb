"""The frames the service sends, in its own spelling, without I/O.

Canonical camelCase, standard base64, defaults left out (docs/protocols/gemini-live.md 1.3, E-4).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec

from agent.gemini.durations import format_duration
from agent.sim.server_io import Chunk
from agent.sim.server_profiles import ServerProfile

THOUGHT = "**Considering the caller's request**\n\nI am working out what to say next."


@dataclass(frozen=True, slots=True)
class Call:
    """One function call as the model makes it."""

    id: str
    name: str
    args: Mapping[str, Any]


def encode(message: Mapping[str, Any]) -> bytes:
    """Any message as a frame."""
    return msgspec.json.encode(message)


def content(**fields: Any) -> bytes:
    """A `serverContent` frame."""
    return encode({"serverContent": fields})


def setup_complete(profile: ServerProfile, number: int) -> bytes:
    """Empty on the Developer API; Vertex names its session (E-8)."""
    body = {"sessionId": str(uuid.UUID(int=number))} if profile.vertex else {}
    return encode({"setupComplete": body})


def audio(profile: ServerProfile, chunk: Chunk, transcript: str = "") -> bytes:
    """One audio part, and in the bundling profiles the words it speaks."""
    role = b',"role":"model"' if profile.vertex else b""
    tail = b""
    if transcript:
        tail = b',"outputTranscription":' + msgspec.json.encode({"text": transcript})
    return b"".join(
        (
            b'{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"',
            profile.audio_mime_type.encode(),
            b'","data":"',
            chunk.base64,
            b'"}}]',
            role,
            b"}",
            tail,
            b"}}",
        )
    )


def text(profile: ServerProfile, words: str, *, thought: bool = False) -> bytes:
    """A text part: the reply in TEXT modality, or a thought."""
    part: dict[str, Any] = {"text": words}
    if thought:
        part["thought"] = True
    turn: dict[str, Any] = {"parts": [part]}
    if profile.vertex:
        turn["role"] = "model"
    return content(modelTurn=turn)


def transcript(name: str, words: str = "", *, finished: bool = False) -> bytes:
    """`inputTranscription` or `outputTranscription`."""
    fields: dict[str, Any] = {"text": words} if words else {}
    if finished:
        fields["finished"] = True
    return content(**{name: fields})


def input_transcripts(profile: ServerProfile, words: str) -> list[bytes]:
    """What the caller said, in the profile's manner (E-14)."""
    name = "inputTranscription"
    if not words:
        return []
    match profile.input_transcript:
        case "fragments":
            return [transcript(name, f" {word}") for word in words.split()]
        case "final":
            return [transcript(name, words)]
        case "finished":
            return [transcript(name, words), transcript(name, finished=True)]
        case _:
            assert_never(profile.input_transcript)


def voice_activity(kind: str, at_s: float) -> bytes:
    """ACTIVITY_START or ACTIVITY_END at an offset into the connection's audio (E-13)."""
    offset = {"audioOffset": format_duration(round(at_s, 3))} if at_s > 0 else {}
    return encode({"voiceActivity": {"type": kind, **offset}})


def vad_signal(kind: str) -> bytes:
    """The allow-listed Vertex form: SOS or EOS."""
    return encode({"voiceActivityDetectionSignal": {"vadSignalType": f"VAD_SIGNAL_TYPE_{kind}"}})


def call_id(profile: ServerProfile, number: int) -> str:
    """A unique id in the profile's format (E-23)."""
    match profile.call_ids:
        case "function-call":
            return f"function-call-{number}"
        case "fc":
            return f"fc_{number}"
        case "uuid":
            return str(uuid.UUID(int=number % 2**128))
        case _:
            assert_never(profile.call_ids)


def new_calls(
    profile: ServerProfile, numbers: Iterator[int], wanted: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[Call, ...]:
    """Calls with ids of their own, by name and arguments."""
    return tuple(Call(call_id(profile, next(numbers)), name, args) for name, args in wanted)


def tool_call(calls: Sequence[Call]) -> bytes:
    """Parallel calls in one frame; empty arguments are left out."""
    listed = [
        {"id": call.id, "name": call.name} | ({"args": call.args} if call.args else {})
        for call in calls
    ]
    return encode({"toolCall": {"functionCalls": listed}})


def tool_cancellation(ids: Sequence[str]) -> bytes:
    """These calls need no answer any more."""
    return encode({"toolCallCancellation": {"ids": list(ids)}})


def go_away(time_left: str | None) -> bytes:
    """The connection will end; how soon may be left out."""
    return encode({"goAway": {} if time_left is None else {"timeLeft": time_left}})


def resumption_update(handle: str = "", index: int | None = None) -> bytes:
    """A handle, or the empty update of a moment at which there is none (3.7)."""
    body: dict[str, Any] = {"newHandle": handle, "resumable": True} if handle else {}
    if handle and index:
        body["lastConsumedClientMessageIndex"] = str(index)
    return encode({"sessionResumptionUpdate": body})


def turn_complete(
    profile: ServerProfile, usage: Mapping[str, Any], *, status: str = "", reason: str = ""
) -> bytes:
    """The end of a turn, with the bill in the same frame (E-18)."""
    fields: dict[str, Any] = {"turnComplete": True}
    if profile.grounding:
        fields["groundingMetadata"] = {}
    if reason:
        fields["turnCompleteReason"] = reason
    if status:
        fields["interactionStatus"] = status
    return encode({"serverContent": fields, "usageMetadata": usage})
