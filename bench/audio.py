"""The audio core's figures beside those of the usual resamplers, measured in one run.

Run as `python -m bench.audio`; `--fast` leaves the speech scores out. Needs the development
dependencies soxr, samplerate, scipy, pesq, pystoi and, for espeak-ng's speech, the extra `sim`.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from time import perf_counter

import numpy as np
import samplerate
import soxr
from rich.console import Console
from rich.table import Table
from scipy import signal

from agent.audio import mulaw
from agent.audio.figures import Converter, measure_converter
from agent.audio.noise import ComfortNoise
from agent.audio.pcm import Pcm16
from agent.audio.resample import DEFAULT_PHASE, Phase, Resampler, prototype
from agent.audio.speech import SpeechDetector
from agent.audio.tones import DtmfDetector
from bench import speech_edges, speech_scores

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import audioop

PATHS = ((8000, 16000), (24000, 8000))
OURS_LINEAR, OURS_MINIMUM = "seamline linear phase", "seamline minimum phase"
PHASES: dict[str, Phase] = {OURS_LINEAR: "linear", OURS_MINIMUM: "minimum"}
OURS = next(name for name, phase in PHASES.items() if phase == DEFAULT_PHASE)

CALLS, ROUNDS = 100, 60

type Make = Callable[[int, int], Converter]


def ours(phase: Phase) -> Make:
    return lambda rate_in, rate_out: Resampler(rate_in, rate_out, phase).process


def soxr_stream(quality: str) -> Make:
    def make(rate_in: int, rate_out: int) -> Converter:
        stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality=quality)
        return lambda pcm: stream.resample_chunk(pcm)

    return make


def secret_rabbit(kind: str) -> Make:
    def make(rate_in: int, rate_out: int) -> Converter:
        stream = samplerate.Resampler(kind, channels=1)
        ratio = rate_out / rate_in

        def convert(pcm: Pcm16) -> Pcm16:
            out = stream.process(pcm.astype(np.float32), ratio)
            return speech_scores.clipped(out)

        return convert

    return make


def ratecv(rate_in: int, rate_out: int) -> Converter:
    state = None

    def convert(pcm: Pcm16) -> Pcm16:
        nonlocal state
        out, state = audioop.ratecv(pcm.tobytes(), 2, 1, rate_in, rate_out, state)
        return np.frombuffer(out, np.int16)

    return convert


def upfirdn(rate_in: int, rate_out: int) -> Converter:
    """The same linear-phase filter, run by scipy; chunks of whole periods only."""
    common = np.gcd(rate_in, rate_out)
    up, down = int(rate_out // common), int(rate_in // common)
    taps = prototype(max(up, down), "linear") * up
    keep = -(-(taps.size - 1) // up // down) * down
    history = np.zeros(keep)

    def convert(pcm: Pcm16) -> Pcm16:
        nonlocal history
        x = np.concatenate([history, pcm])
        history = x[-keep:]
        start = keep * up // down
        out = signal.upfirdn(taps, x, up, down)[start : start + pcm.size * up // down]
        return speech_scores.clipped(out)

    return convert


RESAMPLERS: dict[str, Make] = {
    OURS_LINEAR: ours("linear"),
    OURS_MINIMUM: ours("minimum"),
    "soxr VHQ": soxr_stream("VHQ"),
    "soxr HQ": soxr_stream("HQ"),
    "soxr QQ": soxr_stream("QQ"),
    "samplerate sinc_best": secret_rabbit("sinc_best"),
    "samplerate sinc_medium": secret_rabbit("sinc_medium"),
    "samplerate sinc_fastest": secret_rabbit("sinc_fastest"),
    "audioop.ratecv": ratecv,
    "scipy upfirdn, state kept": upfirdn,
}


def noise(n: int) -> Pcm16:
    return speech_scores.clipped(np.random.default_rng(1).standard_normal(n) * 3000)


def costs_us(steps: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Of one call of each, at the quietest of many short moments, taken in turns."""
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(ROUNDS):
        for name, step in steps.items():
            begin = perf_counter()
            for _ in range(CALLS):
                step()
            best[name] = min(best[name], (perf_counter() - begin) / CALLS * 1e6)
    return best


def frame_costs_us(rate_in: int, rate_out: int) -> dict[str, float]:
    """Of one frame by each resampler."""
    frame = noise(rate_in // 50)
    return costs_us(
        {name: partial(make(rate_in, rate_out), frame) for name, make in RESAMPLERS.items()}
    )


def text(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:.{places}f}"  # no minus before a zero


def print_filters(console: Console) -> None:
    table = Table(title="Resamplers, streaming, 20 ms frames")
    table.add_column("path, kHz")
    table.add_column("resampler")
    for head in (
        "rejection dB", "ripple dB", "group ms", "held mean ms", "held worst ms", "delay ms",
        "us/frame", "x ours",
    ):  # fmt: skip
        table.add_column(head, justify="right")
    for rate_in, rate_out in PATHS:
        us = frame_costs_us(rate_in, rate_out)
        for name, make in RESAMPLERS.items():
            f = measure_converter(partial(make, rate_in, rate_out), rate_in, rate_out)
            table.add_row(
                f"{rate_in // 1000} to {rate_out // 1000}", name,
                text(f.rejection_db, 1), text(f.ripple_db, 3), text(f.group_delay_ms, 2),
                text(f.held_mean_ms, 2), text(f.held_worst_ms, 2), text(f.delay_ms, 2),
                text(us[name], 1), text(us[name] / us[OURS], 1),
            )  # fmt: skip
    console.print(table)


def print_costs(console: Console) -> None:
    up, down, speech = Resampler(8000, 16000), Resampler(24000, 8000), SpeechDetector()
    digits, comfort = DtmfDetector(), ComfortNoise(1)
    code, chunk, frame = mulaw.encode(noise(160)), noise(480), noise(160)
    steps: dict[str, Callable[[], object]] = {
        "up: mu-law decode, 8 to 16 kHz": lambda: up.process(mulaw.decode(code)),
        "down: 24 to 8 kHz, mu-law encode": lambda: mulaw.encode(down.process(chunk)),
        "mu-law decode alone": lambda: mulaw.decode(code),
        "mu-law encode alone": lambda: mulaw.encode(frame),
        "speech detection": lambda: speech.process(frame),
        "DTMF detection, where wanted": lambda: digits.process(frame),
        "comfort noise, where wanted": lambda: comfort.take(160),
    }
    table = Table(title="Cost of one 20 ms frame")
    table.add_column("step")
    table.add_column("us", justify="right")
    for name, us in costs_us(steps).items():
        table.add_row(name, text(us, 1))
    console.print(table)


def print_speech(console: Console) -> None:
    table = Table(title="Speech through the whole path: score, and loss against the ideal trip")
    table.add_column("path")
    table.add_column("speech")
    for name in PHASES:
        for score in ("PESQ", "loss", "STOI", "loss"):
            table.add_column(f"{name.split()[1]} {score}", justify="right")
    speeches = speech_scores.recorded_speech(24000) | speech_scores.spoken_speech(24000)
    ways = (("down", speech_scores.down_path, PATHS[1]), ("up", speech_scores.up_path, PATHS[0]))
    for way, trip, rates in ways:
        sums = []
        for speech, pcm in speeches.items():
            cells: list[float] = []
            for phase in PHASES.values():
                delay_ms = Resampler(*rates, phase).delay_s * 1e3
                make = partial(ours(phase), *rates)
                best, got = trip(pcm, make, delay_ms)
                cells += [got.pesq, best.pesq - got.pesq, got.stoi, best.stoi - got.stoi]
            sums.append(cells)
            table.add_row(way, speech, *(text(cell, 4) for cell in cells))
        means = np.mean(sums, axis=0)
        table.add_row(way, "mean", *(text(cell, 4) for cell in means), end_section=True)
    console.print(table)


def print_edges(console: Console) -> None:
    table = Table(
        title="Speech detection, espeak-ng through G.711; ms, 10 / 50 / 90 % of utterances"
    )
    for head in ("level dBFS", "noise", "SNR dB", "missed", "false", "split"):
        table.add_column(head, justify="right")
    table.add_column("beginning told after", justify="right")
    table.add_column("end stated off by", justify="right")
    speeches = speech_edges.utterances()
    lines: list[tuple[str | None, float]] = [(None, np.inf)]
    lines += product(speech_edges.NOISES, (30.0, 20.0, 15.0, 10.0))
    for level, (kind, snr) in product((-20.0, -30.0), lines):
        e = speech_edges.evaluate(speeches, level, kind, snr)
        told, ended = (
            " / ".join(f"{x:.0f}" for x in np.percentile(times, [10, 50, 90]))
            for times in (e.decided, e.ended)
        )
        counts = (f"{n} of {len(speeches)}" for n in (e.missed, e.false, e.split))
        table.add_row(f"{level:.0f}", kind or "none", f"{snr:.0f}", *counts, told, ended)
    console.print(table)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fast", action="store_true", help="leave the speech scores out")
    fast = arguments.parse_args().fast
    console = Console(width=160)
    print_filters(console)
    print_costs(console)
    if not fast:
        print_speech(console)
        print_edges(console)


if __name__ == "__main__":
    main()
