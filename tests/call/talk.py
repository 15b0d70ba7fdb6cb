"""The talk of a call, by hand: what is said, heard and played."""

from typing import Any

import numpy as np

from agent.audio import mulaw
from agent.call.bargein import BargeIn, BargeInMode
from agent.call.conversation import Conversation
from agent.call.keeping import Keeping
from agent.call.playout import Mark, Play, Playout
from agent.call.shield import Shield
from agent.call.timeline import Timeline
from agent.call.uplink import Uplink
from tests.call.line import voice


class Talk:
    def __init__(
        self,
        mode: BargeInMode = "both",
        keeping: Keeping | None = None,
        shield_s: float = 0.0,
    ) -> None:
        self.timeline = Timeline(0.0)
        self.replies: list[str] = []
        self.talk = Conversation(
            Playout(lead_ms=240, message_ms=100, start_ms=0),
            BargeIn(mode, 0.24, 0.0),
            self.timeline,
            self.replies.append,
            keeping,
            Shield(shield_s),
        )
        self.uplink = Uplink(20)
        self.n_frames = 0

    def hear(self, seconds: float, *, silent: bool = False) -> bool:
        """Caller audio; returns whether speech began or ended. Time goes by frames."""
        pcm = np.zeros(round(8000 * seconds), np.int16) if silent else voice(seconds)
        coded, found = mulaw.encode(pcm), False
        for i in range(0, len(coded), 160):
            self.uplink.push(coded[i : i + 160], 20 * self.n_frames)
            self.n_frames += 1
            found |= bool(self.talk.listen(self.uplink, self.now))
            self.talk.take(self.now)
        return found

    @property
    def now(self) -> float:
        return 0.02 * self.n_frames

    def say(self, seconds: float, text: str = "") -> list[Play | Mark]:
        self.talk.model_audio(voice(seconds, 24000), self.now)
        if text:
            self.talk.model_said(text, self.now)
        return self.talk.take(self.now)

    def play(self, until: float, since: float = 0.0) -> list[Play | Mark]:
        """Let what is queued go out in that time."""
        items = []
        while (due := self.talk.playout.next_due) <= until:
            items += self.talk.take(max(due, since))
        return items

    def told(self) -> list[tuple[str, Any]]:
        return [(e.name, e.values["pii.text"]) for e in self.timeline if e.name.endswith(".said")]

    def names(self) -> list[str]:
        return [e.name for e in self.timeline]
