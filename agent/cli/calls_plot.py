"""`seamline calls plot`: one call as a picture, drawn from its timeline and its recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from agent.audio.pcm import Pcm16, silence
from agent.cli.past import one_call, with_store
from agent.errors import ConfigError
from agent.observe.picture import timeline_drawing
from agent.observe.record_schema import CallRecord
from agent.observe.shapes import Drawing, png_of, svg_of
from agent.service.recording_file import file_name
from agent.service.settings import Settings
from agent.store.store import Store

HEADER_BYTES = 44
"""Before the sound, in the files that the service writes."""


def plot_call(config: Path | None, call: str, out: Path) -> None:
    """Write `<call>.svg` and `<call>.png` into a folder.

    Raises:
        ConfigError: there is no such call, or the files cannot be written.
    """

    async def work(store: Store, settings: Settings) -> tuple[CallRecord, Path]:
        return await one_call(store, call), settings.data

    record, data = with_store(config, work)
    console = Console(highlight=False, soft_wrap=True)
    caller, agent = silence(0), silence(0)
    if record.recording is not None:
        sound = data / record.recording.path
        try:
            caller, agent = read_recording(sound)
        except OSError as error:
            console.print(f"without sound: {sound}: {error.strerror}", markup=False)
    drawing = picture_of(record, caller, agent)
    try:
        out.mkdir(parents=True, exist_ok=True)
        name = file_name(record.call_id)
        (out / f"{name}.svg").write_text(svg_of(drawing))
        (out / f"{name}.png").write_bytes(png_of(drawing))
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from None
    console.print(f"{out / name}.svg and .png", markup=False)


def picture_of(record: CallRecord, caller: Pcm16, agent: Pcm16) -> Drawing:
    """A call as a drawing."""
    title = f"{record.tenant}, {record.began_at:%Y-%m-%d %H:%M} UTC: {record.outcome}"
    starts_s = 0.0 if record.recording is None else record.recording.starts_s
    return timeline_drawing(record.timeline, caller, agent, title=title, audio_starts_s=starts_s)


def read_recording(path: Path) -> tuple[Pcm16, Pcm16]:
    """Both sides of a recording, int16 at 8 kHz; whatever its header says, it is all there is.

    Raises:
        OSError: it cannot be read.
    """
    sound = path.read_bytes()[HEADER_BYTES:]
    stereo = np.frombuffer(sound[: len(sound) // 4 * 4], "<i2").reshape(-1, 2)
    return stereo[:, 0].astype(np.int16), stereo[:, 1].astype(np.int16)
