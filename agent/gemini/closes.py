"""Why a connection to the model's service was lost, and what that means, without I/O.

A close is judged by phase, code and the beginning of its reason, never by the code alone: the same
code stands for a bad key, a stale handle and a full context. Reasons are free text, cut at 123
bytes by the protocol. Source: docs/protocols/gemini-live.md 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from agent.errors import AgentError

type Phase = Literal["dial", "setup", "resume", "live"]
"""dial: before the upgrade; setup, resume: before setupComplete, without or with a handle."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a kind of loss means.

    Attributes:
        advice: for the operator: what it is, and what to do.
        resumable: going on with the newest handle can help.
        fresh: a new session, without the handle, can help.
    """

    advice: str
    resumable: bool = False
    fresh: bool = False


class LossKind(Enum):
    """The kinds of loss that ask for different conduct."""

    CREDENTIALS = Verdict("the service does not accept the key or token: check it and its access")
    # Never in a tight loop: half a minute apart at least.
    QUOTA = Verdict("quota or concurrent sessions are used up: wait, or raise the limit",
                    resumable=True)  # fmt: skip
    WRONG_MODEL = Verdict("no such model, here or for this project: check model, surface, region")
    UNSUPPORTED = Verdict("the model or API version does not take something in the setup")
    INVALID = Verdict("the service refused a message: a field, a stale handle or a full context",
                      fresh=True)  # fmt: skip
    HANDLE_REFUSED = Verdict("the session to resume is unknown or too old", fresh=True)
    SOCKET_STILL_OPEN = Verdict("the session's former connection was still open",
                                resumable=True, fresh=True)  # fmt: skip
    EXPIRED = Verdict("the connection's life was over", resumable=True, fresh=True)
    UNAVAILABLE = Verdict("the service failed on its side", resumable=True, fresh=True)
    TOOL_CONFLICT = Verdict("the service gave up, most often around a tool call",
                            resumable=True, fresh=True)  # fmt: skip
    ENDED = Verdict("the service ended the session", resumable=True, fresh=True)
    PING_TIMEOUT = Verdict("a ping deadline of our own ended a healthy connection: turn it off",
                           resumable=True, fresh=True)  # fmt: skip
    SILENT = Verdict("the service did not answer in time", resumable=True, fresh=True)
    UNREACHABLE = Verdict("no connection: check host, network, DNS", resumable=True, fresh=True)
    NETWORK = Verdict("the connection broke", resumable=True, fresh=True)
    UNKNOWN = Verdict("the service closed for a reason not known here", resumable=True, fresh=True)

    @property
    def retryable(self) -> bool:
        """Whether anything but a change by the operator can help."""
        return self.value.resumable or self.value.fresh


class ConnectionLostError(AgentError):
    """A connection that had been set up was lost.

    Attributes:
        kind: what the loss means.
    """

    def __init__(self, message: str, kind: LossKind) -> None:
        super().__init__(message)
        self.kind = kind


# Reasons seen, by code; the first that fits wins. None stands for any code.
_REASONS: tuple[tuple[int | None, re.Pattern[str], LossKind], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE), kind)
    for code, pattern, kind in (
        (None, r"api key|unauthenticated|permission denied|credential", LossKind.CREDENTIALS),
        (None, r"exceeded your current quota|resource_exhausted|resource has been exhausted",
         LossKind.QUOTA),
        (None, r"keepalive ping timeout", LossKind.PING_TIMEOUT),
        (1008, r"models/\S+ is not found|publisher model", LossKind.WRONG_MODEL),
        (1008, r"not found|not exist|expired|invalid.*handle", LossKind.HANDLE_REFUSED),
        (1008, r"operation is not implemented|the operation was aborted", LossKind.TOOL_CONFLICT),
        (1007, r"(session|handle).*(not found|expired|invalid)", LossKind.HANDLE_REFUSED),
        (1007, r"invalid json payload|thinking.level|response modalities|not supported"
               r"|precondition check failed|must be specified", LossKind.UNSUPPORTED),
        (1011, r"deadline expired", LossKind.EXPIRED),
        (1011, r"unavailable|internal error", LossKind.UNAVAILABLE),
    )
)  # fmt: skip
_STATUSES = {
    401: LossKind.CREDENTIALS, 403: LossKind.CREDENTIALS, 404: LossKind.WRONG_MODEL,
    429: LossKind.QUOTA, 400: LossKind.UNSUPPORTED,
}  # fmt: skip
_CODES = {1000: LossKind.ENDED, 1007: LossKind.INVALID, 1011: LossKind.UNAVAILABLE}
_NETWORK_CODES = frozenset({None, 1001, 1005, 1006, 1012, 1013})


def classify(
    phase: Phase, code: int | None, reason: str, http_status: int | None = None
) -> LossKind:
    """The kind of a loss.

    Args:
        code: of the close frame, 1006 or None when there was none.
        reason: as it came.
        http_status: of a refused upgrade.
    """
    if http_status is not None:
        if http_status in _STATUSES:
            return _STATUSES[http_status]
        return LossKind.UNAVAILABLE if http_status >= 500 else LossKind.UNKNOWN
    if phase == "dial":
        return LossKind.UNREACHABLE
    for only, pattern, kind in _REASONS:
        if only in (None, code) and pattern.search(reason):
            return kind
    if phase == "resume" and code == 1011:
        return LossKind.SOCKET_STILL_OPEN
    if phase == "resume" and code in {1007, 1008}:
        return LossKind.HANDLE_REFUSED
    if code in _NETWORK_CODES:
        return LossKind.NETWORK
    return _CODES.get(code or 0, LossKind.UNKNOWN)


def describe(phase: Phase, code: int | None, reason: str, kind: LossKind) -> str:
    """One line about a loss, for the operator.

    Args:
        reason: already cleaned.
    """
    facts = " ".join(str(fact) for fact in (code, reason) if fact)
    return f"model connection failed ({phase}): {facts or 'no close frame'}; {kind.value.advice}"


_TOKEN = re.compile(r"AIza[\w-]{20,}|ya29\.[\w.-]+|auth_tokens/[\w-]+|[\w+=-]{40,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_REASON_LENGTH = 200


def clean_reason(reason: str, secrets: Iterable[str | None] = ()) -> str:
    """A reason fit for logs: one line, bounded, without keys, tokens or handles.

    Args:
        secrets: values that must not appear, besides what looks like a key or token.
    """
    for secret in secrets:
        if secret:
            reason = reason.replace(secret, "***")
    return _CONTROL.sub(" ", _TOKEN.sub("***", reason)).strip()[:_REASON_LENGTH]
