"""Audio of the stand-in caller, cut and encoded once for every call that plays it; without I/O."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16

RATE_HZ: Final = 8_000
FRAME: Final = 160
FRAME_S: Final = FRAME / RATE_HZ

# Half of full scale is 6 dB; this is -36 dBFS, above comfort noise and line hiss.
_LOUD: Final = 512
_LOUD_SAMPLES: Final = 8  # of 160: a click is not speech

_loudness: Final = np.abs(mulaw.decode(bytes(range(256))).astype(np.int32)) >= _LOUD
_LOUD_MAP: Final = bytes(_loudness.astype(np.uint8))


def first_loud(frame: bytes) -> int | None:
    """Where in a mu-law frame the first loud sample is; None when the frame is quiet.

    One C pass over the bytes: it runs for each frame of each call of a load test.
    """
    loud = frame.translate(_LOUD_MAP)
    return loud.find(1) if loud.count(1) >= _LOUD_SAMPLES else None


def _silent_payloads(count: int) -> tuple[bytes, ...]:
    rng = np.random.default_rng(0)
    codes = np.array([0xFF, 0x7F], np.uint8)  # plus and minus zero, as on a quiet line
    return tuple(b64encode(rng.choice(codes, FRAME).tobytes()) for _ in range(count))


SILENT_PAYLOADS: Final = _silent_payloads(64)


def silent_payload(n_samples: int) -> bytes:
    """Digital silence as the carrier writes it: base64 of mu-law."""
    return b64encode(bytes([mulaw.SILENCE]) * n_samples)


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of the caller's audio in whole frames of 20 ms.

    Attributes:
        mulaw: 8 kHz mu-law, a multiple of 160 bytes, padded with silence.
        payloads: base64 of each frame.
        speech_end: samples up to the end of the last loud frame.
        label: what it says, for reports.
    """

    mulaw: bytes
    payloads: tuple[bytes, ...]
    speech_end: int
    label: str

    @classmethod
    def of(cls, pcm8k: Pcm16, label: str = "") -> "Clip":
        """Encode int16 mono samples at 8 kHz."""
        audio = mulaw.encode(pcm8k)
        audio += bytes([mulaw.SILENCE]) * (-len(audio) % FRAME)
        frames = [audio[start : start + FRAME] for start in range(0, len(audio), FRAME)]
        loud = [n for n, frame in enumerate(frames, 1) if first_loud(frame) is not None]
        end = loud[-1] * FRAME if loud else len(audio)
        return cls(audio, tuple(map(b64encode, frames)), end, label)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.mulaw) / RATE_HZ
