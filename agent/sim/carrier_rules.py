"""What the carrier accepts from a service, as strictly as it documents; without I/O.

Written from the carrier's side and on purpose not shared with `agent.telephony`: a mistake made
there must not be forgiven here.

Source: docs/protocols/twilio.md 1.6, 3.3 and 9 (E13).
"""

from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

OVERFLOW: Final = 31930
"""The service reads too slowly. Not a rule about messages, but a warning of the same kind."""
UNDECODABLE: Final = 31950
INVALID: Final = 31951


@dataclass(frozen=True, slots=True)
class Violation:
    """A message the carrier does not take.

    Attributes:
        code: the carrier's warning, 31950 or 31951.
        detail: what was wrong.
        at_s: seconds since the stream opened.
    """

    code: int
    detail: str
    at_s: float


class Broken(Exception):
    """A message broke a rule."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class _Audio(Struct, forbid_unknown_fields=True):
    payload: bytes


class PlayAudio(Struct, tag_field="event", tag="media", rename="camel", forbid_unknown_fields=True):
    """Queue this audio."""

    stream_sid: str
    media: _Audio


class _Name(Struct, forbid_unknown_fields=True):
    name: str


class PutMark(Struct, tag_field="event", tag="mark", rename="camel", forbid_unknown_fields=True):
    """Echo this name when everything queued before has played."""

    stream_sid: str
    mark: _Name


class EmptyQueue(
    Struct, tag_field="event", tag="clear", rename="camel", forbid_unknown_fields=True
):
    """Drop what is queued and echo every mark."""

    stream_sid: str


type Order = PlayAudio | PutMark | EmptyQueue

_orders: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(PlayAudio | PutMark | EmptyQueue)


def read_order(text: bytes | str, stream_sid: str) -> Order:
    """Read one text frame of the service.

    Raises:
        Broken: not JSON, an unknown event, a field too many or too few, base64 that is not
            strict, empty audio, a sound file's header, a mark without a name, another stream.
    """
    try:
        order = _orders.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Broken(INVALID, f"{type(error).__name__}: {error}") from None
    if order.stream_sid != stream_sid:
        raise Broken(INVALID, f"streamSid {order.stream_sid!r} is not {stream_sid!r}")
    if isinstance(order, PlayAudio):
        if not order.media.payload:
            raise Broken(INVALID, "media without audio")
        if order.media.payload.startswith(b"RIFF"):
            raise Broken(INVALID, "media with a RIFF header")
    elif isinstance(order, PutMark) and not order.mark.name:
        raise Broken(INVALID, "mark without a name")
    return order
