"""The exception tree, on one page, without I/O.

"Their bug" and "our bug" are two types; who acts on which is in docs/style.md section 9. Attributes
carry the facts; messages carry the offending value and the state, never a secret or a caller's
words.
"""

from __future__ import annotations


class AgentError(Exception):
    """The root of every error this package raises on purpose."""


class PeerProtocolError(AgentError):
    """The other side broke the protocol: a known kind of message was malformed.

    Counted and survived, up to a limit; never a reason to harm another call.

    Attributes:
        peer: who broke it: "phone" or "model".
    """

    def __init__(self, peer: str, message: str) -> None:
        super().__init__(f"{peer}: {message}")
        self.peer = peer


class LocalProtocolError(AgentError):
    """We broke the protocol: a bug in this package or in the program calling it."""


class DialError(AgentError):
    """A connection to the model's service could not be made or set up.

    Attributes:
        status: the HTTP status of a refused upgrade, or None when there was no answer.
        retryable: whether trying again, unchanged, can help.
    """

    def __init__(self, message: str, *, status: int | None = None, retryable: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable


class ToolError(AgentError):
    """A tool could not be run or its arguments do not fit; the text is meant for the model.

    Attributes:
        retryable: whether the same request may succeed later.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class StoreError(AgentError):
    """The store of calls could not be read or written.

    Attributes:
        of_record: it is the record that does not fit, so trying again would not help.
    """

    def __init__(self, message: str, *, of_record: bool = False) -> None:
        super().__init__(message)
        self.of_record = of_record


class ConfigError(AgentError):
    """Configuration that cannot be used: do not start with it, or do not take it over.

    Attributes:
        problems: one line each: what is wrong, where, and what to do.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
