"""When a connection tells its client a handle, or that there is none, without I/O.

Source: docs/protocols/gemini-live.md 3.7, E-28 and E-33.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from agent.sim import server_frames as frames
from agent.sim.conversation import Conversation
from agent.sim.mishaps import Resumption
from agent.sim.server_profiles import ServerProfile
from agent.sim.talk_state import Noted

_BUSY = {Noted.GENERATING, Noted.CALLING}


class Updates:
    """The `sessionResumptionUpdate`s of one connection.

    Args:
        rules: how the promise is kept.
        asked: `setup` has asked for them.
        transparent: they name the last client message that they include.
        issue: makes a handle for the present state, given the time.
    """

    def __init__(
        self,
        rules: Resumption,
        profile: ServerProfile,
        issue: Callable[[float], str],
        *,
        asked: bool,
        transparent: bool,
    ) -> None:
        self._rules, self._profile, self._issue = rules, profile, issue
        self._asked = asked and rules.handles != "none"
        self._unasked = profile.handle_unasked and rules.handles != "none"
        self._transparent = transparent
        self._moments = {Noted.TURN_OVER, Noted.ANSWERED}
        if rules.when_generated:
            self._moments.add(Noted.GENERATED)
        self._spent = False
        self._last = 0
        self._late: deque[tuple[int, bytes]] = deque()

    def ready(self, conversation: Conversation, now: float) -> None:
        """`setupComplete` has been sent."""
        if self._asked:
            self._offer(conversation, 0, now)

    def settle(
        self, conversation: Conversation, noted: list[Noted], index: int, now: float
    ) -> None:
        """A message has been dealt with, or a timer: say what follows from it.

        Args:
            index: the last client message that was received; everything up to it is included.
        """
        if not self._asked:
            if self._unasked and Noted.ANSWERED in noted:
                self._offer(conversation, index, now)
            return
        if noted and not self._moments.isdisjoint(noted):
            self._offer(conversation, index, now)
        elif noted and not _BUSY.isdisjoint(noted) and not self._resumable(conversation):
            conversation.send(frames.resumption_update())
        elif self._is_time(index) and self._resumable(conversation):
            self._offer(conversation, index, now)
        while self._late and self._late[0][0] <= index:
            conversation.send(self._late.popleft()[1])

    def _is_time(self, index: int) -> bool:
        return self._transparent and index >= self._last + self._rules.update_every

    def _resumable(self, conversation: Conversation) -> bool:
        """2.5 gives no handle during a turn, and no model while a function is at work."""
        if conversation.delivery.tools.pending and not self._rules.during_calls:
            return False
        return self._profile.handle_in_turn or not conversation.generating

    def _offer(self, conversation: Conversation, index: int, now: float) -> None:
        """A handle for now, if there may be one."""
        if self._spent or not self._resumable(conversation):
            conversation.send(frames.resumption_update())
            return
        self._spent = self._rules.handles == "once"
        self._last = index
        handle = self._issue(now)
        update = frames.resumption_update(handle, index if self._transparent else None)
        if self._transparent and index and self._rules.index_lag:
            self._late.append((index + self._rules.index_lag, update))
        else:
            conversation.send(update)
