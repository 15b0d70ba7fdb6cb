"""What carries a session: its connections one after the other, and the way between them; no I/O.

The states and what moves between them are the table of `session_state`. One connection carries the
session; at most one other is being prepared, and one being closed. The passenger, the session
itself, says when it may be moved, what the setup is, and is told when it has been.
Source: docs/protocols/gemini-live.md C-20 to C-23, C-28, B2, B3, B7, B35.
"""

from __future__ import annotations

from collections import Counter
from math import inf

from agent.errors import AgentError, DialError, LocalProtocolError
from agent.gemini.aftermath import Aftermath
from agent.gemini.backoff import LAST_CALL_S, Backoff
from agent.gemini.client_messages import SetupMessage
from agent.gemini.closes import ConnectionLostError, LossKind, classify, clean_reason, describe
from agent.gemini.codec import encode_client
from agent.gemini.connection import Connection, Stage
from agent.gemini.departure import Departure
from agent.gemini.models import Profile
from agent.gemini.passenger import Passenger
from agent.gemini.session_events import (
    CloseConnection,
    Leaving,
    Loss,
    MoveFailed,
    OpenConnection,
    SendFrame,
    SessionEffect,
    SessionEvent,
    SessionFailed,
    Why,
)
from agent.gemini.session_state import (
    TRANSITIONS,
    Fact,
    MovePolicy,
    Random,
    SessionLimits,
    SessionState,
)

NORMAL = 1000
PREDIAL_PAUSE_S = 1.0


class Carriage:
    """The connections of one session.

    Attributes:
        state: where the session stands.
        connection: the one that carries it; None: none does.
        departure: when and why that one is to be left.
        backoff: the attempts to get another.
        planned: the last leave was this side's choice.
        ever: a connection has carried the session.
    """

    def __init__(
        self,
        passenger: Passenger,
        profile: Profile,
        limits: SessionLimits,
        policy: MovePolicy,
        random: Random,
        effects: list[SessionEffect],
        events: list[SessionEvent],
        counters: Counter[str],
    ) -> None:
        self._passenger, self._limits, self._policy = passenger, limits, policy
        self._effects, self._events, self._counters = effects, events, counters
        self.state = SessionState.NEW
        self.connection: Connection | None = None
        self.departure = Departure(policy, profile)
        self.backoff = Backoff(policy, random)
        self.planned = False
        self.ever = False
        self._next: Connection | None = None
        self._former: Connection | None = None
        self._number = 0
        self._close_by = self._retry_at = self._predial_at = inf
        self._idle_refused = self._overlapped = False
        self._aftermath = Aftermath(passenger)

    # Facts

    def start(self, now: float) -> None:
        """Ask for the first connection."""
        self._step(Fact.STARTED)
        self.backoff.lost(None, now)
        self._dial(now)

    def connected(self, number: int, now: float) -> None:
        """The connection asked for is open. One that comes too late is closed again."""
        if self.state is SessionState.NEW:
            raise LocalProtocolError("a session that was never started was connected")
        connection = self._next
        if connection is None or connection.number != number:
            self._counters["facts_out_of_place"] += 1
            self._effects.append(CloseConnection(number, NORMAL, ""))
            return
        connection.connected()
        if self.state is SessionState.CONNECTING:
            self._set_up(connection, now)
        else:
            self.advance(now)

    def setting_up(self, number: int) -> Connection | None:
        """The connection of that number, if its setup awaits an answer."""
        connection = self._next
        if connection is None or connection.number != number:
            return None
        return connection if connection.stage is Stage.SETTING_UP else None

    def former(self, number: int) -> Connection | None:
        """The connection of that number, if it has just been left."""
        former = self._former
        return former if former is not None and former.number == number else None

    def set_up(self, connection: Connection, now: float) -> None:
        """The service has answered the setup."""
        self._step(Fact.SET_UP)
        self._next, self.connection = None, connection
        self._close_former()
        connection.ready(now)
        self.departure.ready(now)
        self._passenger.carried(connection, now)
        self.backoff.connected()
        self.ever = True

    def lost(self, number: int, loss: Loss, now: float) -> None:
        """A connection is gone, or could not be made."""
        for connection in (self.connection, self._next, self._former):
            if connection is not None and connection.number == number:
                break
        else:
            return  # given up before, from this side
        if connection is self._former:
            self._former = None
            if self.state is SessionState.CLOSING:
                self._freed(now)
            elif self.state is SessionState.WAITING and self._overlapped:
                self._retry_at = now  # what stood in the way is gone
                self.advance(now)
            return
        reason = loss.reason or connection.announced
        kind = classify(connection.phase, loss.code, reason, loss.http_status)
        if connection is self.connection:
            self._carrier_lost(connection, kind, loss.code, reason, Why.LOST, now)
        else:
            self._came_to_nothing(connection, kind, loss, reason, now)

    def broken(
        self, connection: Connection, code: int, says: str, kind: LossKind, why: str, now: float
    ) -> None:
        """This side gives a connection up: what comes on it is of no use, or nothing comes.

        Args:
            says: to the peer.
        """
        self._effects.append(CloseConnection(connection.number, code, says))
        if connection is self.connection:
            reason = Why.SILENT if kind is LossKind.SILENT else Why.LOST
            self._carrier_lost(connection, kind, None, why, reason, now)
        else:
            self._came_to_nothing(connection, kind, Loss(None, why), why, now)

    def leave(self, why: Why, now: float) -> None:
        """Leave the connection at once."""
        if self.state is SessionState.READY:
            self._step(Fact.WANTED)
        connection = self.connection
        if self.state is not SessionState.PREPARING or connection is None:
            return
        self._step(Fact.LEFT)
        self._predial_at = inf
        self._unhitch(connection, why, True, None, None, "", now)
        self._former = connection
        self.backoff.lost(None, now)
        if self._policy.overlap and self._next is not None and self._next.stage is Stage.OPEN:
            self._freed(now)
            return
        connection.stage = Stage.CLOSING
        self._effects.append(CloseConnection(connection.number, NORMAL, ""))
        self._close_by = now + self._policy.close_wait_s

    def close(self) -> None:
        """End the session from our side."""
        for connection in (self.connection, self._next, self._former):
            if connection is not None and connection.stage is not Stage.CLOSING:
                self._effects.append(CloseConnection(connection.number, NORMAL, ""))
        self._end()

    # Time

    @property
    def due(self) -> float:
        """When `advance` next has something to do."""
        due = min(self._close_by, self._retry_at, self._predial_at)
        if self._policy.moves:
            due = min(due, self.departure.due)
        return due if self._next is None else min(due, self._next.deadline)

    def advance(self, now: float) -> None:
        """Do what is due, or has become possible."""
        departure = self.departure
        departure.advance(now)
        if self.state is SessionState.READY and departure.why is not None and self._policy.moves:
            self._step(Fact.WANTED)
            self._idle_refused = False
            self._predial_at = now if self._policy.predial else inf
        if self.state is SessionState.PREPARING and departure.why is not None:
            if now >= self._predial_at:
                self._predial_at = inf
                self._dial(now)
            if now >= departure.must_at or (self._is_prepared() and self._passenger.at_rest()):
                self.leave(departure.why, now)
        if self._next is not None and now >= self._next.deadline:
            self.broken(self._next, NORMAL, "", LossKind.SILENT, self._next.overdue(), now)
        if now >= self._close_by:
            self._freed(now)
        if now >= self._retry_at:
            self._retry_at = inf
            self._step(Fact.DUE)
            self._dial(now)

    # Steps

    def _is_prepared(self) -> bool:
        if not self._policy.predial or self._idle_refused:
            return True
        return self._next is not None and self._next.stage is Stage.OPEN

    def _dial(self, now: float) -> None:
        self._number += 1
        self._next = Connection(self._number, self._limits, now)
        self._bound(self._next, now)
        self._effects.append(OpenConnection(self._number))

    def _set_up(self, connection: Connection, now: float) -> None:
        setup = self._passenger.opening()
        connection.set_up(self._passenger.handle is not None, now)
        self._bound(connection, now)
        frame = encode_client(SetupMessage(setup))
        self._effects.append(SendFrame(connection.number, frame))

    def _bound(self, connection: Connection, now: float) -> None:
        """No attempt outlasts the budget."""
        if self.backoff.since is not None:
            over_at = max(self.backoff.over_at, now + LAST_CALL_S)
            connection.deadline = min(connection.deadline, over_at)

    def _freed(self, now: float) -> None:
        """The way is free for the next connection."""
        self._close_by = self._predial_at = inf
        self._step(Fact.FREED)
        self._connect(now)

    def _connect(self, now: float) -> None:
        if self._next is None:
            self._dial(now)
        elif self._next.stage is Stage.OPEN:
            self._set_up(self._next, now)

    def _carrier_lost(
        self,
        connection: Connection,
        kind: LossKind,
        code: int | None,
        reason: str,
        why: Why,
        now: float,
    ) -> None:
        reason = clean_reason(reason, (self._passenger.handle,))
        text = describe("live", code, reason, kind)
        alive_s = now - connection.ready_at
        connection.stage = Stage.GONE
        go_on = self._policy.moves and kind.retryable
        if go_on:
            self._unhitch(connection, why, False, kind, code, reason, now)
            go_on = self.backoff.lost(alive_s, now)
        if not go_on:
            self.connection = None
            self._fail(ConnectionLostError(text, kind), "live", code, reason)
            return
        self._aftermath.of_carrier(kind, now)
        self._predial_at = inf
        self._step(Fact.LOST)
        self._connect(now)

    def _unhitch(
        self,
        connection: Connection,
        why: Why,
        planned: bool,
        kind: LossKind | None,
        code: int | None,
        reason: str,
        now: float,
    ) -> None:
        self.connection = None
        self.planned = planned
        if self.departure.fresh:
            self._passenger.handle = None
        self.departure.gone()
        place = len(self._events)
        cut = self._passenger.left(kind, code)
        leaving = Leaving(connection.number, planned, why, cut, "live", code, reason)
        self._events.insert(place, leaving)

    def _came_to_nothing(
        self, connection: Connection, kind: LossKind, loss: Loss, reason: str, now: float
    ) -> None:
        """The connection that was to carry the session will not."""
        self._next = None
        phase = connection.phase
        if self.state in {SessionState.PREPARING, SessionState.CLOSING}:
            self._counters["predial_failures"] += 1
            if connection.stage is Stage.OPEN:
                self._idle_refused = True
            elif self.state is SessionState.PREPARING:
                self._predial_at = now + PREDIAL_PAUSE_S
            return
        self._overlapped = self._former is not None
        self._close_former()
        self._passenger.figures.failed_attempts += 1
        reason = clean_reason(reason, (self._passenger.handle,))
        text = describe(phase, loss.code, reason, kind)
        hopeless = not loss.retryable or not self._aftermath.of_attempt(
            kind, phase, overlapped=self._overlapped
        )
        pause = None if hopeless or not self._policy.moves else self.backoff.failed(kind, now)
        if pause is None:
            retryable = loss.retryable and kind.retryable
            error = DialError(text, status=loss.http_status, retryable=retryable)
            self._fail(error, phase, loss.code, reason)
            return
        self._step(Fact.FAILED)
        self._retry_at = now + pause
        failed = MoveFailed(phase, loss.code, reason, self.backoff.attempts, pause)
        self._events.append(failed)

    def _close_former(self) -> None:
        """With overlap, the former connection is closed only now."""
        former = self._former
        if former is not None and former.stage is not Stage.CLOSING:
            former.stage = Stage.CLOSING
            self._effects.append(CloseConnection(former.number, NORMAL, ""))

    def _fail(self, error: AgentError, phase: str, code: int | None, reason: str) -> None:
        self._events.append(SessionFailed(error, phase, code, reason))
        self.close()

    def _end(self) -> None:
        self._step(Fact.ENDED)
        self.connection = self._next = self._former = None
        self._close_by = self._retry_at = self._predial_at = inf
        self.departure.gone()
        self._passenger.over()

    def _step(self, fact: Fact) -> None:
        state = TRANSITIONS.get((self.state, fact))
        if state is None:
            raise LocalProtocolError(f"a session in state {self.state.name} was {fact.name}")
        self.state = state
