"""What built-in tools may do with the telephone call itself; whoever runs the call offers it."""

from typing import Protocol


class CallControl(Protocol):
    """The line of one call. Every method raises `ToolError`, in words for the model, when not."""

    async def transfer(self, target: str, summary: str) -> None:
        """Pass the caller on once the agent's next words have been heard.

        Args:
            target: a name among the tenant's transfers.
            summary: what the person called hears, where there is one who is asked first.
        """
        ...

    async def voicemail(self) -> None:
        """Let the caller speak on a recording once the agent's next words have been heard."""
        ...

    async def send_sms(self, to: str | None, text: str) -> None:
        """Send a text message; it is on its way when this returns.

        Args:
            to: a number in international form; None: the caller's.
        """
        ...

    async def send_digits(self, digits: str) -> None:
        """Dial on the line, as soon as what the agent is saying has been heard.

        Args:
            digits: checked; see `agent.audio.tones.dialled`.
        """
        ...
