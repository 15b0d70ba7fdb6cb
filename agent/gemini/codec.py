"""Frames of the Gemini Live wire to structs and back, without I/O.

The service's own JSON has a fast way: one C pass, base64 included. What proto3-JSON also allows
(nulls, the other base64 alphabet, missing padding, enum numbers) goes a second, slower way, so that
tolerance costs nothing when it is not needed. Source: docs/protocols/gemini-live.md 1.3, C-1.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agent.errors import LocalProtocolError, PeerProtocolError
from agent.gemini.client_messages import (
    ClientContentMessage,
    ClientMessage,
    RealtimeInput,
    RealtimeInputMessage,
)
from agent.gemini.content import UPLINK_MIME, Blob, Part
from agent.gemini.server_messages import ServerMessage

# Lax: an int64 comes as a string, or as a number, or as 5.0.
_decoder = msgspec.json.Decoder(ServerMessage, strict=False)
_encoder = msgspec.json.Encoder()

_BYTES_KEYS = frozenset({"data", "thoughtSignature"})
_ENUM_KEYS = frozenset(
    {"turnCompleteReason", "interactionStatus", "modality", "type", "vadSignalType", "trafficType",
     "serviceTier", "outcome", "language", "scheduling"}
)  # fmt: skip
# Values that are the application's own: not ours to tidy.
_OPAQUE_KEYS = frozenset({"args", "response", "groundingMetadata", "urlContextMetadata"})
_KNOWN_KEYS = frozenset(ServerMessage.__struct_encode_fields__)

_PART_FIELDS = Part.__struct_fields__[: Part.__struct_fields__.index("thought")]


def encode_client(message: ClientMessage) -> bytes:
    """The frame of one message, camelCase, defaults left out.

    Raises:
        LocalProtocolError: a oneof of the wire has no field set, or several; or a value of the
            caller's is no JSON.
    """
    if isinstance(message, RealtimeInputMessage):
        live = message.realtime_input
        _check_one("realtimeInput", live, live.__struct_fields__)
    elif isinstance(message, ClientContentMessage):
        for i, turn in enumerate(message.client_content.turns):
            for j, part in enumerate(turn.parts):
                _check_one(f"clientContent.turns[{i}].parts[{j}]", part, _PART_FIELDS)
    try:
        return _encoder.encode(message)
    except (TypeError, ValueError, RecursionError) as error:
        name = type(message).__name__
        raise LocalProtocolError(f"{name} cannot be written as JSON: {error}") from error


def encode_audio(pcm: bytes) -> bytes:
    """The frame of a packet of audio: the hot path, in which nothing can be wrong.

    Args:
        pcm: s16le at 16 kHz.
    """
    return _encoder.encode(RealtimeInputMessage(RealtimeInput(audio=Blob(UPLINK_MIME, pcm))))


def decode_server(frame: bytes | str) -> ServerMessage:
    """The message in one frame, text or binary.

    Unknown keys are skipped; unknown enum values stay as their text.

    Raises:
        PeerProtocolError: not JSON, or a known key holds what it cannot.
    """
    try:
        return _decoder.decode(frame)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _decode_loosely(frame)


def unknown_keys(frame: bytes | str) -> tuple[str, ...]:
    """The top-level keys of a frame that this module does not know, in the frame's order.

    Raises:
        PeerProtocolError: the frame is not a JSON object.
    """
    return tuple(key for key in _tree(frame) if key not in _KNOWN_KEYS)


def _decode_loosely(frame: bytes | str) -> ServerMessage:
    try:
        return msgspec.convert(_tidy(_tree(frame)), ServerMessage, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PeerProtocolError("model", f"malformed frame: {_safe(error)}") from None


def _tree(frame: bytes | str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PeerProtocolError("model", f"malformed frame: {_safe(error)}") from None


def _safe(error: Exception) -> str:
    # msgspec names types, places and bytes; other texts may quote what the frame said.
    return str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__


def _tidy(value: Any, key: str = "") -> Any:
    """Undo the freedoms of proto3-JSON below `value`, which stood under `key`."""
    if key in _OPAQUE_KEYS:
        return value
    if isinstance(value, dict):
        return {k: _tidy(v, k) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_tidy(v, key) for v in value if v is not None]
    if key in _BYTES_KEYS and isinstance(value, str):
        standard = value.rstrip("=").replace("-", "+").replace("_", "/")
        return standard + "=" * (-len(standard) % 4)
    if key in _ENUM_KEYS and isinstance(value, int):
        return str(value)
    return value


def _check_one(path: str, value: msgspec.Struct, names: tuple[str, ...]) -> None:
    chosen = [name for name in names if getattr(value, name) not in (None, ())]
    if len(chosen) != 1:
        raise LocalProtocolError(f"{path}: exactly one field may be set, not {chosen or 'none'}")
