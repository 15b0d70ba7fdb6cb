"""One connection to the service: how far it has come, and when it takes too long; without I/O.

    DIALLING --connected--> OPEN --set_up--> SETTING_UP --ready--> LIVE --close--> CLOSING --> GONE

A connection that waits for its turn stays OPEN: the service has seen the upgrade and no setup.
Source: docs/protocols/gemini-live.md 1.3, C-3, C-22.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf

from agent.gemini.closes import Phase
from agent.gemini.session_state import SessionLimits


class Stage(Enum):
    """How far a connection has come."""

    DIALLING = auto()
    OPEN = auto()
    SETTING_UP = auto()
    LIVE = auto()
    CLOSING = auto()
    GONE = auto()


class Connection:
    """One connection.

    Attributes:
        number: from 1, in the order in which they were asked for.
        stage: how far it has come.
        deadline: when it has taken too long, in the time of `now`; `inf` while nothing is awaited.
        resumes: its setup names a handle.
        ready_at: since when it carries the session.
        heard_at: when its last frame came.
        malformed: frames nobody could read, one after the other.
        announced: an error the service named before closing.
        notice: a `goAway` that came before the setup was answered: what it left, and when it came.
        index: of the last message sent on it; the setup is 0 (3.7).
    """

    def __init__(self, number: int, limits: SessionLimits, now: float) -> None:
        self.number = number
        self.stage = Stage.DIALLING
        self.deadline = now + limits.dial_timeout_s
        self.resumes = False
        self.ready_at = self.heard_at = now
        self.malformed = 0
        self.announced = ""
        self.index = 0
        self.notice: tuple[float | None, float] | None = None
        self._limits = limits

    @property
    def phase(self) -> Phase:
        """Where it stands, for judging its loss."""
        if self.stage in {Stage.DIALLING, Stage.OPEN}:
            return "dial"
        if self.stage is Stage.SETTING_UP:
            return "resume" if self.resumes else "setup"
        return "live"

    def connected(self) -> None:
        """The upgrade is done."""
        self.stage = Stage.OPEN
        self.deadline = inf

    def set_up(self, resumes: bool, now: float) -> None:
        """The setup is sent."""
        self.stage = Stage.SETTING_UP
        self.resumes = resumes
        self.deadline = now + self._limits.setup_timeout_s

    def ready(self, now: float) -> None:
        """The service has answered it."""
        self.stage = Stage.LIVE
        self.deadline = inf
        self.ready_at = self.heard_at = now

    def unreadable(self) -> bool:
        """Count a frame nobody can read; whether that was one too many."""
        self.malformed += 1
        return self.malformed >= self._limits.malformed_in_a_row

    def overdue(self) -> str:
        """What took too long, in words."""
        if self.stage is Stage.DIALLING:
            return f"no connection within {self._limits.dial_timeout_s:g} s"
        return f"no setupComplete within {self._limits.setup_timeout_s:g} s"
