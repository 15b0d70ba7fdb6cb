"""The telephone line of a call in a test: what the agent does with it is noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.call.effects import Outcome

if TYPE_CHECKING:
    from agent.testing.exchange import Exchange


class StagedLine:
    """A line on which everybody answers; a `agent.tools.control.CallControl`.

    Args:
        exchange: holds the exchange of the call, once there is one.

    Attributes:
        transfers: to whom the caller was passed on, each with the summary that was given.
        messages: the text messages, each with its number; None: the caller's.
        dialled: the digits that were dialled.
    """

    def __init__(self, exchange: Sequence[Exchange]) -> None:
        self.transfers: list[tuple[str, str]] = []
        self.messages: list[tuple[str | None, str]] = []
        self.dialled: list[str] = []
        self._exchange = exchange

    async def transfer(self, target: str, summary: str) -> None:
        """See `CallControl`; the call ends once the last words have been heard."""
        self.transfers.append((target, summary))
        self._exchange[0].step_aside(Outcome.TRANSFERRED)

    async def voicemail(self) -> None:
        """See `CallControl`; likewise."""
        self._exchange[0].step_aside(Outcome.VOICEMAIL)

    async def send_sms(self, to: str | None, text: str) -> None:
        """See `CallControl`."""
        self.messages.append((to, text))

    async def send_digits(self, digits: str) -> None:
        """See `CallControl`."""
        self.dialled.append(digits)
        self._exchange[0].dial(digits)
