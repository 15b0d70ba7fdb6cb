"""What it costs to keep a call: `python -m bench.recording [--minutes N]`.

First a call of thirty minutes is recorded, both sides talking as people do, written as the service
writes it, read again and drawn. Then the same talk goes through the call's core with and without a
tape of its wires; what the tape adds to the loop's work, and what packing, locking and writing cost
the thread beside it, is given for each second of the call. Last, the call is run again from it.
"""

import argparse
import asyncio
import gc
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agent.audio import mulaw
from agent.call.core import Call
from agent.call.policy import CallPlan
from agent.call.recording import Recording
from agent.call.tape import Began, Fact
from agent.call.taped import TapedCall
from agent.call.timeline import Entry
from agent.cli.calls_plot import read_recording
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_state import DEFAULT_MOVES
from agent.gemini.setup import SetupOptions, build_setup
from agent.observe.picture import timeline_drawing
from agent.observe.replay import replay
from agent.observe.shapes import png_of, svg_of
from agent.observe.wire_key import read_keys
from agent.observe.wires import ChunkWriter, read_tape
from agent.service.recording_file import PIECES_LIMIT, recorded
from agent.telephony.twilio.stream import MediaStream
from bench.core import CHUNK_MS, MODEL, SECONDS, model_chunks, opened, phone_frames, speech_like

PROMISE_S = 5.0
"""For the recording and the picture of thirty minutes."""
PLAN = CallPlan("bench", record=True, keeps=True)
TIMES = 5


class Tape:
    """Takes facts and does nothing with them."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def note(self, fact: Fact, size: int) -> None:
        self.facts.append(fact)

    def allow(self) -> None:
        pass


def talk(seconds: int) -> tuple[bytes, bytes]:
    """Both sides' mu-law of a call of that length."""
    sides = (mulaw.encode(speech_like(60, 8000, seed)) for seed in (1, 2))
    caller, agent = ((side * (seconds // 60 + 1))[: seconds * 8000] for side in sides)
    return caller, agent


async def record(path: Path, seconds: int, caller: bytes, agent: bytes) -> None:
    """Record as a call does: frames of 20 ms and messages of 100 ms in, a piece a second out."""
    recording = Recording(0.0)
    async with recorded(path) as file:
        assert file is not None
        for n in range(seconds * 50):
            now = 0.02 * (n + 1)
            recording.caller(caller[160 * n : 160 * n + 160], now)
            if n % 5 == 0:
                recording.agent(agent[160 * n : 160 * n + 800], now)
            if now >= recording.due:
                file.put(recording.take(now))
                while len(file._pieces) > PIECES_LIMIT // 2:  # noqa: ASYNC110 (a thread takes them)
                    await asyncio.sleep(0.001)
        file.put(recording.rest(seconds))
    assert file.dropped == 0


def timeline(seconds: int) -> list[Entry]:
    """A turn of each side every eight seconds, and now and then a function."""
    entries: list[Entry] = []
    for n, t in enumerate(range(0, seconds - 8, 8)):
        part = {"id": f"e0:t{n}:1", "turn": n}
        entries += [
            Entry(t, "caller.speech_started", {}),
            Entry(t + 3.0, "caller.speech_ended", {}),
            Entry(t + 3.6, "agent.audio_started", part),
            Entry(t + 7.5, "agent.audio_ended", {**part, "cut": False}),
        ]
        if n % 5 == 0:
            entries.append(Entry(t + 3.1, "tool.requested", {"id": str(n), "tool": "look_up"}))
            entries.append(Entry(t + 3.5, "tool.finished", {"id": str(n), "failed": False}))
    return entries


def recording_table(minutes: int, folder: Path) -> None:
    seconds, path = 60 * minutes, folder / "call.wav"
    caller, agent = talk(seconds)
    times = [time.perf_counter()]
    asyncio.run(record(path, seconds, caller, agent))
    times.append(time.perf_counter())
    sides = read_recording(path)
    drawing = timeline_drawing(timeline(seconds), *sides, title="bench")
    svg = svg_of(drawing)
    times.append(time.perf_counter())
    png = png_of(drawing)
    times.append(time.perf_counter())
    made, drawn, painted = (b - a for a, b in itertools.pairwise(times))
    total = times[-1] - times[0]
    print(f"a call of {minutes} minutes ({path.stat().st_size / 1e6:.0f} MB)")
    print(f"{'  recorded: all work of the call for it':58} {made:8.2f} s")
    print(f"{f'  read and drawn as SVG ({len(svg) / 1e3:.0f} kB)':58} {drawn:8.2f} s")
    print(f"{f'  painted as PNG ({len(png) / 1e3:.0f} kB)':58} {painted:8.2f} s")
    kept = "kept" if total < PROMISE_S else "BROKEN"
    print(f"{f'  together; promised {PROMISE_S:.0f} s':58} {total:8.2f} s  {kept}")


def taped(tape: Tape) -> Callable[[CallPlan], Call]:
    """Makes calls that keep this tape."""
    setup, profile = build_setup(SetupOptions(model=MODEL)), profile_for(MODEL, "developer")

    def made(plan: CallPlan) -> Call:
        began = Began(0.0, "", "bench", "CA1", 1, plan, setup, profile, DEFAULT_MOVES)
        return TapedCall(plan, MediaStream(), LiveSession(setup, profile), began, tape)

    return made


def live(call: Call, frames: list[bytes], chunks: list[bytes]) -> float:
    """The whole talk; returns its seconds of work."""
    arrivals = [n // 26 * 5.0 + n % 26 * CHUNK_MS / 3000 for n in range(len(chunks))]
    sent = 0
    began = time.perf_counter()
    for n, frame in enumerate(frames):
        now = 0.02 * n
        while (due := call.next_timer()) is not None and due <= now:
            call.handle_timer(due)
            call.effects(due)
        while sent < len(chunks) and arrivals[sent] <= now:
            if call.model_received(1, chunks[sent], now):
                call.effects(now)
            sent += 1
        if call.phone_received(frame, now):
            call.effects(now)
    return time.perf_counter() - began


def wire_table(folder: Path) -> None:
    frames, chunks = phone_frames(), model_chunks()
    without, with_tape, tape = [], [], Tape()
    for _ in range(TIMES):
        gc.collect()
        without.append(live(opened(PLAN), frames, chunks))
        tape = Tape()
        gc.collect()
        with_tape.append(live(opened(PLAN, taped(tape)), frames, chunks))
    plain_s, taped_s = min(without), min(with_tape)
    path = folder / "call.wire"
    beside_s = written(path, tape.facts)
    again = replay(read_tape(path, read_keys("00" * 32)))
    assert again.difference is None
    began = time.perf_counter()
    replay(read_tape(path, read_keys("00" * 32)))
    replay_s = time.perf_counter() - began
    size = path.stat().st_size
    print("\nthe wires of a call, for each second of it")
    print(f"{'  the call itself':58} {plain_s / SECONDS * 1e3:8.3f} ms")
    print(f"{'  keeping its tape, on the loop':58} {(taped_s - plain_s) / SECONDS * 1e3:8.3f} ms")
    print(f"{'  packing, locking, writing, in a thread':58} {beside_s / SECONDS * 1e3:8.3f} ms")
    print(f"{'  on disk':58} {size / SECONDS / 1e3:8.1f} kB")
    print(f"{'  run again: times as fast as it was lived':58} {SECONDS / replay_s:8.0f}")


def written(path: Path, facts: list[Fact]) -> float:
    """Write a tape in chunks of a second; returns the seconds of work."""
    took = []
    for _ in range(TIMES):
        writer = ChunkWriter(read_keys("00" * 32)[0], os.urandom(16))
        per_chunk = len(facts) // SECONDS + 1
        began = time.perf_counter()
        with path.open("wb") as file:
            file.write(writer.header)
            for n in range(0, len(facts), per_chunk):
                last = n + per_chunk >= len(facts)
                file.write(writer.chunk(facts[n : n + per_chunk], last=last))
                file.flush()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main(minutes: int = 30) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        recording_table(minutes, Path(folder))
        wire_table(Path(folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    main(parser.parse_args().minutes)
