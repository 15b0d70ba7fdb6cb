"""What a lost connection means."""

import pytest

from agent.gemini.closes import (
    ConnectionLostError,
    LossKind,
    Phase,
    classify,
    clean_reason,
    describe,
)


@pytest.mark.parametrize(
    ("phase", "code", "reason", "kind"),
    [
        ("live", 1000, "", LossKind.ENDED),
        ("live", 1006, "", LossKind.NETWORK),
        ("live", None, "", LossKind.NETWORK),
        ("live", 1001, "", LossKind.NETWORK),
        ("live", 1012, "", LossKind.NETWORK),
        ("live", 1007, "Request contains an invalid argument.", LossKind.INVALID),
        ("resume", 1007, "Request contains an invalid argument.", LossKind.HANDLE_REFUSED),
        ("setup", 1007, "Invalid JSON payload received. Unknown name \"x\" at 'setup'",
         LossKind.UNSUPPORTED),
        ("live", 1007, "Thinking level is not supported for this model", LossKind.UNSUPPORTED),
        ("setup", 1007, "Thinking level must be specified for this model", LossKind.UNSUPPORTED),
        ("setup", 1007, "The requested combination of response modalities (TEXT) is not supported",
         LossKind.UNSUPPORTED),
        ("live", 1007, "Precondition check failed.", LossKind.UNSUPPORTED),
        ("setup", 1007, "API key not valid. Please pass a valid API key.", LossKind.CREDENTIALS),
        ("resume", 1007, "Session not found", LossKind.HANDLE_REFUSED),
        ("setup", 1008, "models/x is not found for API version v1beta, or is not supported",
         LossKind.WRONG_MODEL),
        ("setup", 1008, "Publisher Model `projects/...` was not found", LossKind.WRONG_MODEL),
        ("resume", 1008, "session not found", LossKind.HANDLE_REFUSED),
        ("resume", 1008, "whatever", LossKind.HANDLE_REFUSED),
        ("live", 1008, "Operation is not implemented, or supported, or enabled.",
         LossKind.TOOL_CONFLICT),
        ("live", 1008, "The operation was aborted.", LossKind.TOOL_CONFLICT),
        ("live", 1011, "Deadline expired before operation could complete.", LossKind.EXPIRED),
        ("live", 1011, "The service is currently unavailable.", LossKind.UNAVAILABLE),
        ("live", 1011, "Internal error encountered.", LossKind.UNAVAILABLE),
        ("live", 1011, "", LossKind.UNAVAILABLE),
        ("live", 1011, "You exceeded your current quota, please check", LossKind.QUOTA),
        ("live", 1011, "RESOURCE_EXHAUSTED", LossKind.QUOTA),
        ("resume", 1011, "", LossKind.SOCKET_STILL_OPEN),
        ("live", 1011, "keepalive ping timeout", LossKind.PING_TIMEOUT),
        ("live", 4000, "brand new", LossKind.UNKNOWN),
        ("dial", None, "refused", LossKind.UNREACHABLE),
    ],
)  # fmt: skip
def test_a_close_is_judged_by_phase_code_and_reason(
    phase: Phase, code: int | None, reason: str, kind: LossKind
) -> None:
    assert classify(phase, code, reason) is kind


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, LossKind.UNSUPPORTED, False),
        (401, LossKind.CREDENTIALS, False),
        (403, LossKind.CREDENTIALS, False),
        (404, LossKind.WRONG_MODEL, False),
        (429, LossKind.QUOTA, True),
        (503, LossKind.UNAVAILABLE, True),
        (200, LossKind.UNKNOWN, True),
    ],
)
def test_a_refused_upgrade_is_judged_by_its_status(
    status: int, kind: LossKind, retryable: bool
) -> None:
    assert classify("dial", None, "", status) is kind
    assert kind.retryable is retryable


def test_a_loss_is_one_line_for_the_operator() -> None:
    assert describe("live", 1011, "Deadline expired", LossKind.EXPIRED) == (
        "model connection failed (live): 1011 Deadline expired; the connection's life was over"
    )
    assert describe("live", None, "", LossKind.NETWORK) == (
        "model connection failed (live): no close frame; the connection broke"
    )


@pytest.mark.parametrize(
    ("reason", "cleaned"),
    [
        ("API key AIzaSyA1234567890123456789012 not valid", "API key *** not valid"),
        ("token ya29.a0Ab-cd", "token ***"),
        ("session h-1 not found", "session *** not found"),
        ("opaque " + "Q" * 40, "opaque ***"),
        ("two\r\nlines\u2028", "two lines"),
        ("x " * 200, "x " * 100),
        ("models/gemini-2.5-flash-native-audio-preview-12-2025 is not found",
         "models/gemini-2.5-flash-native-audio-preview-12-2025 is not found"),
    ],
)  # fmt: skip
def test_a_reason_is_fit_for_logs(reason: str, cleaned: str) -> None:
    assert clean_reason(reason, ["h-1", None, ""]) == cleaned


def test_a_lost_connection_carries_its_kind() -> None:
    error = ConnectionLostError("gone", LossKind.EXPIRED)
    assert (str(error), error.kind) == ("gone", LossKind.EXPIRED)
