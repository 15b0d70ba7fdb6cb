"""What every tool offers, whatever it is made of: a Python function, an HTTP request, a server's.

A run has two steps. `arguments` checks what the model sent; when it raises, nothing has begun.
`run` does it. Time, concurrency, the journal and the answer to the model are the runner's business
(`agent.tools.runner`), the same for all of them.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from agent.errors import ToolError
from agent.gemini.tools import FunctionDeclaration
from agent.tools.context import CallContext


class ArgumentsError(ToolError):
    """What the model sent does not fit; the text tells it what to correct. Nothing was run."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class ToolFunction(Protocol):
    """A tool that the model may call by name."""

    @property
    def declaration(self) -> FunctionDeclaration:
        """What the model is told; its `behavior` is set per model, when a call is built."""
        ...

    @property
    def timeout_s(self) -> float:
        """How long one run may take, waiting for its place included."""
        ...

    @property
    def repeatable(self) -> bool:
        """It may run again for the same request, because it changes nothing."""
        ...

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """Make keywords for `run`; what they are is the tool's own business.

        Args:
            given: as the model sent them: hostile, until checked.
            context: of the call, with the request's `idempotency_key`.

        Raises:
            ArgumentsError: they do not fit.
        """
        ...

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """Run once; may be cancelled at any moment.

        Returns:
            Anything that `agent.tools.results.answer_with` can tell.

        Raises:
            ToolError: it did not work, in words for the model; `retryable` only if there was no
                effect. Whatever else is raised is answered as a failure on our side.
        """
        ...
