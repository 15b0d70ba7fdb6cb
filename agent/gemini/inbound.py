"""What one message of the service means to the owner of a session, without I/O.

Source: docs/protocols/gemini-live.md 3, C-2, C-19.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.gemini.content_reader import ContentReader
from agent.gemini.durations import parse_duration
from agent.gemini.models import Profile
from agent.gemini.open_calls import OpenCalls
from agent.gemini.server_messages import (
    ACTIVITY_END,
    ACTIVITY_START,
    SPEECH_END,
    SPEECH_START,
    GoAway,
    ServerMessage,
    SessionResumptionUpdate,
)
from agent.gemini.session_events import (
    GoingAway,
    HandleUpdated,
    SessionEvent,
    ToolCallsCancelled,
    ToolCallsRequested,
    UsageReported,
    VoiceActivity,
)
from agent.gemini.setup_messages import Setup
from agent.gemini.usage import MODALITIES, usage_of

_KINDS = {
    ACTIVITY_START: "start",
    ACTIVITY_END: "end",
    SPEECH_START: "start",
    SPEECH_END: "end",
}


class Inbound:
    """Turns messages into events, in the order of C-2, whatever the order of their keys.

    Attributes:
        calls: the tool calls that are open.
        content: where the running turn stands.
        handle: the newest one the session can be resumed with; a secret.
        acknowledged: the last message that the state behind it includes, if said; by connection.
    """

    def __init__(self, setup: Setup, profile: Profile, counters: Counter[str]) -> None:
        self._counters = counters
        self.calls = OpenCalls(setup, profile, counters)
        self.content = ContentReader(counters)
        self.handle: str | None = None
        self.acknowledged: int | None = None

    def left(self) -> Iterator[SessionEvent]:
        """The connection is gone: what it left open ends here."""
        yield from self.content.close_transcripts()
        self.content = ContentReader(self._counters)
        self.calls.lost()

    def read(self, message: ServerMessage) -> Iterator[SessionEvent]:
        """The events of one message; must be read to the end."""
        if message.usage_metadata is not None:
            usage = usage_of(message.usage_metadata)
            named = usage.prompt_by_modality.keys() | usage.response_by_modality.keys()
            if not named <= MODALITIES:
                self._counters["unknown_enums"] += len(named - MODALITIES)
            yield UsageReported(usage)
        if message.voice_activity is not None:
            activity = message.voice_activity
            yield from self._voice(activity.type, parse_duration(activity.audio_offset))
        if message.voice_activity_detection_signal is not None:
            yield from self._voice(message.voice_activity_detection_signal.vad_signal_type, None)
        content = message.server_content
        if content is not None:
            yield from self.content.read(content)
        yield from self._tools(message)
        if content is not None:
            yield from self.content.turn_end(content)
        if message.session_resumption_update is not None:
            yield self._handle(message.session_resumption_update)
        if message.go_away is not None:
            yield self._go_away(message.go_away)

    def _voice(self, kind: str, offset_s: float | None) -> Iterator[SessionEvent]:
        if kind not in _KINDS:
            self._counters["unknown_enums"] += 1
            return
        self.content.new_turn()  # the caller spoke: what is said now may answer that
        yield VoiceActivity(_KINDS[kind], offset_s)

    def _tools(self, message: ServerMessage) -> Iterator[SessionEvent]:
        if message.tool_call is not None:
            yield from self.content.close_transcripts()
            calls = self.calls.requested(message.tool_call.function_calls)
            if calls:
                self.content.called()
                yield ToolCallsRequested(calls)
        if message.tool_call_cancellation is not None:
            ids = self.calls.cancelled(message.tool_call_cancellation.ids)
            if ids:
                yield ToolCallsCancelled(ids)

    def _handle(self, update: SessionResumptionUpdate) -> SessionEvent:
        # An update without a handle does not take away the one before (3.7).
        resumable = update.resumable and bool(update.new_handle)
        if update.resumable is not bool(update.new_handle):
            self._counters["handles_incomplete"] += 1
        if resumable:
            self.handle = update.new_handle
            self.acknowledged = update.last_consumed_client_message_index
        return HandleUpdated(resumable)

    def _go_away(self, message: GoAway) -> SessionEvent:
        left = parse_duration(message.time_left)
        if message.time_left != "" and (left is None or left < 0.0):
            self._counters["notices_unreadable"] += 1
        return GoingAway(None if left is None else max(0.0, left))
