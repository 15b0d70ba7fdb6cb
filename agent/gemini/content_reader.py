"""What the model's content means for the turn it belongs to, without I/O.

Source: docs/protocols/gemini-live.md 3.1, 3.3, 3.5, C-2, C-9 to C-11.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto

from agent.audio.pcm import from_bytes
from agent.gemini.content import DOWNLINK_RATE_HZ, Blob, Content
from agent.gemini.server_messages import (
    IDLE,
    IN_PROGRESS,
    INTERACTION_STATUSES,
    TURN_COMPLETE_REASONS,
    ServerContent,
)
from agent.gemini.session_events import (
    GenerationComplete,
    InputTranscript,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
    TurnComplete,
)

_PCM = re.compile(r"audio/(?:pcm|l16)\s*(?:;.*)?", re.IGNORECASE)
_RATE = re.compile(r";\s*rate=(\d{1,9})\s*(?:;|$)", re.IGNORECASE)
_USUAL = frozenset({"audio/pcm", f"audio/pcm;rate={DOWNLINK_RATE_HZ}"})


class _Generation(Enum):
    OPEN = auto()
    COMPLETE = auto()  # audio that still comes belongs to nothing


class ContentReader:
    """Reads `serverContent`, keeping what must be known of the running turn.

    Counted: `thoughts`, `texts`, `late_audio`, `bad_audio`, `other_media`, `unknown_enums`.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._generation = _Generation.OPEN
        self._called = False
        self._input_open = False
        self._output_open = False
        self._in_progress = False

    def read(self, content: ServerContent) -> Iterator[SessionEvent]:
        """The events of one frame up to generationComplete, in the order of C-2.

        The end of the turn is `turn_end`'s, since tool calls come between.
        """
        if content.interrupted:
            self.new_turn()
            yield from self._close_output()
            yield Interrupted()
        if content.model_turn is not None:
            yield from self._parts(content.model_turn)
        if content.input_transcription is not None:
            # Speech of the caller, when turnComplete was lost, is all that tells of a new turn.
            self.new_turn()
            said = content.input_transcription
            if said.text or (said.finished and self._input_open):
                self._input_open = not said.finished
                yield InputTranscript(said.text, said.finished)
        if content.output_transcription is not None:
            said = content.output_transcription
            if said.text or (said.finished and self._output_open):
                self._output_open = not said.finished
                yield OutputTranscript(said.text, said.finished)
        if content.generation_complete:
            yield from self.close_transcripts()
            if not self._called:
                self._generation = _Generation.COMPLETE
            self._called = False
            yield GenerationComplete()

    def turn_end(self, content: ServerContent) -> Iterator[SessionEvent]:
        """The events of turnComplete, and of an exchange that ends in a frame of its own."""
        status = content.interaction_status
        if status and status not in INTERACTION_STATUSES:
            self._counters["unknown_enums"] += 1
        elif status and status != IN_PROGRESS:
            status = IDLE
        ended_apart = status == IDLE and self._in_progress
        if not content.turn_complete and not ended_apart:
            return
        if content.turn_complete_reason and (
            content.turn_complete_reason not in TURN_COMPLETE_REASONS
        ):
            self._counters["unknown_enums"] += 1
        yield from self.close_transcripts()
        self.new_turn()
        self._in_progress = status == IN_PROGRESS
        yield TurnComplete(content.turn_complete_reason or None, status or None)

    def new_turn(self) -> None:
        """Take the next audio for that of a new turn."""
        self._generation = _Generation.OPEN

    def called(self) -> None:
        """Functions are called: audio that comes after this generation may be of their results."""
        self._called = True

    def close_transcripts(self) -> Iterator[SessionEvent]:
        """End the open fragments, for the service may never say `finished` (3.3)."""
        if self._input_open:
            self._input_open = False
            yield InputTranscript("", finished=True)
        yield from self._close_output()

    def _close_output(self) -> Iterator[SessionEvent]:
        if self._output_open:
            self._output_open = False
            yield OutputTranscript("", finished=True)

    def _parts(self, turn: Content) -> Iterator[SessionEvent]:
        for part in turn.parts:
            if part.thought:
                self._counters["thoughts"] += 1
            elif part.inline_data is not None:
                yield from self._audio(part.inline_data)
            elif part.text:
                self._counters["texts"] += 1

    def _audio(self, blob: Blob) -> Iterator[SessionEvent]:
        if blob.mime_type not in _USUAL:
            if not _PCM.fullmatch(blob.mime_type):
                self._counters["other_media"] += 1
                return
            rate = _RATE.search(blob.mime_type)
            if rate and int(rate[1]) != DOWNLINK_RATE_HZ:
                self._counters["bad_audio"] += 1
                return
        if len(blob.data) % 2:
            self._counters["bad_audio"] += 1
        elif self._generation is _Generation.COMPLETE:
            self._counters["late_audio"] += 1
        elif blob.data:
            yield ModelAudio(from_bytes(blob.data))
