"""What carries a session: its connections one after the other, and the way between them; no I/O.

The states and what moves between them are the table of `session_state`; the connections lie in
`berths`. The passenger, the session itself, says when it may be moved, what the setup is, and is
told when it has been.
Source: docs/protocols/gemini-live.md C-20 to C-23, C-28, B2, B3, B7, B35.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import inf

from agent.errors import AgentError, DialError, LocalProtocolError
from agent.gemini.attempts import Attempts
from agent.gemini.berths import NORMAL, Berths
from agent.gemini.client_messages import SetupMessage
from agent.gemini.closes import ConnectionLostError, LossKind, classify, clean_reason, describe
from agent.gemini.codec import encode_client
from agent.gemini.connection import Connection, Stage
from agent.gemini.departure import Departure
from agent.gemini.models import Profile
from agent.gemini.passenger import Passenger
from agent.gemini.session_events import (
    Leaving,
    Loss,
    MoveFailed,
    SendFrame,
    SessionEffect,
    SessionEvent,
    SessionFailed,
    Why,
)
from agent.gemini.session_state import (
    Fact,
    MovePolicy,
    Random,
    SessionLimits,
    SessionState,
    state_after,
)


class Carriage:
    """The connections of one session.

    Attributes:
        state: where the session stands.
        departure: when and why its connection is to be left.
        attempts: to get another.
        berths: that one, and those before and after it.
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
        self._passenger, self._policy = passenger, policy
        self._effects, self._events, self._counters = effects, events, counters
        self.state = SessionState.NEW
        self.departure = Departure(policy, profile)
        self.attempts = Attempts(passenger, policy, random)
        self.planned = False
        self.ever = False
        self.berths = Berths(limits, effects)
        self._resumes: str | None = None  # what the last setup named
        self._close_by = inf

    @property
    def connection(self) -> Connection | None:
        """The one that carries the session; None: none does."""
        return self.berths.carrier

    # Facts

    def start(self, now: float) -> None:
        """Ask for the first connection."""
        self._step(Fact.STARTED)
        self.attempts.begin(now)
        self._dial(now)

    def connected(self, number: int, now: float) -> None:
        """The connection asked for is open. One that comes too late is closed again."""
        if self.state is SessionState.NEW:
            raise LocalProtocolError("a session that was never started was connected")
        connection = self.berths.find(number)
        if connection is None or connection.stage is not Stage.DIALLING:
            self._counters["facts_out_of_place"] += 1
            if connection is None:
                self.berths.refuse(number)
            return
        connection.connected()
        if self.state is SessionState.CONNECTING:
            self._set_up(connection, now)
        else:
            self.advance(now)

    def set_up(self, connection: Connection, now: float) -> None:
        """The service has answered the setup."""
        self._step(Fact.SET_UP)
        self.berths.arrive()
        connection.ready(now)
        self.departure.ready(now)
        self._passenger.carried(connection, now)
        self.attempts.over()
        self.ever = True

    def lost(self, number: int, loss: Loss, now: float) -> None:
        """A connection is gone, or could not be made."""
        connection = self.berths.find(number)
        if connection is None:
            return  # given up before, from this side
        if connection is self.berths.former:
            self.berths.former = None
            if self.state is SessionState.CLOSING:
                self._freed(now)
            else:
                self.attempts.way_is_free(now)
                self.advance(now)
            return
        reason = loss.reason or connection.announced
        kind = classify(connection.phase, loss.code, reason, loss.http_status)
        self._ended(connection, kind, replace(loss, reason=reason), Why.LOST, now)

    def broken(
        self, connection: Connection, code: int, says: str, kind: LossKind, why: str, now: float
    ) -> None:
        """This side gives a connection up: what comes on it is of no use, or nothing comes.

        Args:
            says: to the peer.
        """
        self.berths.give_up(connection, code, says)
        reason = Why.SILENT if kind is LossKind.SILENT else Why.LOST
        self._ended(connection, kind, Loss(None, why), reason, now)

    def leave(self, why: Why, now: float) -> None:
        """Leave the connection at once; one that resumes what is not wanted any more as well."""
        if self.state is SessionState.READY:
            self._step(Fact.WANTED)
        connection = self.connection
        if self.state is not SessionState.PREPARING or connection is None:
            if self._resumes != self._passenger.handle:
                self.begin_again(now)
            return
        self._step(Fact.LEFT)
        self.berths.leave()
        self._unhitched(connection, why, None, Loss(None, ""))
        self.attempts.begin(now)
        if self._policy.overlap and self.berths.next_is_open:
            self._freed(now)
            return
        self.berths.close(connection)
        self._close_by = now + self._policy.close_wait_s

    def begin_again(self, now: float) -> None:
        """A setup that is on its way says what is not so any more: another takes its place."""
        following = self.berths.next
        if following is not None and following.stage is Stage.SETTING_UP:
            self.berths.next = None
            self.berths.close(following)
            self._dial(now)

    def close(self) -> None:
        """End the session from our side."""
        self.berths.close_all()
        self._end()

    # Time

    @property
    def due(self) -> float:
        """When `advance` next has something to do."""
        due = min(self._close_by, self.attempts.retry_at, self.departure.dial_at)
        if self._policy.moves:
            due = min(due, self.departure.due)
        following = self.berths.next
        return due if following is None else min(due, following.deadline)

    def advance(self, now: float) -> None:
        """Do what is due, or has become possible."""
        departure = self.departure
        departure.advance(now)
        if self.state is SessionState.READY and departure.why is not None and self._policy.moves:
            self._step(Fact.WANTED)
            departure.prepare(now)
        if self.state is SessionState.PREPARING and departure.why is not None:
            if departure.dials(now):
                self._dial(now)
            prepared = departure.is_prepared(open_=self.berths.next_is_open)
            if now >= departure.must_at or (prepared and self._passenger.at_rest()):
                self.leave(departure.why, now)
        following = self.berths.next
        if following is not None and now >= following.deadline:
            self.broken(following, NORMAL, "", LossKind.SILENT, following.overdue(), now)
        if now >= self._close_by:
            self._freed(now)
        if now >= self.attempts.retry_at:
            self.attempts.retry_at = inf
            self._step(Fact.DUE)
            self._dial(now)

    # Steps

    def _dial(self, now: float) -> None:
        self.attempts.bound(self.berths.dial(now), now)

    def _set_up(self, connection: Connection, now: float) -> None:
        self._resumes = self._passenger.handle
        setup = self._passenger.opening()
        connection.set_up(self._resumes is not None, now)
        self.attempts.bound(connection, now)
        frame = encode_client(SetupMessage(setup))
        self._effects.append(SendFrame(connection.number, frame))

    def _freed(self, now: float) -> None:
        """The way is free for the next connection."""
        self._close_by = inf
        self._step(Fact.FREED)
        self._connect(now)

    def _connect(self, now: float) -> None:
        following = self.berths.next
        if following is None:
            self._dial(now)
        elif following.stage is Stage.OPEN:
            self._set_up(following, now)

    def _ended(
        self, connection: Connection, kind: LossKind, loss: Loss, why: Why, now: float
    ) -> None:
        secrets = (self._passenger.handle, self._resumes)
        loss = replace(loss, reason=clean_reason(loss.reason, secrets))
        if connection is self.connection:
            self._carrier_lost(connection, kind, loss, why, now)
        else:
            self._came_to_nothing(connection, kind, loss, now)

    def _carrier_lost(
        self, connection: Connection, kind: LossKind, loss: Loss, why: Why, now: float
    ) -> None:
        self.berths.carrier = None
        go_on = self._policy.moves and kind.retryable
        if go_on:
            self._unhitched(connection, why, kind, loss)
            go_on = self.attempts.lost(connection, kind, now)
        if not go_on:
            text = describe("live", loss.code, loss.reason, kind)
            self._fail(ConnectionLostError(text, kind), "live", loss)
            return
        self._step(Fact.LOST)
        self._connect(now)

    def _unhitched(
        self, connection: Connection, why: Why, kind: LossKind | None, loss: Loss
    ) -> None:
        """No connection carries the session; `kind` is None when it was left."""
        self.planned = kind is None
        if self.departure.fresh:
            self._passenger.handle = None
        self.departure.gone()
        place = len(self._events)
        cut = self._passenger.left(kind, loss.code)
        leaving = Leaving(connection.number, self.planned, why, cut, "live", loss.code, loss.reason)
        self._events.insert(place, leaving)

    def _came_to_nothing(
        self, connection: Connection, kind: LossKind, loss: Loss, now: float
    ) -> None:
        """The connection that was to carry the session will not."""
        self.berths.next = None
        if self.state in {SessionState.PREPARING, SessionState.CLOSING}:
            self._counters["predial_failures"] += 1
            if self.state is SessionState.PREPARING:
                self.departure.dial_failed(now, open_=connection.stage is Stage.OPEN)
            return
        overlapped = self.berths.former is not None
        self.berths.close_former()
        self._passenger.figures.failed_attempts += 1
        phase, hopeless = connection.phase, not (loss.retryable and self._policy.moves)
        pause = self.attempts.failed(kind, phase, now, overlapped=overlapped, hopeless=hopeless)
        if pause is None:
            text = describe(phase, loss.code, loss.reason, kind)
            retryable = loss.retryable and kind.retryable
            error = DialError(text, status=loss.http_status, retryable=retryable)
            self._fail(error, phase, loss)
            return
        self._step(Fact.FAILED)
        failed = MoveFailed(phase, loss.code, loss.reason, self.attempts.count, pause)
        self._events.append(failed)

    def _fail(self, error: AgentError, phase: str, loss: Loss) -> None:
        self._events.append(SessionFailed(error, phase, loss.code, loss.reason))
        self.close()

    def _end(self) -> None:
        self._step(Fact.ENDED)
        self.berths.forget()
        self._close_by = inf
        self.attempts.over()
        self.departure.gone()
        self._passenger.over()

    def _step(self, fact: Fact) -> None:
        self.state = state_after(self.state, fact)
