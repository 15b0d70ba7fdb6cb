"""What one frame costs in the call core: `python -m bench.core`.

A whole call in memory: the carrier's texts go in, the model's frames go in, and everything that
must go out is produced, with the real leg and the real session; only the sockets are missing. After
each input the effects are drained and the next deadline is asked for, as the shell does.
"""

import base64
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agent.audio import mulaw
from agent.call.core import Call, CallPlan
from agent.call.effects import ToModel, ToPhone
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.setup import SetupOptions, build_setup
from agent.telephony.twilio.stream import MediaStream

MODEL = "gemini-3.8-live"
CHUNK_MS = 190
SECONDS = 40


def speech_like(
    seconds: float, rate_hz: int, seed: int
) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """A voiced sound in syllables, with pauses: what the speech detector has to work on."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    rng = np.random.default_rng(seed)
    voice = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, None) * (
        np.sin(2 * np.pi * 0.31 * t) > -0.3
    )
    noise = rng.normal(0, 20, t.size)
    return np.asarray(voice * syllables * 4000 + noise).astype(np.int16)


def phone_frames() -> list[bytes]:
    """The carrier's media texts of a caller who talks and pauses."""
    coded = mulaw.encode(speech_like(SECONDS, 8000, 1))
    frames = []
    for n in range(len(coded) // 160):
        payload = base64.b64encode(coded[160 * n : 160 * n + 160]).decode()
        media = {
            "track": "inbound",
            "chunk": str(n + 1),
            "timestamp": str(20 * n + 155),
            "payload": payload,
        }
        text = {
            "event": "media",
            "sequenceNumber": str(n + 2),
            "media": media,
            "streamSid": "MZ1",
        }
        frames.append(json.dumps(text, separators=(",", ":")).encode())
    return frames


def model_chunks() -> list[bytes]:
    """The model's frames: speech in chunks of 190 ms, each with a piece of transcript."""
    pcm = speech_like(SECONDS, 24000, 2).astype("<i2")
    size = 24 * CHUNK_MS
    frames = []
    for n in range(pcm.size // size):
        data = base64.b64encode(pcm[n * size : (n + 1) * size].tobytes()).decode()
        blob = {"mimeType": "audio/pcm;rate=24000", "data": data}
        content = {
            "modelTurn": {"parts": [{"inlineData": blob}]},
            "outputTranscription": {"text": " word"},
        }
        frames.append(json.dumps({"serverContent": content}, separators=(",", ":")).encode())
    return frames


def plain(plan: CallPlan) -> Call:
    """A call that has not begun."""
    setup = build_setup(SetupOptions(model=MODEL))
    return Call(plan, MediaStream(), LiveSession(setup, profile_for(MODEL, "developer")), 0.0)


def opened(plan: CallPlan, made: Callable[[CallPlan], Call] = plain) -> Call:
    """A call whose model is ready."""
    call = made(plan)
    start = {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {},
        },
    }
    call.phone_received(json.dumps(start), 0.0)
    call.effects(0.0)
    call.model_connected(1, 0.0)
    call.effects(0.0)
    call.model_received(1, b'{"setupComplete":{}}', 0.0)
    call.effects(0.0)
    return call


@dataclass
class Cost:
    """Microseconds of input after input, and how many messages came of them."""

    per_input: list[float]
    messages: int

    def row(self, name: str, per_second: float) -> str:
        """One line of the table."""
        mean = statistics.fmean(self.per_input)
        ranked = sorted(self.per_input)
        median, p99 = ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100]
        share = mean * per_second / 1e4
        return f"{name:42} {mean:8.1f} {median:8.1f} {p99:8.1f} {self.messages:9d} {share:8.3f} %"


def uplink(plan: CallPlan, frames: list[bytes]) -> Cost:
    """Caller audio into the call, messages to the model out of it."""
    call, spent, messages = opened(plan), [], 0
    clock = time.perf_counter
    for n, frame in enumerate(frames):
        now = 0.02 * n
        began = clock()
        call.phone_received(frame, now)
        effects = call.effects(now)
        call.next_timer()
        spent.append((clock() - began) * 1e6)
        messages += sum(isinstance(effect, ToModel) for effect in effects)
    return Cost(spent, messages)


def downlink(plan: CallPlan, chunks: list[bytes], frames: list[bytes]) -> Cost:
    """Model audio into the call, paced messages to the carrier out of it.

    Replies of five seconds come at three times real time. The timers that send what could not go
    out at once are part of a chunk's cost; the caller's frames that keep the call alive are not.
    """
    call, total, messages = opened(plan), 0.0, 0
    clock = time.perf_counter
    spent: list[float] = []
    arrivals = [n // 26 * 5.0 + n % 26 * CHUNK_MS / 3000 for n in range(len(chunks))]
    for n, frame in enumerate(frames):
        now = 0.02 * n
        while (due := call.next_timer()) is not None and due <= now:
            began = clock()
            call.handle_timer(due)
            effects = call.effects(due)
            call.next_timer()
            total += clock() - began
            messages += sum(isinstance(effect, ToPhone) for effect in effects)
        while len(spent) < len(chunks) and arrivals[len(spent)] <= now:
            chunk = chunks[len(spent)]
            began = clock()
            call.model_received(1, chunk, now)
            effects = call.effects(now)
            call.next_timer()
            spent.append((clock() - began) * 1e6)
            messages += sum(isinstance(effect, ToPhone) for effect in effects)
        call.phone_received(frame, now)
        call.effects(now)
    share = total * 1e6 / len(spent)
    return Cost([cost + share for cost in spent], messages)


def main() -> None:
    """Measure and print."""
    frames, chunks = phone_frames(), model_chunks()
    print(
        f"{'us per input, effects and deadline included':42} {'mean':>8} {'median':>8} {'p99':>8}"
        f" {'messages':>9} {'of a core':>10}"
    )
    for uplink_ms in (20, 40, 100):
        cost = min(
            (uplink(CallPlan("bench", uplink_ms=uplink_ms), frames) for _ in range(3)),
            key=lambda c: statistics.fmean(c.per_input),
        )
        print(cost.row(f"caller's frame, 20 ms; packets of {uplink_ms} ms", 50))
    for message_ms in (20, 60, 100):
        cost = min(
            (downlink(CallPlan("bench", message_ms=message_ms), chunks, frames) for _ in range(3)),
            key=lambda c: statistics.fmean(c.per_input),
        )
        print(cost.row(f"model's chunk, 190 ms; messages of {message_ms} ms", 1000 / CHUNK_MS))


if __name__ == "__main__":
    main()
