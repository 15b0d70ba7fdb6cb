"""Caller audio on its way to the model: gaps filled, decoded, resampled, packed; without I/O.

Frames of the carrier (8 kHz mu-law, mostly 20 ms) are collected as bytes until a packet is full;
only then is it decoded, searched for speech and resampled, all at once: a packet costs the same
handful of numpy calls whether it holds one frame or five.

Where a packet lies in time is told by the carrier's timestamps, never by arrival: audio missing on
the carrier's side becomes as much silence, so that the model's clock and ours stay true. Positions
are samples at 8 kHz since the start of the stream, filled silence included.

Source: docs/protocols/twilio.md 3.5, R8; docs/protocols/gemini-live.md C-7.
"""

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, level_dbfs
from agent.audio.resample import Resampler
from agent.audio.speech import SpeechDetector, SpeechEnded, SpeechStarted
from agent.call.lateness import Lateness
from agent.call.sound import Converter, Detector

RATE_HZ = 8000
SAMPLES_PER_MS = RATE_HZ // 1000
SHORTEST_MS = 20
GAP_TOLERANCE_MS = 60
"""Timestamps wander by a few ms around the frame grid; only more than this is missing audio."""
LONGEST_FILL_MS = 2000
"""A longer hole is the carrier's clock jumping, not speech lost: fill this much and go on."""
LOUD_DB = 6.0
"""How far a packet stands above the noise floor to count as spoken, not as a pause in speech."""

_SILENCE = bytes([mulaw.SILENCE])
_NOTHING: list[Pcm16] = []


class Uplink:
    """One caller's audio stream.

    Attributes:
        position: samples at 8 kHz handed to the detector and the model so far.
        filled: of the stream's samples, those that were missing and became silence.
        gaps: holes filled.
        spoken: samples of the current speech: unlike the time since it began, without pauses.
        detector: our own speech detection, on the 8 kHz signal.
        keeps: whether what is handed on is also kept as mu-law, for `take_kept`.
        lateness: of the packets; whoever knows the time tells it.
    """

    def __init__(
        self,
        packet_ms: int,
        detector: Detector | None = None,
        resampler: Converter | None = None,
    ) -> None:
        self.detector: Detector = SpeechDetector(RATE_HZ) if detector is None else detector
        self.keeps = False
        self.lateness = Lateness()
        self._kept = bytearray()
        self.position = 0
        self.filled = 0
        self.gaps = 0
        self.spoken = 0
        self._packet = self._longest = packet_ms * SAMPLES_PER_MS
        self._resampler = resampler or Resampler(RATE_HZ, 2 * RATE_HZ)
        self._waiting = bytearray()
        self._expected_ms: int | None = None
        self._made_up = 0  # the latest samples, for which no time has passed
        self._speech: list[SpeechStarted | SpeechEnded] = []

    def push(self, frame: bytes, at_ms: int) -> list[Pcm16]:
        """Take one message of caller audio.

        Args:
            frame: 8 kHz mu-law.
            at_ms: the carrier's time of its first sample.

        Returns:
            The packets it completes: int16 at 16 kHz, to be sent in order; mostly none or one.
        """
        waiting = self._waiting
        expected = self._expected_ms
        self._expected_ms = at_ms + len(frame) // SAMPLES_PER_MS
        if expected is not None and at_ms - expected > GAP_TOLERANCE_MS:
            self._fill(at_ms - expected)
        waiting += frame
        size = self._packet
        if len(waiting) < size:
            return _NOTHING
        packets = []
        while len(waiting) >= size:
            packets.append(self._convert(bytes(waiting[:size])))
            del waiting[:size]
        return packets

    def hasten(self, on: bool) -> None:
        """While on, packets are as short as the carrier's frames: speech is heard sooner."""
        self._packet = SHORTEST_MS * SAMPLES_PER_MS if on else self._longest

    def flush(self) -> list[Pcm16]:
        """Return what waits for a full packet, so that something else can keep its place."""
        if not self._waiting:
            return _NOTHING
        rest = bytes(self._waiting)
        self._waiting.clear()
        return [self._convert(rest)]

    def break_off(self) -> None:
        """The stream is over, and another may follow: its times begin anew.

        Our own detection hears silence, and so the end of what was being said. What waits for a
        full packet should have been taken before.
        """
        self._convert(_SILENCE * (LONGEST_FILL_MS * SAMPLES_PER_MS))
        self._made_up = LONGEST_FILL_MS * SAMPLES_PER_MS
        self._kept.clear()
        self._expected_ms = None
        self.lateness.anew()

    def speech(self) -> list[SpeechStarted | SpeechEnded]:
        """Return what the detector found in the packets so far, once."""
        found = self._speech
        if found:
            self._speech = []
        return found

    def take_kept(self) -> bytes:
        """Return what was handed on since the last time, as 8 kHz mu-law."""
        kept = bytes(self._kept)
        self._kept.clear()
        return kept

    def time_of(self, at_sample: int, now: float) -> float:
        """When the caller uttered that sample, if the latest one came in just `now`."""
        return now - max(0, self.position - self._made_up - at_sample) / RATE_HZ

    def _fill(self, missing_ms: int) -> None:
        n = min(missing_ms, LONGEST_FILL_MS) * SAMPLES_PER_MS
        self.gaps += 1
        self.filled += n
        self._waiting += _SILENCE * n

    def _convert(self, packet: bytes) -> Pcm16:
        self._made_up = 0
        pcm = mulaw.decode(packet)
        if self.keeps:
            self._kept += packet
        self.position += len(packet)
        detector = self.detector
        found = detector.process(pcm)
        if found:
            self._speech += found
            latest = found[-1]
            started = isinstance(latest, SpeechStarted)
            self.spoken = self.position - latest.at_sample if started else 0
        elif detector.speaking and level_dbfs(pcm) > detector.floor_dbfs + LOUD_DB:
            self.spoken += len(packet)
        return self._resampler.process(pcm)
