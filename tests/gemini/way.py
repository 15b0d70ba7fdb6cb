"""The way out of a session with its ledger, and what went out."""

import base64
from collections import Counter
from typing import Any

from agent.gemini.client_messages import RealtimeInput, RealtimeInputMessage
from agent.gemini.codec import encode_client
from agent.gemini.connection import Connection
from agent.gemini.ledger import Kind, Ledger
from agent.gemini.outbound import Outbound
from agent.gemini.session_events import SendFrame, SessionEffect
from agent.gemini.session_state import DEFAULT_LIMITS, MovePolicy
from tests.gemini.parties import (
    sent_json,
)

START: dict[str, Any] = {"realtimeInput": {"activityStart": {}}}
END: dict[str, Any] = {"realtimeInput": {"activityEnd": {}}}
SPEED = 4.0
PACKET_S = 0.04


def text(words: str) -> bytes:
    return encode_client(RealtimeInputMessage(RealtimeInput(text=words)))


class Way:
    """The way out, its ledger, and what went out."""

    def __init__(
        self, *, manual: bool = False, acknowledges: bool = False, up: bool = True
    ) -> None:
        self.effects: list[SessionEffect] = []
        self.counters: Counter[str] = Counter()
        policy = MovePolicy(replay_speed=SPEED)
        self.ledger = Ledger(policy, self.counters, acknowledges=acknowledges)
        self.out = Outbound(self.effects, self.ledger, policy, self.counters, manual=manual)
        self.connection = Connection(0, DEFAULT_LIMITS, 0.0)
        if up:
            self.connect(0.0, resumed=False)

    def connect(self, now: float, *, resumed: bool = True) -> None:
        self.connection = Connection(self.connection.number + 1, DEFAULT_LIMITS, now)
        plan = self.ledger.plan(resumed=resumed, covers=False, media=True)
        self.out.carried_by(self.connection)
        self.out.take_over(plan, now)

    def packet(self, name: int) -> None:
        """40 ms of the caller's line."""
        self.out.audio(name.to_bytes(2, "little") * 640)

    def text(self, words: str) -> None:
        self.out.live(text(words), Kind.ASKS)

    def sent(self) -> list[Any]:
        """What went out since the last time: numbers of packets, texts, else the message."""
        frames, self.effects[:] = self.effects.copy(), []
        for frame in frames:
            assert isinstance(frame, SendFrame)
            assert frame.connection == self.connection.number
        return [_name(effect) for effect in frames]


def _name(effect: SessionEffect) -> Any:
    message = sent_json(effect)
    live = message.get("realtimeInput", {})
    if "audio" in live:
        return int.from_bytes(_pcm(effect)[:2], "little")
    return live.get("text", message)


def _pcm(effect: SessionEffect) -> bytes:
    return base64.b64decode(sent_json(effect)["realtimeInput"]["audio"]["data"])
