"""Carrier streams on a clock of numbers, for tests."""

import base64
import json
from typing import Any

import numpy as np

from agent.sim.carrier import (
    CarrierOutput,
    CarrierState,
    CarrierStream,
    CloseSocket,
    SendText,
    Stall,
)
from agent.sim.carrier_texts import CallIds
from agent.sim.clips import Clip
from agent.sim.mouth import NO_LOSS, Loss

CALL = CallIds("AC" + "a" * 32, "CA" + "c" * 32, "MZ" + "b" * 32, {"tenant": "t-17"})
T0 = 1000.0
LOUD = b"\x00" * 160
QUIET = b"\xff" * 160


def opened(
    *,
    seed: int = 1,
    start_after_s: float = 0.0,
    loss: Loss = NO_LOSS,
    stalls: tuple[Stall, ...] = (),
    keep_audio: bool = True,
) -> CarrierStream:
    return CarrierStream(
        CALL,
        T0,
        np.random.default_rng(seed),
        start_after_s=start_after_s,
        loss=loss,
        stalls=stalls,
        keep_audio=keep_audio,
    )


def run(
    line: CarrierStream, until_s: float, *, since_s: float = 0.0
) -> list[tuple[float, CarrierOutput]]:
    """Let the line work until `T0 + until_s`; returns what it sent and when, from T0."""
    sent: list[tuple[float, CarrierOutput]] = []
    now = T0 + since_s
    while True:
        sent += [(round(now - T0, 6), output) for output in line.outputs(now)]
        due = line.next_timer()
        if due is None or due > T0 + until_s:
            return sent
        assert due > now or line.state is CarrierState.OPENING, "a timer that fires must move"
        now = due
        line.handle_timer(now)


def started(*, keep_audio: bool = True) -> CarrierStream:
    line = opened(keep_audio=keep_audio)
    run(line, 0.0)
    return line


def messages(sent: list[tuple[float, CarrierOutput]]) -> list[dict[str, Any]]:
    return [json.loads(output.text) for _, output in sent if isinstance(output, SendText)]


def events(sent: list[tuple[float, CarrierOutput]]) -> list[str]:
    return [
        "close" if isinstance(output, CloseSocket) else json.loads(output.text)["event"]
        for _, output in sent
    ]


def media(audio: bytes, sid: str = CALL.stream_sid) -> str:
    payload = base64.b64encode(audio).decode()
    return json.dumps({"event": "media", "streamSid": sid, "media": {"payload": payload}})


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": CALL.stream_sid, "mark": {"name": name}})


def clear() -> str:
    return json.dumps({"event": "clear", "streamSid": CALL.stream_sid})


def tone(seconds: float, label: str = "tone") -> Clip:
    t = np.arange(round(seconds * 8000)) / 8000
    return Clip.of((12000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16), label)
