"""Frames of the service, each told apart by the connection it came on, without I/O.

One connection carries the session; one may have been sent its setup, one may just have been left.
Source: docs/protocols/gemini-live.md 3.1, C-1, C-2, B8.
"""

from __future__ import annotations

from collections import Counter

from agent.errors import PeerProtocolError
from agent.gemini.carriage import Carriage
from agent.gemini.closes import LossKind
from agent.gemini.codec import decode_server, unknown_keys
from agent.gemini.connection import Connection
from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.durations import parse_duration
from agent.gemini.server_messages import GoAway, ServerMessage
from agent.gemini.session_events import GoingAway, Moved, Ready, SessionEvent, Why
from agent.gemini.talk import Talk

PROTOCOL_ERROR = 1002
_NOTHING = ServerMessage()


class Reception:
    """Reads the frames of one session."""

    def __init__(
        self,
        talk: Talk,
        carriage: Carriage,
        events: list[SessionEvent],
        counters: Counter[str],
        gate_s: float,
    ) -> None:
        self._talk, self._carriage = talk, carriage
        self._events, self._counters, self._gate_s = events, counters, gate_s

    def receive(self, number: int, frame: bytes | str, now: float) -> None:
        """Take in one frame; never raises, whatever it is."""
        carrier = self._carriage.connection
        if carrier is None or carrier.number != number:
            self._receive_elsewhere(number, frame, now)
            return
        message = self._decode(carrier, frame, now)
        if message is None:
            return
        if message == _NOTHING:
            self._counters["unknown_keys"] += len(unknown_keys(frame))
            return
        self._take_in(message, now)

    def _receive_elsewhere(self, number: int, frame: bytes | str, now: float) -> None:
        """A frame of a connection that does not, or not yet, carry the session."""
        connection = self._carriage.berths.setting_up(number)
        if connection is not None:
            message = self._decode(connection, frame, now)
            if message is None:
                return
            if message.go_away is not None:
                connection.notice = (_time_left(message.go_away), now)
            if message.setup_complete is None:
                self._counters["received_before_setup"] += 1
                return
            self._set_up(connection, message, now)
            return
        former = self._carriage.berths.former
        try:
            message = decode_server(frame) if former and former.number == number else None
        except PeerProtocolError:
            message = None  # whoever has been left may say what it likes
        if message is None:
            self._counters["received_out_of_place"] += 1
        else:
            self._talk.read_late(message)

    def _set_up(self, connection: Connection, message: ServerMessage, now: float) -> None:
        carriage, talk = self._carriage, self._talk
        first, planned = not carriage.ever, carriage.planned
        since = carriage.attempts.since
        place = len(self._events)
        carriage.set_up(connection, now)
        if first:
            session_id = message.setup_complete and message.setup_complete.session_id
            self._events.insert(place, Ready(session_id or None))
        else:
            took_s = 0.0 if since is None else now - since
            figures = talk.figures
            figures.moves += planned
            figures.longest_without_s = max(figures.longest_without_s, took_s)
            plan = talk.replay
            replayed_ms = plan.replayed * 1000 // UPLINK_RATE_HZ
            moved = Moved(
                connection.number, planned, connection.resumes, took_s, replayed_ms, plan.asks
            )
            self._events.insert(place, moved)
        if connection.notice is not None and message.go_away is None:
            left_s, at = connection.notice
            self._events.append(GoingAway(left_s))
            carriage.departure.go_away(left_s, at)
        self._take_in(message, now)

    def _decode(
        self, connection: Connection, frame: bytes | str, now: float
    ) -> ServerMessage | None:
        try:
            message = decode_server(frame)
        except PeerProtocolError as error:
            self._counters["malformed"] += 1
            if connection.unreadable():
                says = "unreadable frames"
                self._carriage.broken(
                    connection, PROTOCOL_ERROR, says, LossKind.UNKNOWN, str(error), now
                )
            return None
        connection.malformed = 0
        if message.error is not None:
            connection.announced = f"{message.error.status} {message.error.message}"
        return message

    def _take_in(self, message: ServerMessage, now: float) -> None:
        talk = self._talk
        talk.read(message, now)
        if message.tool_call is not None or message.tool_call_cancellation is not None:
            self._keep_gate(message, now)
        if message.go_away is not None:
            self._carriage.departure.go_away(_time_left(message.go_away), now)
        if talk.forgotten:
            talk.forgotten = False
            self._counters["contexts_lost"] += 1
            self._carriage.departure.want(Why.CONTEXT_LOST, now, fresh=True)
        if self._carriage.departure.why is not None:
            self._carriage.advance(now)

    def _keep_gate(self, message: ServerMessage, now: float) -> None:
        blocking = self._talk.inbound.calls.blocking
        if not blocking:
            self._talk.outbound.ungate()
            self._talk.outbound.handle_timer(now)
        elif message.tool_call is not None and self._talk.gates:
            self._talk.outbound.gate(now + self._gate_s)


def _time_left(message: GoAway) -> float | None:
    left_s = parse_duration(message.time_left)
    return None if left_s is None else max(left_s, 0.0)
