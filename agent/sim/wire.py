"""Reading what a client sends to the model's service, without I/O.

The service is proto3-JSON: camelCase or snake_case at every level, both base64 alphabets, padded or
not, int64 as number or string, null as absent; a field it does not know ends the connection.
Source: docs/protocols/gemini-live.md 1.3, E-4 to E-6.
"""

from __future__ import annotations

import binascii
import re
import sys
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from agent.errors import PeerProtocolError
from agent.sim.wire_schema import CLIENT_MESSAGE, PART, PART_DATA, REALTIME_INPUT, MapOf, Schema

INVALID_PAYLOAD = 1007
POLICY = 1008
INTERNAL = 1011
INVALID_ARGUMENT = "Request contains an invalid argument."
NOT_IMPLEMENTED = "Operation is not implemented, or supported, or enabled."

_NAMES = 1000  # field names whose other spelling is remembered
_DEEPEST = 100  # messages within messages; what protobuf's own JSON readers allow
_INT = re.compile(r"-?\d{1,19}", re.ASCII)
_WORD = re.compile(r"_([a-z0-9])")
_CAPITAL = re.compile(r"([A-Z])")


class Refused(PeerProtocolError):
    """What a client sent makes the service close the connection.

    Attributes:
        code: the close code.
        reason: the close reason, not yet cut to 123 bytes.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__("client", reason)
        self.code = code
        self.reason = reason


def invalid_argument() -> Refused:
    """The service's answer to most things it does not like."""
    return Refused(INVALID_PAYLOAD, INVALID_ARGUMENT)


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """One client message, canonical: camelCase keys, bytes decoded, integers as int.

    Attributes:
        kind: which of the five messages, in camelCase.
        body: what stands under it; unset fields are absent.
    """

    kind: str
    body: Mapping[str, Any]


class AudioBlob(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The blob of the one frame that comes fifty times a second."""

    data: bytes
    mime_type: str = ""


class _Audio(msgspec.Struct, forbid_unknown_fields=True):
    audio: AudioBlob


class _AudioFrame(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    realtime_input: _Audio


_audio_decoder = msgspec.json.Decoder(_AudioFrame)
_any_decoder = msgspec.json.Decoder(dict[str, Any])


def read_audio(frame: bytes | str) -> AudioBlob | None:
    """The audio in a frame of the common form, or None: then `read_frame` has to look."""
    try:
        return _audio_decoder.decode(frame).realtime_input.audio
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def decode_object(frame: bytes | str) -> dict[str, Any]:
    """The JSON object in a frame, as it stands.

    Raises:
        Refused: it is not JSON, or not an object.
    """
    try:
        return _any_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        reason = "Invalid JSON payload received. Expected an object."
        raise Refused(INVALID_PAYLOAD, reason) from None


def read_frame(message: Mapping[str, Any], unknown: Set[str] = frozenset()) -> ClientFrame:
    """One client message from its JSON object.

    Args:
        message: as `decode_object` gave it.
        unknown: paths in snake_case that this API does not know, such as "setup.proactivity".

    Raises:
        Refused: an unknown field, a value of the wrong type, or not exactly one message.
    """
    body = _Reader(unknown).message(message, CLIENT_MESSAGE, "", 0)
    if len(body) != 1:
        raise invalid_argument()
    [(kind, content)] = body.items()
    if kind == "realtimeInput" and not content:
        raise Refused(POLICY, NOT_IMPLEMENTED)
    return ClientFrame(kind, content)


@lru_cache(_NAMES)
def camel(name: str) -> str:
    """`mime_type` as `mimeType`; a camelCase name stays as it is."""
    return _WORD.sub(lambda match: match[1].upper(), name)


@lru_cache(_NAMES)
def snake(name: str) -> str:
    """`mimeType` as `mime_type`."""
    return _CAPITAL.sub(lambda match: f"_{match[1].lower()}", name)


def decode_base64(text: str) -> bytes:
    """Either alphabet, with or without padding.

    Raises:
        ValueError: it is neither.
    """
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    padded = standard + "=" * (-len(standard) % 4)
    return binascii.a2b_base64(padded.encode("ascii"), strict_mode=True)


class _Reader:
    """Walks a JSON value beside its schema."""

    def __init__(self, unknown: Set[str]) -> None:
        self._unknown = unknown

    def message(
        self, value: Mapping[str, Any], schema: Mapping[str, Schema], path: str, depth: int
    ) -> dict[str, Any]:
        if depth > _DEEPEST:
            raise invalid_argument()
        read: dict[str, Any] = {}
        for key, item in value.items():
            name = key if key in schema else camel(key)
            inner = f"{path}.{snake(name)}" if path else snake(name)
            if name not in schema or inner in self._unknown:
                raise _unknown_name(key, path)
            if item is None:
                continue
            if name in read:
                raise invalid_argument()
            read[name] = self.value(item, schema[name], inner, depth + 1)
        if (schema is PART and len(read.keys() & PART_DATA.keys()) > 1) or (
            schema is REALTIME_INPUT and len(read) > 1
        ):
            raise invalid_argument()
        return read

    def value(self, value: Any, schema: Schema, path: str, depth: int) -> Any:
        if isinstance(schema, str):
            read, kind = _SCALARS[schema]
            result = read(value)
            if result is None:
                shown = value if isinstance(value, bool | int | float) else type(value).__name__
                raise Refused(INVALID_PAYLOAD, f"Invalid value at '{path}' ({kind}), {shown}")
            return result
        if isinstance(schema, list):
            if not isinstance(value, list):
                raise _not_a(path, "repeated field")
            return [
                self.value(item, schema[0], f"{path}[{i}]", depth) for i, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            raise _not_a(path, "message")
        if isinstance(schema, MapOf):
            return {
                key: self.value(item, schema.value, f"{path}.{key}", depth + 1)
                for key, item in value.items()
            }
        return self.message(value, schema, path, depth)


def _unknown_name(key: str, path: str) -> Refused:
    at = f" at '{path}'" if path else ""
    reason = f'Invalid JSON payload received. Unknown name "{key}"{at}: Cannot find field.'
    return Refused(INVALID_PAYLOAD, reason)


def _not_a(path: str, expected: str) -> Refused:
    return Refused(INVALID_PAYLOAD, f"Invalid value at '{path}': expected a {expected}.")


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _integer(value: object, bits: int) -> int | None:
    if isinstance(value, str):
        value = int(value) if _INT.fullmatch(value) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) else None


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None


def _bytes(value: object) -> bytes | None:
    try:
        return decode_base64(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _struct(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


_SCALARS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_string, "TYPE_STRING"),
    "enum": (_string, "TYPE_ENUM"),
    "bool": (_bool, "TYPE_BOOL"),
    "int32": (lambda value: _integer(value, 32), "TYPE_INT32"),
    "int64": (lambda value: _integer(value, 64), "TYPE_INT64"),
    "float": (_float, "TYPE_FLOAT"),
    "bytes": (_bytes, "TYPE_BYTES"),
    "struct": (_struct, "TYPE_MESSAGE"),
    "value": (lambda value: value, "TYPE_VALUE"),
}
