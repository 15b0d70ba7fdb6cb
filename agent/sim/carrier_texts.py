"""What the carrier says on a media stream, key for key as recorded; without I/O.

Source: docs/protocols/twilio.md 3.2 and 9 (E8, E14).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np


@dataclass(frozen=True, slots=True)
class CallIds:
    """Who is calling: the carrier's names and the parameters of the TwiML."""

    account_sid: str
    call_sid: str
    stream_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def drawn(cls, rng: np.random.Generator, parameters: Mapping[str, str]) -> "CallIds":
        """Well-formed names at random."""
        account, call, stream = (rng.bytes(16).hex() for _ in range(3))
        return cls(f"AC{account}", f"CA{call}", f"MZ{stream}", dict(parameters))


class CarrierTexts:
    """The texts of one stream, numbered as they are made: make them in the order of sending.

    Args:
        tracks: whose sound it carries, `inbound` the caller's and `outbound` what the caller hears.
            Each counts its chunks; whether the carrier does that is not documented.
    """

    def __init__(self, call: CallIds, tracks: Sequence[str] = ("inbound",)) -> None:
        self._call = call
        self._tracks = tracks
        self._sequence = 0
        self._chunk = self._outbound_chunk = 0
        self._media, self._outbound = (
            b'{"event":"media","sequenceNumber":"%d","media":{"track":"'
            + track
            + b'","chunk":"%d","timestamp":"%d","payload":"%b"},"streamSid":"'
            + call.stream_sid.encode()
            + b'"}'
            for track in (b"inbound", b"outbound")
        )

    def connected(self) -> bytes:
        """The first message: no stream, no number."""
        return _compact(event="connected", protocol="Call", version="1.0.0")

    def start(self) -> bytes:
        """Which call, which format, which parameters."""
        return _compact(
            event="start",
            sequenceNumber=self._number(),
            start={
                "accountSid": self._call.account_sid,
                "streamSid": self._call.stream_sid,
                "callSid": self._call.call_sid,
                "tracks": list(self._tracks),
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": self._call.parameters,
            },
            streamSid=self._call.stream_sid,
        )

    def media(self, timestamp_ms: int, payload: bytes) -> bytes:
        """A frame of the caller; `payload` is base64 already. The one text that must be cheap."""
        self._sequence += 1
        self._chunk += 1
        return self._media % (self._sequence, self._chunk, timestamp_ms, payload)

    def outbound(self, timestamp_ms: int, payload: bytes) -> bytes:
        """A frame of what the caller hears; `payload` is base64 already."""
        self._sequence += 1
        self._outbound_chunk += 1
        return self._outbound % (self._sequence, self._outbound_chunk, timestamp_ms, payload)

    def dtmf(self, digit: str) -> bytes:
        """A key; its track is spelt unlike media's."""
        return _compact(
            event="dtmf",
            streamSid=self._call.stream_sid,
            sequenceNumber=self._number(),
            dtmf={"track": "inbound_track", "digit": digit},
        )

    def mark(self, name: str) -> bytes:
        """The echo of a mark."""
        return _compact(
            event="mark",
            sequenceNumber=self._number(),
            streamSid=self._call.stream_sid,
            mark={"name": name},
        )

    def stop(self) -> bytes:
        """The end."""
        return _compact(
            event="stop",
            sequenceNumber=self._number(),
            streamSid=self._call.stream_sid,
            stop={"accountSid": self._call.account_sid, "callSid": self._call.call_sid},
        )

    def _number(self) -> str:
        self._sequence += 1
        return str(self._sequence)


def _compact(**message: object) -> bytes:
    return msgspec.json.encode(message)
