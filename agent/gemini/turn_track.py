"""Whether the model is at work, as far as its messages tell, and what that means; without I/O.

Source: docs/protocols/gemini-live.md 3.3 to 3.5, C-21, C-26, C-28.
"""

from __future__ import annotations

from collections import OrderedDict

from agent.gemini.session_events import (
    GenerationComplete,
    HandleUpdated,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
    ToolCallsCancelled,
    ToolCallsRequested,
    TurnComplete,
)

MOST_LOST = 64


class TurnTrack:
    """The model's turn.

    Attributes:
        generating: output of a turn has come, and not its end.
        fresh_handle: a handle came after all that was said and done.
        just_lost: of calls that were lost since the handle came, likewise.
        lost_calls: function names by id, of calls whose connection is gone.
    """

    def __init__(self) -> None:
        self.generating = False
        self.fresh_handle = False
        self.lost_calls: OrderedDict[str, str] = OrderedDict()
        self._open: dict[str, str] = {}
        self.just_lost: dict[str, str] = {}

    @property
    def calls_open(self) -> bool:
        """Whether a function's answer is awaited."""
        return bool(self._open)

    def read(self, event: SessionEvent) -> bool:
        """Take in an event; whether a turn began with it."""
        match event:
            case ModelAudio() | OutputTranscript():
                self.fresh_handle = False
                if not self.generating and (isinstance(event, ModelAudio) or event.text):
                    self.generating = True
                    return True
            case GenerationComplete() | TurnComplete() | Interrupted():
                self.generating = False
            case HandleUpdated(resumable):
                self.fresh_handle = resumable
                if resumable:
                    self.just_lost.clear()
            case ToolCallsRequested(calls):
                self.fresh_handle = self.generating = False
                self._open |= {call.id: call.name for call in calls}
            case ToolCallsCancelled(ids):
                for call_id in ids:
                    self._open.pop(call_id, None)
            case _:
                pass
        return False

    def answered(self, ids: frozenset[str]) -> None:
        """Answers have gone out: the handle before them knows nothing of them (B12)."""
        for call_id in ids & self._open.keys():
            del self._open[call_id]
            self.fresh_handle = False

    def told(self) -> None:
        """Something was sent that the last handle does not include."""
        self.fresh_handle = False

    def lost(self) -> tuple[str, ...]:
        """The connection is gone: nothing goes on; returned are the calls that were open."""
        lost, self._open = self._open, {}
        self.generating = False
        self.just_lost |= lost
        self.lost_calls.update(lost)
        while len(self.lost_calls) > MOST_LOST:
            self.lost_calls.popitem(last=False)
        return tuple(lost)

    def begun_anew(self) -> None:
        """A fresh session knows of no call."""
        self.just_lost.clear()
