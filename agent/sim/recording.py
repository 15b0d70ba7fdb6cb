"""What clients sent to the model's stand-in, kept for tests and reports, without I/O.

Source: docs/protocols/gemini-live.md E-38.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.audio.pcm import Pcm16
from agent.sim.included import Included

MOST_FRAMES = 20_000
"""Frames kept; older ones are forgotten, while every total goes on counting."""


class ReceivedFrame(NamedTuple):
    """One client frame.

    Attributes:
        at_s: when it came, monotonic seconds.
        connection: which connection it came on.
        place: its number among the frames of that connection; `setup` is 0.
        kind: the message, or for realtime input the field in it, such as "audio".
        n_samples: audio in it, as it was sent.
    """

    at_s: float
    connection: str
    place: int
    kind: str
    n_samples: int = 0


@dataclass(slots=True)
class ConnectionRecord:
    """Totals of one connection.

    Attributes:
        kinds: frames by kind.
        n_samples: audio received, at the rate it was sent.
        utterances: samples at 16 kHz of each utterance, in order.
        tool_responses: answers by call id, to every id that came, known or not.
        ignored_responses: ids that were unknown, answered already or cancelled.
        audio_sent_at: when each audio part went out, monotonic seconds.
        closed: (code, reason) by which this side closed, or None.
        tape: the audio itself, at 16 kHz, a piece for each message; None when it is not kept.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    n_samples: int = 0
    utterances: list[int] = field(default_factory=list)
    tool_responses: Counter[str] = field(default_factory=Counter)
    ignored_responses: list[str] = field(default_factory=list)
    audio_sent_at: list[float] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    tape: list[Pcm16] | None = None


class Recording:
    """Everything one stand-in received, over all its connections.

    Args:
        tapes: keep the audio of every connection.

    Attributes:
        keeps_frames: whether `frames` keeps any.
        sessions: what each session's present state includes: what a resume left out is not in it.
    """

    def __init__(self, most_frames: int = MOST_FRAMES, *, tapes: bool = False) -> None:
        self._tapes = tapes
        self.keeps_frames = most_frames > 0
        self.frames: deque[ReceivedFrame] = deque(maxlen=most_frames)
        self.connections: dict[str, ConnectionRecord] = {}
        self.sessions: dict[str, Included] = {}

    def opened(self, connection: str) -> ConnectionRecord:
        """A new connection's totals, to be kept up by its server."""
        record = ConnectionRecord(tape=[] if self._tapes else None)
        return self.connections.setdefault(connection, record)

    @property
    def n_samples(self) -> int:
        """Audio received over all connections."""
        return sum(record.n_samples for record in self.connections.values())

    @property
    def n_setups(self) -> int:
        """Sessions set up, or tried to."""
        return sum(record.kinds["setup"] for record in self.connections.values())

    def responses_to(self, call_id: str) -> int:
        """How many answers came for one call."""
        return sum(record.tool_responses[call_id] for record in self.connections.values())
