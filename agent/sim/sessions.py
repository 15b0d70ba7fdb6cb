"""The sessions of one stand-in and their handles, over all its connections, without I/O.

A handle is bound to a state of its session; resuming takes up exactly that state.
Source: docs/protocols/gemini-live.md 3.7, E-28 to E-31.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.sim.faults import Faults
from agent.sim.mishaps import INTERNAL_ERROR
from agent.sim.refusals import Refusals
from agent.sim.server_frames import Call
from agent.sim.server_profiles import ServerProfile, model_id
from agent.sim.server_session import SessionState
from agent.sim.wire import INTERNAL, POLICY, Refused, invalid_argument

LIFE_S = {"developer": 2 * 3600.0, "vertex": 24 * 3600.0}
"""How long a handle is good after its session's last connection has ended."""

MOST_HANDLES = 2_000
"""Handles kept; the oldest are forgotten."""

NOT_FOUND = "Session not found or expired."  # wording unverified


@dataclass(slots=True)
class LogicalSession:
    """What one conversation is, however many connections it takes.

    Attributes:
        number: from 1, in the order of their beginning.
        n_connections: how many have been set up.
        open: connections whose close this side has not seen.
        newest: the last handle that was issued; "" for none.
        lost: calls without an answer when the last connection ended.
    """

    number: int
    n_connections: int = 0
    n_handles: int = 0
    open: set[str] = field(default_factory=set)
    ended_at: float = 0.0
    newest: str = ""
    lost: tuple[Call, ...] = ()

    @property
    def name(self) -> str:
        """For the recording."""
        return f"session-{self.number}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a handle is bound to.

    Attributes:
        state: not to be changed: whoever resumes it takes copies.
        ordinal: the handle's number in its session, from 1.
    """

    session: LogicalSession
    surface: str
    state: SessionState
    ordinal: int
    issued_at: float


class SessionStore:
    """Issues handles and finds what they stand for.

    Attributes:
        faults: consulted for how resumption goes wrong.
        refusals: connections that come to nothing.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.refusals = Refusals(self.faults.refusals)
        self._handles: dict[str, Snapshot] = {}
        self._n_sessions = 0

    def begin(self, connection: str) -> LogicalSession:
        """A session that resumes nothing."""
        self._n_sessions += 1
        session = LogicalSession(self._n_sessions, 1)
        session.open.add(connection)
        return session

    def resume(
        self, handle: str, connection: str, profile: ServerProfile, model: str, now: float
    ) -> Snapshot:
        """The state a handle stands for; the connection now belongs to its session.

        Raises:
            Refused: there is no such handle any more, or its session is still connected.
        """
        snapshot = self._handles.get(handle)
        rules = self.faults.resumption
        if snapshot is None or snapshot.surface != profile.surface or _expired(snapshot, now):
            raise Refused(POLICY, NOT_FOUND)
        session = snapshot.session
        if rules.newer_invalidates and handle != session.newest:
            raise Refused(POLICY, NOT_FOUND)
        if model_id(model) != model_id(snapshot.state.model):
            raise invalid_argument()
        if session.open and not rules.allow_overlap:
            raise Refused(INTERNAL, INTERNAL_ERROR)
        session.open.add(connection)
        session.n_connections += 1
        return snapshot

    def number_of(self, handle: str) -> int:
        """The session that a handle belongs to; 0 when it is not known."""
        snapshot = self._handles.get(handle)
        return 0 if snapshot is None else snapshot.session.number

    def leaving(self, session: LogicalSession) -> None:
        """A connection of this session has been told to go."""
        self.refusals.leaving(session.number)

    def lost_calls(self, handle: str) -> tuple[Call, ...]:
        """What the service still waits for when a session goes on from its newest handle."""
        snapshot = self._handles[handle]
        return snapshot.session.lost if handle == snapshot.session.newest else ()

    def poisoned(self, snapshot: Snapshot) -> bool:
        """Whether the resumed session hears and never answers."""
        return bool(self.faults.resumption.poisoned & {0, snapshot.ordinal})

    def issue(
        self,
        session: LogicalSession,
        profile: ServerProfile,
        state: SessionState,
        number: int,
        now: float,
    ) -> str:
        """A handle for this state.

        Args:
            number: unique; what cannot be guessed makes handles that cannot be either.
        """
        digest = hashlib.blake2b(number.to_bytes(16, "big"), digest_size=24).digest()
        handle = base64.urlsafe_b64encode(digest).decode()
        session.n_handles += 1
        session.newest = handle
        snapshot = Snapshot(session, profile.surface, state, session.n_handles, now)
        self._handles[handle] = snapshot
        while len(self._handles) > MOST_HANDLES:
            del self._handles[next(iter(self._handles))]
        return handle

    def left(
        self, session: LogicalSession, connection: str, calls: Sequence[Call], now: float
    ) -> None:
        """A connection of this session has ended, as this side knows now.

        Args:
            calls: what waited for an answer.
        """
        session.open.discard(connection)
        session.ended_at = now
        session.lost = tuple(calls)
        self.leaving(session)


def _expired(snapshot: Snapshot, now: float) -> bool:
    session = snapshot.session
    return not session.open and now > session.ended_at + LIFE_S[snapshot.surface]
