"""The outline of a recording: how loud each side is at each moment, for a picture of a call."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.service.recording_file import RATE_HZ

HEADER = 44
"""Bytes before the sound in the files that this service writes."""
FRAME = 4
"""Bytes of one moment: two sides, 16 bits each."""
MOST_PEAKS = 4000
LOUDEST = 100


def read_peaks(path: Path, n: int) -> dict[str, Any]:
    """Read the outline of one recording, whether it is finished or still being written.

    The sound is looked at piece by piece where it lies: an hour of it takes no memory.

    Args:
        n: how many peaks of each side, at most.

    Returns:
        `seconds`, and for `caller` and `agent` their peaks, 0 to `LOUDEST`.
    Raises:
        OSError: the file cannot be read.
    """
    samples = max(0, path.stat().st_size - HEADER) // FRAME
    if not samples:
        return {"seconds": 0.0, "caller": [], "agent": []}
    sound = np.memmap(path, "<i2", "r", offset=HEADER, shape=(samples, 2))
    starts = np.linspace(0, samples, min(n, samples), endpoint=False).astype(np.int64)
    edges = [*starts.tolist(), samples]
    peaks = np.array([_peak(sound[begin:end]) for begin, end in pairwise(edges)])
    caller, agent = np.ceil(peaks * (LOUDEST / 32768)).astype(int).T.tolist()
    return {"seconds": round(samples / RATE_HZ, 3), "caller": caller, "agent": agent}


def _peak(piece: NDArray[np.int16]) -> NDArray[np.int32]:
    """The loudest sample of each side; -32768 has no counterpart of 16 bits."""
    least, most = piece.min(axis=0).astype(np.int32), piece.max(axis=0).astype(np.int32)
    return np.maximum(-least, most)
