"""Steps of a session that go together, and what is read from what it sent."""

import json
from typing import Any

from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import (
    Leaving,
    MoveFailed,
    OpenConnection,
    SendFrame,
    SessionEffect,
)
from tests.gemini.parties import frame, ready_session

HANDLE = frame(sessionResumptionUpdate={"newHandle": "h-1", "resumable": True})
SET_UP = frame(setupComplete={})
DEADLINE = Loss(1011, "Deadline expired before operation could complete.")


def resumable(policy: MovePolicy | None = None) -> LiveSession:
    """A session that is ready, idle, and has a handle."""
    session = ready_session(moves=policy)
    session.receive(1, HANDLE, 0.0)
    session.events()
    return session


def setup_in(effects: list[SessionEffect]) -> dict[str, Any]:
    """The one setup among these."""
    frames = [json.loads(e.frame) for e in effects if isinstance(e, SendFrame)]
    [setup] = [message["setup"] for message in frames if "setup" in message]
    return dict(setup)


def handle_in(effects: list[SessionEffect]) -> str | None:
    handle: str | None = setup_in(effects)["sessionResumption"].get("handle")
    return handle


def fail(session: LiveSession, connection: int, loss: Loss, now: float) -> float:
    """An attempt comes to nothing; when the next one is dialled."""
    session.lost(connection, loss, now)
    [event] = [e for e in session.events() if not isinstance(e, Leaving)]
    assert isinstance(event, MoveFailed)
    assert session.state is SessionState.WAITING
    assert session.next_timer() == now + event.retry_in_s
    session.handle_timer(now + event.retry_in_s)
    assert session.effects() == [OpenConnection(connection + 1)]
    return now + event.retry_in_s


def set_up(session: LiveSession, connection: int, now: float) -> list[SessionEffect]:
    """A connection is opened and set up; what the session sent on it."""
    session.connected(connection, now)
    effects = session.effects()
    session.receive(connection, SET_UP, now)
    return effects + session.effects()
