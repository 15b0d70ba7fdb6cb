"""How long an attempt may take, and what follows it."""

from math import inf

import pytest

from agent.gemini.attempts import Attempts
from agent.gemini.backoff import LAST_CALL_S
from agent.gemini.closes import LossKind, Phase
from agent.gemini.connection import Connection
from agent.gemini.figures import SessionFigures
from agent.gemini.session_state import DEFAULT_LIMITS, MovePolicy
from agent.gemini.setup_messages import Setup

POLICY = MovePolicy(budget_s=20.0, backoff_s=(1.0, 2.0))


class Rider:
    """What the attempts ask of a passenger: its handle, and whether there is another setup."""

    figures = SessionFigures()

    def __init__(self) -> None:
        self.handle: str | None = "h"

    def at_rest(self) -> bool:
        return True

    def opening(self) -> Setup:
        return Setup("models/m")

    def opening_refused(self) -> bool:
        return False

    def left(self, kind: LossKind | None, code: int | None) -> bool:
        return False

    def carried(self, connection: Connection, now: float) -> None:
        """Nothing."""

    def over(self) -> None:
        """Nothing."""


def begun() -> tuple[Attempts, Rider]:
    rider = Rider()
    attempts = Attempts(rider, POLICY, lambda: 0.0)
    attempts.begin(0.0)
    return attempts, rider


def fail(
    attempts: Attempts,
    kind: LossKind = LossKind.UNAVAILABLE,
    *,
    phase: Phase = "resume",
    overlapped: bool = False,
    hopeless: bool = False,
) -> float | None:
    return attempts.failed(kind, phase, 1.0, overlapped=overlapped, hopeless=hopeless)


def dialled(now: float) -> Connection:
    return Connection(1, DEFAULT_LIMITS, now)


def test_with_a_connection_there_is_no_budget() -> None:
    attempts = Attempts(Rider(), POLICY, lambda: 0.0)
    connection = dialled(0.0)
    attempts.bound(connection, 0.0)
    assert connection.deadline == DEFAULT_LIMITS.dial_timeout_s
    assert (attempts.since, attempts.count, attempts.retry_at) == (None, 0, inf)


def test_a_dial_and_a_resume_leave_time_for_a_fresh_setup() -> None:
    attempts, _ = begun()
    connection = dialled(6.0)
    attempts.bound(connection, 6.0)
    assert connection.deadline == 13.0
    connection.set_up(resumes=True, now=12.0)
    attempts.bound(connection, 12.0)
    assert connection.deadline == 16.0
    connection.set_up(resumes=False, now=16.0)
    attempts.bound(connection, 16.0)
    assert connection.deadline == 20.0
    attempts.bound(connection, 19.5)
    assert connection.deadline == 20.0


def test_the_last_one_has_a_second() -> None:
    attempts, _ = begun()
    connection = dialled(20.0)
    attempts.bound(connection, 20.0)
    assert connection.deadline == 20.0 + LAST_CALL_S


def test_after_a_failure_the_next_is_waited_for() -> None:
    attempts, _ = begun()
    assert fail(attempts) == 1.0
    assert (attempts.since, attempts.count, attempts.retry_at) == (0.0, 1, 2.0)
    attempts.over()
    assert (attempts.since, attempts.count, attempts.retry_at) == (None, 0, inf)


@pytest.mark.parametrize(
    ("kind", "phase", "hopeless"),
    [
        (LossKind.UNAVAILABLE, "dial", True),
        (LossKind.CREDENTIALS, "dial", False),
        (LossKind.INVALID, "setup", False),
    ],
)
def test_what_cannot_end_differently_is_not_repeated(
    kind: LossKind, phase: Phase, hopeless: bool
) -> None:
    attempts, _ = begun()
    assert fail(attempts, kind, phase=phase, hopeless=hopeless) is None
    assert attempts.retry_at == inf


def test_where_the_former_connection_stood_in_the_way_its_end_is_waited_for_only() -> None:
    for overlapped, at in ((True, 1.2), (False, 2.0)):
        attempts, rider = begun()
        fail(attempts, LossKind.SOCKET_STILL_OPEN, overlapped=overlapped)
        attempts.way_is_free(1.2)
        assert attempts.retry_at == at
        assert rider.handle == "h"
    attempts.over()
    attempts.way_is_free(1.3)
    assert attempts.retry_at == inf


def test_a_loss_may_take_the_handle_away_and_may_be_one_too_many() -> None:
    attempts, rider = begun()
    assert attempts.lost(dialled(0.0), LossKind.INVALID, 1.0)
    assert rider.handle is None
    young = [attempts.lost(dialled(t), LossKind.NETWORK, t + 1.0) for t in range(2, 8)]
    assert young == [True] * (POLICY.flaps - 1) + [False] * 2


@pytest.mark.parametrize(("now", "kept"), [(3.0, True), (5.0, False)])
def test_the_last_attempts_are_not_for_a_handle_that_failed(now: float, kept: bool) -> None:
    attempts, rider = begun()
    pause = attempts.failed(LossKind.SILENT, "resume", now, overlapped=False, hopeless=False)
    assert (rider.handle == "h") is kept
    assert pause == (1.0 if kept else POLICY.close_wait_s), "a session afresh need not wait"


def test_a_session_afresh_waits_as_long_as_any_other_where_the_service_refused() -> None:
    attempts, rider = begun()
    assert fail(attempts, LossKind.HANDLE_REFUSED) == 1.0
    assert rider.handle is None
