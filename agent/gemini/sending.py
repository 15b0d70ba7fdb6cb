"""What a session's owner says to the model, as messages, and what each means for the talk; no I/O.

Source: docs/protocols/gemini-live.md 2.2 to 2.4, C-13, C-14, C-27, B30, B40.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.errors import LocalProtocolError
from agent.gemini.client_messages import (
    ClientContent,
    ClientContentMessage,
    RealtimeInput,
    RealtimeInputMessage,
    ToolResponse,
    ToolResponseMessage,
)
from agent.gemini.codec import encode_client
from agent.gemini.content import USER, Content, text_content
from agent.gemini.ledger import Kind
from agent.gemini.models import Profile
from agent.gemini.talk import Talk
from agent.gemini.tools import FunctionResponse
from agent.gemini.turn_rules import refuse_turns

MOST_RESULT = 8_000
"""Characters of a late result that is passed on as text."""


class Sending:
    """Of one session."""

    def __init__(self, talk: Talk, profile: Profile) -> None:
        self._talk, self._profile = talk, profile

    def live(self, value: RealtimeInput, kind: Kind, now: float) -> None:
        """Live input that is not audio."""
        self._talk.outbound.handle_timer(now)
        self._talk.outbound.live(encode_client(RealtimeInputMessage(value)), kind)

    def end_audio(self, now: float) -> None:
        """No audio follows for a while."""
        self._talk.outbound.handle_timer(now)
        self._talk.outbound.end_audio()

    def activity(self, started: bool, now: float) -> None:
        """The caller begins or stops to speak, where the service is told so."""
        if not self._talk.context.manual:
            raise LocalProtocolError("activity is told only where automatic detection is disabled")
        self._talk.outbound.handle_timer(now)
        self._talk.outbound.activity(started)
        self._talk.caller_speech(started, now, 0.0)

    def text(self, text: str, now: float, *, remember: bool) -> None:
        """Text as live input."""
        self._asked(text if remember else "")
        self.live(RealtimeInput(text=text), Kind.ASKS, now)

    def prompt(self, text: str, now: float, *, remember: bool) -> None:
        """Text that is answered at once, in the way that makes this model do so."""
        if self._profile.kick_off == "realtime_text":
            self.text(text, now, remember=remember)
        else:
            self.content([text_content(text)], turn_complete=True, remember=remember)

    def content(self, turns: Sequence[Content], *, turn_complete: bool, remember: bool) -> None:
        """Turns for the history."""
        refuse_turns(turns, self._profile)
        if remember:
            history = self._talk.words.history
            for turn in turns:
                for part in turn.parts:
                    history.said(turn.role or USER, part.text or "")
                history.turn_over()
        if turn_complete:
            self._asked("")
        frame = encode_client(ClientContentMessage(ClientContent(tuple(turns), turn_complete)))
        self._talk.outbound.other(frame, Kind.ASKS if turn_complete else Kind.TELLS)
        self._talk.track.told()

    def responses(self, responses: Sequence[FunctionResponse], now: float) -> None:
        """Answers to calls; those that come too late for it as text."""
        talk = self._talk
        for response in responses:
            if talk.track.lost_calls.pop(response.id, None) is not None:
                result = msgspec.json.encode(response.response).decode()[:MOST_RESULT]
                self.prompt(f"({response.name} answered: {result})", now, remember=True)
        answers = talk.inbound.calls.answered(responses)
        if answers:
            talk.inbound.content.new_turn()
            frame = encode_client(ToolResponseMessage(ToolResponse(answers)))
            talk.outbound.other(frame, Kind.ASKS, bound=True)
            talk.track.answered(frozenset(response.id for response in responses))
            for answer in answers:
                talk.words.history.result(answer.name, answer.response or {})
        if not talk.inbound.calls.blocking:
            talk.outbound.ungate()
            talk.outbound.handle_timer(now)

    def _asked(self, text: str) -> None:
        """A new turn begins with what we say."""
        self._talk.inbound.content.new_turn()
        self._talk.track.told()
        self._talk.words.told(text)
