"""How filters.npz came about: the resamplers' two low-pass filters, in two phases each.

To write the file: `python -c "from agent.audio import design; design.write()"`. That needs scipy,
as nothing else in the package does; nothing imports this module at run time. A test proves the file
equal to what it computes.

Each filter is the equiripple (Parks-McClellan) one for its length: flat within about 0.04 dB up to
0.85 of the lower rate's Nyquist frequency, more than 83 dB down from 1.075 of it. The
minimum-phase form has the same magnitudes with every zero moved inside the unit circle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from agent.audio.resample import COEFFICIENT_SCALE, PASS_EDGE, STOP_EDGE

FILE = Path(__file__).with_name("filters.npz")

TAPS = {2: 71, 3: 105}
"""By the rates' proportion: the longest odd lengths that delay by no more than 2.2 ms at
16 and 24 kHz (35 and 52 samples)."""

STOP_WEIGHT = 45.0
"""How much more an error counts in the stopband: shares the length between the two figures."""


def prototypes() -> dict[str, NDArray[np.int32]]:
    """Every filter by its name in the file, as whole numbers over `COEFFICIENT_SCALE`."""
    found = {}
    for ratio, taps in TAPS.items():
        # Frequencies count in units of the lower rate's Nyquist frequency.
        bands = [0.0, PASS_EDGE, STOP_EDGE, float(ratio)]
        linear = signal.remez(
            taps, bands, [1.0, 0.0], weight=[1.0, STOP_WEIGHT], fs=2.0 * ratio, grid_density=32
        )
        minimum = signal.minimum_phase(linear, half=False, n_fft=2**16)
        found[f"linear_{ratio}"] = _whole(linear)
        found[f"minimum_{ratio}"] = _whole(minimum)
    return found


def _whole(h: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(h / h.sum() * COEFFICIENT_SCALE).astype(np.int32)


def write(path: Path = FILE) -> None:
    """Write the file."""
    np.savez(path, **prototypes())  # type: ignore[arg-type]  # numpy types the keywords too widely
