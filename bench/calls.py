"""Whole calls: what the service costs beside a bare relay and a naive bridge, in one run.

    python -m bench.calls [--calls 1 25 50] [--seconds 20] [--chunk-ms 20]

Each subject runs in a process of its own on one core; the callers and the model's stand-in run in
this one, on another. A caller speaks, the model answers for four seconds, and so on, in frames of
20 ms both ways; with `--chunk-ms 190` in chunks such as gemini-3.8-live's. The relay's far end
talks as much, in frames of 20 ms. CPU is what the kernel billed the subject for while all calls
were up.

What is the same: the callers, their speech, the machine, and 20 ms frames from both ends. What is
not: the relay forwards each message as it is, with nothing to decode; the naive bridge sends one
message for each that it gets; the service sends what a tenant's defaults say, fewer and larger
ones (caller audio in packets of 40 ms, the agent's in messages of up to 100 ms), and does all that
a tenant has by default: its own speech detection, pacing, the ledger for a lost connection, the
log. The relay and the naive bridge are plain aiohttp, and websockets under the SDK; the service
reads everyday frames past aiohttp's queue (docs/decisions/0004-a-shortcut-for-frames.md).

Latency is one way, from a message that came in to the one that carries it on:

- up: from the carrier's message that completes a packet to the packet at the model. The packet's
  own length (20 ms for the naive bridge, 40 ms for us) is framing and not counted.
- down: from the model's message that completes the first message of a reply to that message at the
  carrier. How much audio that is follows from what the carrier had queued when the second one came.
- down, first chunk: to the same message, but from the first of the model's. The difference is what
  the service waits for on purpose: it begins a reply with 60 ms in hand (`CallPlan.start_ms`), a
  jitter buffer that the model fills faster than real time. The naive bridge and the relay carry
  every message on by itself, so that both figures are the same thing for them.
"""

import argparse
import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from aiohttp import web
from rich.console import Console
from rich.table import Table

from agent.sim.clips import Clip
from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.phone import PhoneOptions, phone_bank
from agent.sim.phone_report import BankReport
from agent.sim.recording import Recording
from agent.sim.script import Pause, Say, Step
from agent.sim.scripted import Script, Scripted, Tones, marker
from agent.sim.server_profiles import PROFILES
from bench import far_end
from bench.calls_latency import downlink_ms, in_order, uplink_ms

REPLY_S = 4.0
ASK_S = 1.0
ROUND_S = 6.5
RAMP_S = 4.0
WARM_UP_S = 3.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).parent
RELAY, NAIVE, OURS = "bare relay", "naive bridge", "seamline"


@dataclass(slots=True)
class Result:
    """One subject under one number of calls."""

    subject: str
    calls: int
    cpu_percent: float
    megabytes: float
    up_ms: list[float] = field(default_factory=list)
    down_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    holes_ms: float = 0.0
    failures: list[str] = field(default_factory=list)
    phone_late_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Bridge:
    """A subject that joins callers to the model: how it is started, called, and answered."""

    name: str
    command: Callable[[int, str], list[str]]
    path: str
    profile: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def subject_process(
    command: Callable[[int], list[str]], core: int
) -> AsyncIterator[tuple[int, int]]:
    """Run a subject on one core; gives its pid and port once it listens."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *command(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        os.sched_setaffinity(process.pid, {core})
        deadline = time.monotonic() + 30
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                if process.returncode is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command(port)} does not listen") from None
                await asyncio.sleep(0.1)
        yield process.pid, port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def load(
    subject: str, pid: int, url: str, calls: int, seconds: float
) -> tuple[Result, BankReport]:
    """Place the calls, and read the subject's clock while all of them are up."""
    clip = Clip.of(marker(4, ASK_S), "ask")
    rounds = round((RAMP_S + WARM_UP_S + seconds) / ROUND_S) + 1
    script: list[Step] = [Pause(2.0)]
    for _ in range(rounds):
        script += [Say(clip), Pause(ROUND_S - ASK_S)]
    parameters = {"tenant": "bench"}
    async with phone_bank() as bank, asyncio.TaskGroup() as group:
        placed = group.create_task(
            bank.load(
                url,
                lambda _: script,
                calls=calls,
                ramp_s=RAMP_S,
                options=lambda number: PhoneOptions(
                    parameters=parameters, seed=number, keep_audio=False, stamps=True
                ),
            )
        )
        await asyncio.sleep(RAMP_S + WARM_UP_S)
        began, used = time.monotonic(), cpu_seconds(pid)
        await asyncio.sleep(seconds)
        share = (cpu_seconds(pid) - used) / (time.monotonic() - began)
        size = megabytes(pid)
        report = await placed
    result = Result(subject, calls, share * 100, size, failures=report.failures)
    late = [s for call in report.calls for s in call.lateness_s]
    result.phone_late_ms = 1000 * float(np.percentile(late, 99)) if late else 0.0
    return result, report


async def measure_bridge(bridge: Bridge, calls: int, seconds: float, chunk_ms: int) -> Result:
    tones = Tones(reply_s=REPLY_S)
    recording = Recording(most_frames=2_000_000)
    profile = replace(PROFILES[bridge.profile], chunk_ms=(chunk_ms,))
    emulator = Emulator(
        lambda _: Scripted(Script()),
        Senses(tones.hear, tones.speak),
        EmulatorOptions(profile=profile),
        recording,
    )
    async with (
        emulator,
        subject_process(lambda port: bridge.command(port, emulator.url), core=0) as (pid, port),
    ):
        url = f"ws://127.0.0.1:{port}{bridge.path}"
        result, report = await load(bridge.name, pid, url, calls, seconds)
    result.holes_ms = 1000 * sum(sum(call.holes_s) for call in report.calls)
    result.up_ms = uplink_ms(report, recording)
    sent_at = [record.audio_sent_at for record in recording.connections.values()]
    result.down_ms, result.first_ms = downlink_ms(report, sent_at, chunk_ms)
    return result


async def measure_relay(calls: int, seconds: float) -> Result:
    stamps: list[far_end.Stamps] = []
    app = far_end.make_app(REPLY_S, ROUND_S - REPLY_S, stamps)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1.0)
    await site.start()
    far = f"ws://127.0.0.1:{runner.addresses[0][1]}/media"
    try:
        command = lambda port: [sys.executable, "-m", "bench.relay", str(port), far]  # noqa: E731
        async with subject_process(command, core=0) as (pid, port):
            url = f"ws://127.0.0.1:{port}/media"
            result, report = await load(RELAY, pid, url, calls, seconds)
    finally:
        await runner.cleanup()
    for call, far_side in zip(in_order(report), stamps, strict=True):
        pairs = zip(call.sent_at, far_side.received_at, strict=False)
        result.up_ms += [1000 * (received - sent) for sent, received in pairs]
    sent_at = [far_side.sent_at for far_side in stamps]
    result.down_ms, result.first_ms = downlink_ms(report, sent_at, 20)
    return result


def naive_command(port: int, gemini_url: str) -> list[str]:
    return [sys.executable, "-m", "bench.naive", str(port), gemini_url]


def our_command(port: int, gemini_url: str) -> list[str]:
    return [
        *(sys.executable, "-m", "agent", "serve", "--insecure-local", "--port", str(port)),
        *("--gemini-url", gemini_url, "--tenants", str(HERE / "tenants")),
    ]


NAIVE_BRIDGE = Bridge(NAIVE, naive_command, "/media", "vertex-3.8")
OUR_BRIDGE = Bridge(OURS, our_command, "/twilio/media/local", "dev-3.8")


async def run(counts: list[int], seconds: float, chunk_ms: int) -> list[Result]:
    os.sched_setaffinity(0, {1})
    results = []
    for calls in counts:
        results.append(await measure_relay(calls, seconds))
        results.append(await measure_bridge(NAIVE_BRIDGE, calls, seconds, chunk_ms))
        results.append(await measure_bridge(OUR_BRIDGE, calls, seconds, chunk_ms))
    return results


def percentiles(values: list[float]) -> str:
    if not values:
        return ""
    p50, p99 = np.percentile(values, [50, 99])
    return f"{p50:.1f} / {p99:.1f}"


def table(results: list[Result], chunk_ms: int) -> Table:
    shown = Table(title=f"whole calls, one core, the model in {chunk_ms} ms chunks")
    for heading in (
        *("calls", "subject", "CPU per call", "of relay", "of naive", "memory MB"),
        *("up ms p50/p99", "down ms p50/p99", "first chunk ms", "holes ms", "phones late ms p99"),
        "failed",
    ):
        shown.add_column(heading, justify="left" if heading == "subject" else "right")
    for result in results:
        peers = {r.subject: r.cpu_percent for r in results if r.calls == result.calls}
        shown.add_row(
            str(result.calls),
            result.subject,
            f"{result.cpu_percent / result.calls:.2f} %",
            f"{result.cpu_percent / peers[RELAY]:.2f} x",
            f"{result.cpu_percent / peers[NAIVE]:.2f} x",
            f"{result.megabytes:.0f}",
            percentiles(result.up_ms),
            percentiles(result.down_ms),
            percentiles(result.first_ms),
            f"{result.holes_ms:.0f}" if result.subject == OURS else "",
            f"{result.phone_late_ms:.1f}",
            str(len(result.failures)),
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=[1, 25, 50])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--chunk-ms", type=int, default=20)
    options = parser.parse_args()
    results = asyncio.run(run(options.calls, options.seconds, options.chunk_ms))
    Console(width=160).print(table(results, options.chunk_ms))
    for result in results:
        for failure in sorted(set(result.failures)):
            print(f"{result.subject}, {result.calls} calls: {failure}")


if __name__ == "__main__":
    main()
