"""A person's or an agent's voice for the stand-ins: espeak-ng through its C library.

espeak-ng is one machine per process, and carries more from one utterance to the next than its
functions can reset: the same words come out a few samples longer or shorter each time. So every
utterance has the library loaded afresh, under one lock, which takes a few milliseconds. The sound
comes at 22,050 Hz and is carried to the asked rate over its whole length at once, by FFT: an
utterance is finite, so no streaming filter is due.
"""

from __future__ import annotations

import _ctypes
import ctypes
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.audio.pcm import FULL_SCALE, Pcm16
from agent.errors import ConfigError
from agent.tenants.scalars import quoted

NATIVE_RATE_HZ = 22_050
RATES_HZ = (8_000, 16_000, 24_000)
SPEECH_DBFS = -20.0
"""Level (RMS) of the frames that hold speech."""
PEAK = 0.89
CACHE_BYTES = 48 * 1024 * 1024

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: espeak_Synth returns when the callback has had all
_DONT_EXIT = 0x8000  # report a failure instead of ending the process
_UTF8 = 1
_BY_CHARACTER = 1
_RATE, _PITCH = 1, 3

_FRAME_S = 0.02
_SPEECH_BELOW_LOUDEST_DB = 30.0
_TAIL_S = 0.1  # room for the filter's ringing, which would else wrap round to the beginning
_PASS = 0.85  # of the lower Nyquist frequency; from there to 1 the filter falls as a half cosine

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


class Voice:
    """Speaks; any thread may ask, one at a time is served.

    Args:
        name: of espeak-ng's voices, as `en-us`, with a variant as `en-us+f2`.
        rate_wpm: words per minute, 80 to 450.
        pitch: 0 to 99.

    Raises:
        ConfigError: espeak-ng is not installed, or has no such voice.
    """

    def __init__(self, name: str = "en-us", rate_wpm: int = 160, pitch: int = 50) -> None:
        self.name, self.rate_wpm, self.pitch = name, rate_wpm, pitch
        with _lock, _espeak() as espeak:
            espeak.choose(name, rate_wpm, pitch)

    def speak(self, text: str, rate_hz: int = 24_000) -> Pcm16:
        """The sound of a text.

        Returns:
            int16, mono, at `rate_hz`, read-only since it is cached: the same words give the same
            samples.

        Raises:
            ValueError: `rate_hz` is none of `RATES_HZ`.
        """
        if rate_hz not in RATES_HZ:
            raise ValueError(f"{rate_hz} Hz is none of {RATES_HZ}")
        key = (self.name, self.rate_wpm, self.pitch, text, rate_hz)
        with _lock:
            pcm = _cache.get(key)
            if pcm is None:
                with _espeak() as espeak:
                    espeak.choose(self.name, self.rate_wpm, self.pitch)
                    sound = espeak.speak(text)
                pcm = _levelled(_resampled(sound, rate_hz), rate_hz)
                pcm.flags.writeable = False
                _cache.put(key, pcm)
            return pcm


@contextmanager
def _espeak() -> Iterator[_Espeak]:
    """The library, loaded for one piece of work; the caller holds the lock."""
    try:
        loader = import_module("espeakng_loader")
        data = Path(loader.get_data_path())
        library = ctypes.CDLL(loader.get_library_path())
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"the stand-ins' voice needs espeak-ng, which cannot be used here ({error}); "
            "install it with: pip install 'seamline[sim]'"
        ) from error
    try:
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, bytes(data), _DONT_EXIT)
        if rate != NATIVE_RATE_HZ:
            raise ConfigError(
                f"espeak-ng cannot start with its data in {data} (it answered {rate}); "
                "install it again with: pip install --force-reinstall 'seamline[sim]'"
            )
        try:
            yield _Espeak(library, data)
        finally:
            library.espeak_Terminate()
    finally:
        _ctypes.dlclose(library._handle)


class _Espeak:
    """The loaded library."""

    def __init__(self, library: ctypes.CDLL, data: Path) -> None:
        self._library, self._data = library, data
        self._blocks: list[bytes] = []
        self._callback = _Callback(self._take)  # the library keeps no reference of its own
        library.espeak_SetSynthCallback(self._callback)

    def choose(self, name: str, rate_wpm: int, pitch: int) -> None:
        # An unknown variant is passed over in silence by the library itself.
        _, plus, variant = name.partition("+")
        known = not plus or variant in {
            file.name for file in (self._data / "voices" / "!v").iterdir()
        }
        if not known or self._library.espeak_SetVoiceByName(name.encode()):
            raise ConfigError(f"espeak-ng has no voice {quoted(name)}; try en-us, en or en-us+f2")
        for parameter, value in ((_RATE, rate_wpm), (_PITCH, pitch)):
            self._library.espeak_SetParameter(parameter, value, 0)

    def speak(self, text: str) -> NDArray[np.float64]:
        """Samples at `NATIVE_RATE_HZ`, full scale 1."""
        spoken = text.replace("\0", " ").encode(errors="replace")
        position, end = 0, 0
        failed = self._library.espeak_Synth(
            spoken, len(spoken) + 1, position, _BY_CHARACTER, end, _UTF8, None, None
        )
        if failed:
            raise OSError(f"espeak_Synth answered {failed}")
        return np.frombuffer(b"".join(self._blocks), np.int16).astype(np.float64) / FULL_SCALE

    def _take(self, samples: int | None, count: int, _: int | None) -> int:
        if samples and count > 0:
            self._blocks.append(ctypes.string_at(samples, 2 * count))
        return 0


class _Cache:
    """The last utterances, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._entries: OrderedDict[tuple[object, ...], Pcm16] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Pcm16 | None:
        pcm = self._entries.get(key)
        if pcm is not None:
            self._entries.move_to_end(key)
        return pcm

    def put(self, key: tuple[object, ...], pcm: Pcm16) -> None:
        self._entries[key] = pcm
        self._bytes += pcm.nbytes
        while self._bytes > self._limit:
            self._bytes -= self._entries.popitem(last=False)[1].nbytes


_cache = _Cache(CACHE_BYTES)


def _resampled(sound: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """The sound at another rate: its spectrum, cut below the lower Nyquist frequency."""
    common = gcd(NATIVE_RATE_HZ, rate_hz)
    up, down = rate_hz // common, NATIVE_RATE_HZ // common
    # A block is `down` samples in and `up` samples out; a power of two of them transforms fast.
    blocks = -(-(sound.size + round(_TAIL_S * NATIVE_RATE_HZ)) // down)
    blocks = 1 << (blocks - 1).bit_length()
    spectrum = np.fft.rfft(sound, blocks * down)
    pitches = np.fft.rfftfreq(blocks * down, 1 / NATIVE_RATE_HZ)
    edge = min(rate_hz, NATIVE_RATE_HZ) / 2
    over = np.clip((pitches / edge - _PASS) / (1 - _PASS), 0, 1)
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * over)
    resampled: NDArray[np.float64] = np.fft.irfft(spectrum, blocks * up) * (up / down)
    return resampled[: -(-sound.size * up // down)]


def _levelled(sound: NDArray[np.float64], rate_hz: int) -> Pcm16:
    """The sound with its speech at `SPEECH_DBFS`, or below, where its peaks would be too high."""
    frame = round(_FRAME_S * rate_hz)
    whole = sound[: sound.size // frame * frame]
    power = np.square(whole).reshape(-1, frame).mean(axis=1)
    if not power.any():
        return np.zeros(sound.size, np.int16)
    speech = power[power > power.max() * 10 ** (-_SPEECH_BELOW_LOUDEST_DB / 10)]
    gain = 10 ** (SPEECH_DBFS / 20) / np.sqrt(speech.mean())
    gain = min(gain, PEAK / np.abs(sound).max())
    pcm: Pcm16 = np.round(sound * (gain * FULL_SCALE)).astype(np.int16)
    return pcm
