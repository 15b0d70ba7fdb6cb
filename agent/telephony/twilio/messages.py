"""Every message of a Twilio media stream, both ways, as typed structs; without I/O.

Decoding a frame, its base64 audio included, is one pass in C. Numbers are strings on this wire
(`"sequenceNumber":"2"`); plain ones are taken as well. Fields we do not know are ignored, since
the carrier adds some without notice.

Source: docs/protocols/twilio.md 3.2 (incoming) and 3.3 (outgoing).
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from agent.errors import PeerProtocolError

# Of our own choosing: a stream would have to run for 285,000 years to reach it.
_Count = Annotated[int, Meta(ge=0, le=2**53)]


class Connected(Struct, frozen=True, tag_field="event", tag="connected"):
    """The socket's first message; it names the protocol, not the call."""

    protocol: str = ""
    version: str = ""


class MediaFormat(Struct, frozen=True, rename="camel"):
    """The audio of a stream, as `start` declares it."""

    encoding: str
    sample_rate: int
    channels: int


class StartInfo(Struct, frozen=True, rename="camel"):
    """Which call this is; `custom_parameters` are the ones our own TwiML asked for."""

    stream_sid: str
    call_sid: str
    account_sid: str
    media_format: MediaFormat
    tracks: tuple[str, ...] = ()
    custom_parameters: dict[str, str] = {}


class Start(Struct, frozen=True, rename="camel", tag_field="event", tag="start"):
    """Once, right after `connected`; media follows."""

    start: StartInfo
    stream_sid: str = ""
    sequence_number: _Count = 0


class MediaChunk(Struct, frozen=True):
    """Audio: `payload` is raw mu-law; `timestamp` is in ms from the start of the stream."""

    timestamp: _Count
    payload: bytes
    track: str = "inbound"
    chunk: _Count = 0


class Media(Struct, frozen=True, rename="camel", tag_field="event", tag="media"):
    """Twenty milliseconds of the caller, silence included."""

    media: MediaChunk
    stream_sid: str = ""
    sequence_number: _Count = 0


class Key(Struct, frozen=True):
    """One key of the telephone; its track is the literal `inbound_track`, unlike media's."""

    digit: Annotated[str, Meta(pattern=r"^[0-9*#A-D]\Z")]
    track: str = ""


class Dtmf(Struct, frozen=True, rename="camel", tag_field="event", tag="dtmf"):
    """The caller pressed a key."""

    dtmf: Key
    stream_sid: str = ""
    sequence_number: _Count = 0


class MarkName(Struct, frozen=True):
    """The name a mark was sent with."""

    name: str


class Mark(Struct, frozen=True, rename="camel", tag_field="event", tag="mark"):
    """A mark of ours came back: what was queued before it has played, or was cleared."""

    mark: MarkName
    stream_sid: str = ""
    sequence_number: _Count = 0


class StopInfo(Struct, frozen=True, rename="camel"):
    """Which call stopped."""

    account_sid: str = ""
    call_sid: str = ""


class Stop(Struct, frozen=True, rename="camel", tag_field="event", tag="stop"):
    """The stream or the call is over."""

    stop: StopInfo = StopInfo()
    stream_sid: str = ""
    sequence_number: _Count = 0


type Incoming = Connected | Start | Media | Dtmf | Mark | Stop


class Payload(Struct, frozen=True):
    """Outgoing audio: raw mu-law, base64 on the wire."""

    payload: bytes


class OutgoingMedia(Struct, frozen=True, rename="camel", tag_field="event", tag="media"):
    """Audio to queue for the caller."""

    stream_sid: str
    media: Payload


class OutgoingMark(Struct, frozen=True, rename="camel", tag_field="event", tag="mark"):
    """A position in the queue, to be echoed when reached."""

    stream_sid: str
    mark: MarkName


class OutgoingClear(Struct, frozen=True, rename="camel", tag_field="event", tag="clear"):
    """Empty the queue."""

    stream_sid: str


class _Envelope(Struct):
    event: str


EVENTS: Final = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})

_incoming: Final[msgspec.json.Decoder[Incoming]] = msgspec.json.Decoder(
    Connected | Start | Media | Dtmf | Mark | Stop, strict=False
)
_envelope: Final = msgspec.json.Decoder(_Envelope)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)

encode: Final = msgspec.json.Encoder().encode


def decode(text: bytes | str) -> Incoming | None:
    """Read one text of the carrier.

    Returns:
        The message, or None for an event this page does not know.

    Raises:
        PeerProtocolError: not JSON, no event, or a known event with a field missing or wrong.
            The text of the error never holds what the message said.
    """
    try:
        return _incoming.decode(text)
    except _UNREADABLE as error:
        try:
            event = _envelope.decode(text).event
        except _UNREADABLE:
            event = ""
        if event and event not in EVENTS:
            return None
        # msgspec names the field; only for an unknown event would it repeat a value.
        what = f"malformed {event or 'frame'} of {len(text)}"
        if event and isinstance(error, msgspec.ValidationError):
            what += f": {error}"
        raise PeerProtocolError("phone", what) from None


def is_binary(frame: bytes | str) -> bool:
    """Whether a frame is no text at all; raw mu-law, for one, is never valid UTF-8 for long."""
    if isinstance(frame, str):
        return False
    try:
        frame.decode()
    except UnicodeDecodeError:
        return True
    return False
