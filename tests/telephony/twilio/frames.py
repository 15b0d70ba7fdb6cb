"""The carrier's frames as docs/protocols/twilio.md 3.2 shows them, for tests."""

import base64
import json
from collections.abc import Mapping

SID = "MZ00000000000000000000000000000b02"
ACCOUNT = "AC00000000000000000000000000000a01"
CALL = "CA00000000000000000000000000000c03"
FRAME = bytes(range(160))


def compact(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def connected() -> bytes:
    return compact({"event": "connected", "protocol": "Call", "version": "1.0.0"})


def start(
    sequence: object = "1",
    *,
    sid: str = SID,
    encoding: str = "audio/x-mulaw",
    rate: object = 8000,
    channels: object = 1,
    parameters: Mapping[str, str] | None = None,
) -> bytes:
    info = {
        "accountSid": ACCOUNT,
        "streamSid": sid,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": encoding, "sampleRate": rate, "channels": channels},
        "customParameters": parameters or {},
    }
    return compact({"event": "start", "sequenceNumber": sequence, "start": info, "streamSid": sid})


def media(
    sequence: object,
    timestamp: object = "163",
    payload: bytes = FRAME,
    *,
    sid: str = SID,
    track: str = "inbound",
) -> bytes:
    chunk = {
        "track": track,
        "chunk": "1",
        "timestamp": timestamp,
        "payload": base64.b64encode(payload).decode(),
    }
    return compact({"event": "media", "sequenceNumber": sequence, "media": chunk, "streamSid": sid})


def dtmf(sequence: object, digit: str = "5", *, sid: str = SID) -> bytes:
    key = {"track": "inbound_track", "digit": digit}
    return compact({"event": "dtmf", "streamSid": sid, "sequenceNumber": sequence, "dtmf": key})


def mark(sequence: object, name: str, *, sid: str = SID) -> bytes:
    said = {"name": name}
    return compact({"event": "mark", "sequenceNumber": sequence, "streamSid": sid, "mark": said})


def stop(sequence: object, *, sid: str = SID) -> bytes:
    info = {"accountSid": ACCOUNT, "callSid": CALL}
    return compact({"event": "stop", "sequenceNumber": sequence, "streamSid": sid, "stop": info})
