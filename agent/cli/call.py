"""`seamline call --local --media URL`: a caller straight on a service's media socket.

Without a carrier; with one, see `local_call`.
"""

import secrets
import wave
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from agent.audio.pcm import Pcm16, from_bytes
from agent.audio.resample import Resampler
from agent.cli.runtime import run
from agent.errors import ConfigError
from agent.sim.clips import Clip
from agent.sim.phone import PhoneOptions, phone_call
from agent.sim.phone_report import PhoneReport, write_recording
from agent.sim.script import Leave, Say, Step, WaitForAgent
from agent.sim.voice import Voice

PHONE_RATE_HZ = 8000
NORMAL_CLOSURE = 1000


def place_call(
    url: str, tenant: str, say: list[str], wav: list[Path], out: Path, *, seed: int | None
) -> None:
    """Call, speak each turn once the agent is quiet, hang up, and print what was heard.

    Raises:
        ConfigError: nothing to say, a file that cannot be played, or no call came about.
    """
    clips = clips_of(say, wav)
    seed = secrets.randbits(32) if seed is None else seed
    options = PhoneOptions(parameters={"tenant": tenant}, seed=seed)
    make_folder(out)
    report = run(phone_call(url, script_of(clips), options))
    if report.failure is not None and not report.seconds:
        raise ConfigError(f"{url}: {report.failure}")
    keep_and_show(report, out, n_clips=len(clips))


def clips_of(say: list[str], wav: list[Path]) -> list[Clip]:
    """What the caller says: files first, then words.

    Raises:
        ConfigError: there is nothing, or a file cannot be played.
    """
    if not say and not wav:
        raise ConfigError('give the caller something to say: --say "..." or --wav FILE')
    clips = [Clip.of(read_wav(path), path.name) for path in wav]
    if say:
        voice = caller_voice()
        clips += [Clip.of(voice.speak(text, PHONE_RATE_HZ), text) for text in say]
    return clips


def make_folder(out: Path) -> None:
    """Make the folder for recordings.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from None


def keep_and_show(report: PhoneReport, out: Path, *, n_clips: int) -> None:
    """Write the recording, and print what the call was like."""
    path = out / f"{report.call.call_sid}.wav"
    write_recording(path, report)
    _print(report, path, said_all=len(report.utterances) == n_clips)


def script_of(clips: list[Clip]) -> list[Step]:
    """Each clip once the agent has spoken and gone quiet; then a polite end."""
    script: list[Step] = [WaitForAgent()]
    for clip in clips:
        script += [Say(clip), WaitForAgent()]
    return [*script, Leave()]


def caller_voice() -> Voice:
    """The stand-in caller's voice, unlike the agent's."""
    return Voice("en-us+edward2", rate_wpm=140)


def read_wav(path: Path) -> Pcm16:
    """Read a 16-bit WAV file as int16, shape (n,), at 8 kHz; stereo is mixed down.

    Raises:
        ConfigError: the file is not there or not of a kind that can be played.
    """
    try:
        with wave.open(str(path), "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            if width != 2:
                raise ConfigError(f"{path}: {8 * width}-bit samples; only 16-bit WAV is played")
            pcm = from_bytes(file.readframes(file.getnframes()))
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"{path}: {error}") from None
    if channels > 1:
        pcm = pcm.reshape(-1, channels).mean(axis=1).astype(np.int16)
    if rate == PHONE_RATE_HZ:
        return pcm
    try:
        return Resampler(rate, PHONE_RATE_HZ).process(pcm)
    except ValueError:
        raise ConfigError(f"{path}: {rate} Hz; convert it to 8000, 16000 or 24000 Hz") from None


def _print(report: PhoneReport, path: Path, *, said_all: bool) -> None:
    console = Console(highlight=False)
    table = Table(show_header=False, box=None)
    table.add_row("call", report.call.call_sid)
    table.add_row("lasted", f"{report.seconds:.1f} s")
    if report.first_audio_s is not None:
        table.add_row("agent first heard", f"{report.first_audio_s:.2f} s after the start")
    for utterance in report.utterances:
        answered = utterance.answered_after_s
        table.add_row(
            f"“{utterance.label}”",
            "not answered" if answered is None else f"answered after {answered:.2f} s",
        )
    table.add_row("gaps inside speech", f"{sum(report.holes_s) * 1000:.0f} ms")
    if report.violations:
        table.add_row("violations", "; ".join(str(v) for v in report.violations))
    if report.failure is not None:
        if said_all and report.close_code == NORMAL_CLOSURE:
            table.add_row("ended", "by the agent")
        else:
            table.add_row("ended early", report.failure)
    table.add_row("recording", str(path))
    console.print(table)
