"""One Twilio media stream, from the service's side; without I/O.

The carrier's side of a stream is a small machine: `connected`, `start`, then media until `stop`.
`TRANSITIONS` is that machine. What arrives out of its place, under a foreign stream name or twice
is counted and ignored, never acted upon; only a malformed message is an error, and the stream
survives it.

Marks. An echo says that a mark was reached or that the queue was emptied, and does not say which.
So every mark that is outstanding when `clear` is sent is remembered as cleared, whenever its echo
comes: one that was already on the wire then is ambiguous by a round trip, and the side of "not
heard" is the safe one.

Source: docs/protocols/twilio.md sections 3 and 10 (R5-R13).
"""

from collections import Counter
from enum import Enum
from typing import Final, assert_never

from agent.errors import LocalProtocolError, PeerProtocolError
from agent.telephony.leg import Digit, Heard, LegEvent, Marked, Started, Stopped
from agent.telephony.twilio.messages import (
    Connected,
    Dtmf,
    Incoming,
    Mark,
    MarkName,
    Media,
    MediaFormat,
    OutgoingClear,
    OutgoingMark,
    OutgoingMedia,
    Payload,
    Start,
    Stop,
    decode,
    encode,
    is_binary,
)


class StreamState(Enum):
    """Where a stream stands."""

    OPENED = "opened"
    CONNECTED = "connected"
    STARTED = "started"
    STOPPED = "stopped"


# A `start` whose audio we cannot carry goes to STOPPED instead; so does `closed()` from anywhere.
TRANSITIONS: Final[dict[StreamState, dict[type[Incoming], StreamState]]] = {
    StreamState.OPENED: {
        Connected: StreamState.CONNECTED,
        Start: StreamState.STARTED,
        Stop: StreamState.STOPPED,
    },
    StreamState.CONNECTED: {Start: StreamState.STARTED, Stop: StreamState.STOPPED},
    StreamState.STARTED: {
        Media: StreamState.STARTED,
        Dtmf: StreamState.STARTED,
        Mark: StreamState.STARTED,
        Stop: StreamState.STOPPED,
    },
    StreamState.STOPPED: {},
}

FORMAT: Final = MediaFormat(encoding="audio/x-mulaw", sample_rate=8000, channels=1)

# The carrier documents no limits. Its own frames take 390 characters and 160 bytes.
MAX_TEXT: Final = 65_536
MAX_PAYLOAD: Final = 8_000
MAX_MARK_NAME: Final = 64
MAX_OUTSTANDING_MARKS: Final = 1_024
# A jump of the numbering beyond this (20 s of frames) is a wrong number, not a loss.
MAX_SEQUENCE_GAP: Final = 1_000


class MediaStream:
    """A `PhoneLeg` on Twilio Media Streams, bidirectional, mu-law at 8 kHz.

    A stream with another media format is refused: `Stopped("media_format")`, nothing after.

    Attributes:
        state: where the stream stands; see `TRANSITIONS`.
        counters: what was odd: `malformed`, `binary`, `oversize`, `unknown_event`,
            `<event>_when_<state>` (out of place), `wrong_stream`, `wrong_track`,
            `empty_media`, `sequence_gap` (messages missing), `sequence_jump`,
            `sequence_late` (duplicate or overtaken, dropped), `mark_unknown`,
            `mark_out_of_order`, `mark_forgotten`, `media_format`.
    """

    def __init__(self) -> None:
        self.state = StreamState.OPENED
        self.counters: Counter[str] = Counter()
        self._legal = TRANSITIONS[self.state]
        self._stream_sid = ""
        self._next_sequence = 1
        self._outstanding: dict[str, bool] = {}  # mark name -> cleared, in the order sent

    def receive(self, text: bytes | str) -> list[LegEvent]:
        """Take one frame of the carrier; a binary one is handed in as its bytes.

        Raises:
            PeerProtocolError: the frame was oversize, binary or malformed. Counted; the
                stream goes on as if it had not come.
        """
        message = self._read(text)
        if message is None:
            self.counters["unknown_event"] += 1
            return []
        state = self._legal.get(type(message))
        if state is None:
            event = message.__struct_config__.tag
            self.counters[f"{event}_when_{self.state.value}"] += 1
            return []
        match message:
            case Media():
                return self._media(message)
            case Dtmf():
                return self._dtmf(message)
            case Mark():
                return self._mark(message)
            case Start():
                return self._start(message)
            case Stop():
                return self._stop(message)
            case Connected():
                self._enter(state)
                return []
            case _:
                assert_never(message)

    def closed(self) -> list[LegEvent]:
        """The socket is gone, with or without a `stop` before."""
        return self._end("closed")

    def media(self, mulaw: bytes) -> bytes:
        """The text that queues this audio, of any length but none; multiples of 160 play best."""
        self._check_started("media")
        if not mulaw:
            raise LocalProtocolError("media without audio")
        return encode(OutgoingMedia(self._stream_sid, Payload(mulaw)))

    def mark(self, name: str) -> bytes:
        """The text that puts a mark after what was queued; `name` must not be outstanding."""
        self._check_started("mark")
        if not 0 < len(name) <= MAX_MARK_NAME:
            raise LocalProtocolError(f"a mark's name has 1 to {MAX_MARK_NAME} characters: {name!r}")
        if name in self._outstanding:
            raise LocalProtocolError(f"mark {name!r} is outstanding already")
        if len(self._outstanding) == MAX_OUTSTANDING_MARKS:
            self.counters["mark_forgotten"] += 1
            del self._outstanding[next(iter(self._outstanding))]
        self._outstanding[name] = False
        return encode(OutgoingMark(self._stream_sid, MarkName(name)))

    def clear(self) -> bytes:
        """The text that empties the carrier's queue; every outstanding mark counts as cleared."""
        self._check_started("clear")
        self._outstanding = dict.fromkeys(self._outstanding, True)
        return encode(OutgoingClear(self._stream_sid))

    def _read(self, text: bytes | str) -> Incoming | None:
        if len(text) > MAX_TEXT:
            self.counters["oversize"] += 1
            raise PeerProtocolError("phone", f"a frame of {len(text)}, more than {MAX_TEXT}")
        try:
            return decode(text)
        except PeerProtocolError:
            self.counters["binary" if is_binary(text) else "malformed"] += 1
            raise

    def _start(self, message: Start) -> list[LegEvent]:
        start = message.start
        if start.media_format != FORMAT:
            self.counters["media_format"] += 1
            return self._end("media_format")
        self._stream_sid = start.stream_sid
        self._next_sequence = message.sequence_number + 1
        self._enter(StreamState.STARTED)
        return [
            Started(start.stream_sid, start.call_sid, start.account_sid, start.custom_parameters)
        ]

    def _media(self, message: Media) -> list[LegEvent]:
        if not self._follows(message.stream_sid, message.sequence_number):
            return []
        media = message.media
        if media.track != "inbound":
            self.counters["wrong_track"] += 1
            return []
        if not media.payload:
            self.counters["empty_media"] += 1
            return []
        if len(media.payload) > MAX_PAYLOAD:
            self.counters["oversize"] += 1
            raise PeerProtocolError("phone", f"a payload of {len(media.payload)} bytes")
        return [Heard(media.payload, media.timestamp)]

    def _dtmf(self, message: Dtmf) -> list[LegEvent]:
        if not self._follows(message.stream_sid, message.sequence_number):
            return []
        return [Digit(message.dtmf.digit)]

    def _mark(self, message: Mark) -> list[LegEvent]:
        if not self._follows(message.stream_sid, message.sequence_number):
            return []
        name = message.mark.name
        if name not in self._outstanding:
            self.counters["mark_unknown"] += 1
            return []
        if name != next(iter(self._outstanding)):
            self.counters["mark_out_of_order"] += 1
        return [Marked(name, self._outstanding.pop(name))]

    def _stop(self, message: Stop) -> list[LegEvent]:
        if self._stream_sid and message.stream_sid != self._stream_sid:
            self.counters["wrong_stream"] += 1
            return []
        return self._end("stop")

    def _follows(self, stream_sid: str, sequence: int) -> bool:
        """Whether a message belongs to this stream and is not behind what was taken already."""
        if stream_sid != self._stream_sid:
            self.counters["wrong_stream"] += 1
            return False
        ahead = sequence - self._next_sequence
        if ahead < 0 and sequence:  # 0: not numbered at all
            self.counters["sequence_late"] += 1
            return False
        if ahead > MAX_SEQUENCE_GAP:
            self.counters["sequence_jump"] += 1
        elif ahead >= 0:
            self._next_sequence = sequence + 1
            if ahead:
                self.counters["sequence_gap"] += ahead
        return True

    def _check_started(self, what: str) -> None:
        if self.state is not StreamState.STARTED:
            raise LocalProtocolError(f"{what} on a stream that is {self.state.value}")

    def _end(self, reason: str) -> list[LegEvent]:
        if self.state is StreamState.STOPPED:
            return []
        self._enter(StreamState.STOPPED)
        return [Stopped(reason)]

    def _enter(self, state: StreamState) -> None:
        self.state = state
        self._legal = TRANSITIONS[state]
