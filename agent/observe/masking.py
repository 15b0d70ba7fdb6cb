"""What is taken out of a call's texts before they become a test; docs/replay.md lists it.

What stays is named here; all else is masked, also what nobody has thought of yet. Words keep their
length and their punctuation, because a call goes by them: letters become x, digits 0. Names that
only tell things apart, of functions' calls, handles and streams, become numbers, the same for the
same. Sound becomes murmur (`masked_sound`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from typing import assert_never

import msgspec
import numpy as np

from agent.audio.pcm import to_bytes
from agent.errors import PeerProtocolError
from agent.observe.masked_sound import Murmur
from agent.telephony.twilio.messages import (
    Connected,
    Dtmf,
    Key,
    Mark,
    MarkName,
    Media,
    Start,
    Stop,
    StopInfo,
    decode,
    encode,
)

BROKEN = b"{"
"""Stands for what could not be read: it cannot be read either."""
UNKNOWN = b'{"event":"unknown"}'

_KEY = re.compile(r"[A-Za-z_][A-Za-z_]{0,47}")
_MARK = re.compile(r"e\d+:t\d+:\d+")
_DURATION = re.compile(r"\d+(\.\d+)?s")
_CONSTANT = re.compile(r"[A-Z][A-Z_]{1,79}")
_MIME = re.compile(r"(audio|image)/[a-z]+(;rate=\d+)?")
_WORD = re.compile(r"[A-Za-z]+[.,:;]?")

_CONSTANTS = frozenset(
    {
        "type", "vadSignalType", "turnCompleteReason", "interactionStatus", "modality",
        "serviceTier", "trafficType", "scheduling", "behavior",
    }
)  # fmt: skip
_IDS = frozenset({"id", "ids", "newHandle", "handle", "sessionId"})
_DURATIONS = frozenset({"timeLeft", "startOffset", "endOffset", "audioOffset"})
_PERSONAL = frozenset({"args", "response", "groundingMetadata", "urlContextMetadata"})


def masked_text(text: str) -> str:
    """The same length and punctuation, and no word of it."""
    return "".join(
        "0" if c.isdigit() else "x" if c.isalpha() else c if c.isascii() else "x" for c in text
    )


def masked_reason(reason: str) -> str:
    """Why a connection was lost: plain words stay, for they say what to do; names do not."""
    words = reason[:200].split(" ")
    return " ".join(word if _WORD.fullmatch(word) else masked_text(word) for word in words)


def masked_value(value: object) -> object:
    """Arguments and answers of functions: which there are, not what they say."""
    match value:
        case str():
            return masked_text(value)
        case dict():
            pairs = enumerate(value.items())
            return {_key(key, n): masked_value(each) for n, (key, each) in pairs}
        case list():
            return [masked_value(each) for each in value]
        case bool() | None:
            return value
        case _:
            return 0


def _key(key: str, n: int) -> str:
    return key if _KEY.fullmatch(key) else f"key_{n}"


class Masker:
    """Masks the texts of one call.

    Args:
        functions: names that stay.
        menu: keys of the telephone that do something by themselves.
    """

    def __init__(self, functions: Collection[str], menu: Collection[str]) -> None:
        self._functions = functions
        self._digit = next((digit for digit in "5678901234" if digit not in menu), "5")
        self._names: dict[str, int] = {}
        self._caller = Murmur(8000, 1)
        self._agent = Murmur(24000, 2)

    def name(self, name: str) -> str:
        """A name that tells two things apart, and nothing else.

        What is run again has the name it had, with a plus for each time; so has what stands for it.
        """
        first = name.rstrip("+")
        if not first:
            return name
        number = self._names.setdefault(first, len(self._names) + 1)
        return f"id-{number}{name[len(first) :]}"

    # The phone

    def phone(self, text: bytes) -> bytes:
        """A text of the phone's socket."""
        try:
            message = decode(text)
        except PeerProtocolError:
            return BROKEN
        match message:
            case None:
                return UNKNOWN
            case Connected():
                return encode(Connected("Call", "1.0.0"))
            case Start():
                return encode(self._start(message))
            case Media(media):
                sound = self._caller.like_mulaw(media.payload)
                track = media.track if media.track == "inbound" else "other"
                media = msgspec.structs.replace(media, payload=sound, track=track)
                return encode(self._numbered(message, media=media))
            case Dtmf(key):
                digit = key.digit if key.digit in "*#" else self._digit
                return encode(self._numbered(message, dtmf=Key(digit, "inbound_track")))
            case Mark(mark):
                known = mark.name if _MARK.fullmatch(mark.name) else self.name(mark.name)
                return encode(self._numbered(message, mark=MarkName(known)))
            case Stop():
                return encode(self._numbered(message, stop=StopInfo()))
            case _:
                assert_never(message)

    def _start(self, message: Start) -> Start:
        start = msgspec.structs.replace(
            message.start,
            stream_sid=self.name(message.start.stream_sid),
            call_sid=self.name(message.start.call_sid),
            account_sid="",
            custom_parameters={},
            tracks=(),
        )
        return self._numbered(message, start=start)

    def _numbered[M: Start | Media | Dtmf | Mark | Stop](self, message: M, **fields: object) -> M:
        sid = self.name(message.stream_sid)
        return msgspec.structs.replace(message, stream_sid=sid, **fields)

    # The model

    def model(self, frame: bytes) -> bytes:
        """A frame of the model's service."""
        try:
            message = msgspec.json.decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return BROKEN
        return msgspec.json.encode(self._value("", message))

    def _value(self, key: str, value: object) -> object:
        if key in _PERSONAL:
            return masked_value(value)
        match value:
            case dict():
                pairs = enumerate(value.items())
                return {_key(name, n): self._value(name, each) for n, (name, each) in pairs}
            case list():
                return [self._value(key, each) for each in value]
            case str():
                return self._string(key, value)
            case _:
                return value

    def _string(self, key: str, value: str) -> str:
        if key == "data":
            return self._sound(value)
        if key in _IDS:
            return self.name(value)
        stays = (
            (key == "name" and value in self._functions)
            or (key in _CONSTANTS and _CONSTANT.fullmatch(value))
            or (key in _DURATIONS and _DURATION.fullmatch(value))
            or (key == "mimeType" and _MIME.fullmatch(value))
            or (key == "role" and value in {"model", "user"})
        )
        return value if stays else masked_text(value)

    def _sound(self, data: str) -> str:
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return masked_text(data)
        pcm = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.int16)
        return base64.b64encode(to_bytes(self._agent.like(pcm))).decode()
