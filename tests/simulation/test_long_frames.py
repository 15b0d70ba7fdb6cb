"""The carrier's stand-in with longer frames than a carrier's: the same line, fewer messages."""

from __future__ import annotations

from base64 import b64decode

import msgspec
import numpy as np

from agent.audio import mulaw
from agent.sim.carrier import CarrierStream, SendText
from agent.sim.carrier_texts import CallIds
from agent.sim.simulation.numbered import Run, clip, mulaw_runs

FRAME_MS = 200


def media(carrier: CarrierStream, until: float) -> list[tuple[int, bytes]]:
    """The caller's frames: timestamp and mu-law."""
    carrier.handle_timer(until)
    texts = [o.text for o in carrier.outputs(until) if isinstance(o, SendText)]
    found = [
        message["media"] for text in texts if "media" in (message := msgspec.json.decode(text))
    ]
    return [(int(m["timestamp"]), b64decode(m["payload"])) for m in found]


def opened() -> CarrierStream:
    rng = np.random.default_rng(1)
    return CarrierStream(CallIds.drawn(rng, {}), 10.0, rng, frame_ms=FRAME_MS)


def test_a_frame_comes_every_200_ms_and_is_as_long() -> None:
    frames = media(opened(), 11.01)
    assert [len(audio) for _, audio in frames] == [1600] * 5
    steps = np.diff([at for at, _ in frames])
    assert all(abs(step - FRAME_MS) <= 6 for step in steps)
    assert set(frames[0][1]) == {mulaw.SILENCE}


def test_what_is_said_begins_with_the_next_frame() -> None:
    carrier = opened()
    carrier.handle_timer(10.45)
    carrier.outputs(10.45)
    assert carrier.say(clip(1, 400, FRAME_MS)) == 2 * 1600
    spoken = b"".join(audio for _, audio in media(carrier, 10.85))
    assert list(mulaw_runs(spoken)) == [Run(0, 1, 400)]


def test_pieces_tell_what_was_heard_and_where() -> None:
    carrier = opened()
    carrier.handle_timer(10.3)
    carrier.line.play(b"\x10" * 800, 2400)
    carrier.line.cut(2800)
    assert carrier.line.pieces == [(2400, b"\x10" * 400)]
