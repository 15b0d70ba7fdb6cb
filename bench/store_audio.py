"""Whether writing records delays what callers hear: `python -m bench.store_audio [--calls N]`.

The service runs on one core, the callers and the model's stand-in on another, as in `bench.calls`.
Rounds of four seconds follow one another: in every other one the service writes two long records a
second to its SQLite file, as one of 200 calls does whose calls last 100 s. Both kinds of rounds are
of the same calls on the same connections. For every message of a call's audio is noted

- to the model: how long after the caller's frame that completes it;
- to the caller: how much less the caller has in hand when it comes than at the best moment of the
  same reply, which is how late it is, since the service sends when the lead has run down.

The rounds without writing are shown as two, which differ by chance alone: what the writing adds has
to be seen beside that. The first half second of each round counts for none.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.phone_report import BankReport
from agent.sim.recording import Recording
from agent.sim.scripted import Script, Scripted, Tones
from agent.sim.server_profiles import PROFILES
from bench.calls import REPLY_S, load, subject_process
from bench.calls_latency import in_order
from bench.store_subject import ROUND_S, round_of, writes

SETTLED_S = 0.5
PACED_S = 0.02
"""A reply is sent at its pace once the caller has as much in hand as ever, less this."""
QUIET, AGAIN, WRITING = "nothing written", "nothing written, again", "records written"

type Sample = tuple[float, float]
"""When a message came, and how late it was, in ms."""


def uplink_late(report: BankReport, recording: Recording) -> Iterator[Sample]:
    """Messages to the model, after the caller's frame that completes each."""
    samples = dict.fromkeys(recording.connections, 0)
    calls = dict(zip(recording.connections, in_order(report), strict=True))
    for frame in recording.frames:
        if frame.kind != "audio":
            continue
        samples[frame.connection] += frame.n_samples
        index = round(samples[frame.connection] / 320) - 1  # 20 ms at 16 kHz
        sent_at = calls[frame.connection].sent_at
        if index < len(sent_at):
            yield frame.at_s, 1000 * (frame.at_s - sent_at[index])


def downlink_late(received_at: Sequence[float], leads_s: Sequence[float]) -> Iterator[Sample]:
    """Messages to one caller, once their reply is sent at its pace."""
    starts = [index for index, lead in enumerate(leads_s) if lead == 0.0]
    for start, end in zip(starts, [*starts[1:], len(leads_s)], strict=True):
        best = max(leads_s[start:end])
        paced = False
        for at, lead in zip(received_at[start:end], leads_s[start:end], strict=True):
            paced = paced or lead >= best - PACED_S
            if paced:
                yield at, 1000 * (best - lead)


def by_round(samples: Iterable[Sample]) -> dict[str, list[float]]:
    """How late messages were, by the kind of their round."""
    found: dict[str, list[float]] = {QUIET: [], AGAIN: [], WRITING: []}
    for at, late_ms in samples:
        if at % ROUND_S >= SETTLED_S:
            number = round_of(at)
            quiet = QUIET if number % 4 == 0 else AGAIN
            found[WRITING if writes(number) else quiet].append(late_ms)
    return found


def table_of(title: str, found: dict[str, list[float]]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("", "messages", "median", "p99", "p99.9", "worst"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, late in found.items():
        points = np.percentile(late, [50, 99, 99.9, 100]).tolist() if late else []
        table.add_row(name, str(len(late)), *(f"{point:.2f} ms" for point in points))
    return table


def command(port: int, gemini_url: str) -> list[str]:
    return [sys.executable, "-m", "bench.store_subject", str(port), gemini_url]


async def run(calls: int, seconds: float, folder: Path) -> None:
    os.environ["SEAMLINE_DATA"] = str(folder)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    tones = Tones(reply_s=REPLY_S)
    recording = Recording(most_frames=2_000_000)
    options = EmulatorOptions(profile=replace(PROFILES["dev-3.8"], chunk_ms=(20,)))
    senses = Senses(tones.hear, tones.speak)
    async with (
        Emulator(lambda _: Scripted(Script()), senses, options, recording) as emulator,
        subject_process(lambda port: command(port, emulator.url), core=cores[0]) as (pid, port),
    ):
        url = f"ws://127.0.0.1:{port}/twilio/media/local"
        _, report = await load("seamline", pid, url, calls, seconds)
    down = [
        sample for call in report.calls for sample in downlink_late(call.received_at, call.leads_s)
    ]
    console = Console(width=100)
    console.print(table_of("audio to the model, late", by_round(uplink_late(report, recording))))
    console.print(table_of("audio to the caller, late", by_round(down)))
    with closing(sqlite3.connect(folder / "calls.sqlite3")) as connection:
        [written] = connection.execute("SELECT count(*) FROM calls WHERE turns = 5").fetchone()
    failed = len(report.failures)
    console.print(f"{written} records written beside {calls} calls, of which {failed} failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=80.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options.calls, options.seconds, Path(folder)))


if __name__ == "__main__":
    main()
