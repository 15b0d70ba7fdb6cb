"""The lines of a server that talks through its output, made into messages; without I/O."""

from __future__ import annotations

import re

import mcp_types as types
from mcp.shared.message import SessionMessage

from agent.tools.mcp_bounds import NOISE, Bounds

_RESPONSE = re.compile(
    rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*,\s*"result"'
)
_HEAD_BYTES = 200
TOO_LONG = -32000
"""The code of an answer that stands for one too long to be read."""


class Noise(Exception):
    """More than a server of tools may send that is none of its messages."""


class Lines:
    """Cuts what comes into messages.

    A line too long is not kept. If it began as an answer, its request is answered with an error, so
    that nobody waits for it.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.noise = 0
        self._bounds = bounds
        self._part = bytearray()
        self._skipped: bytes | None = None  # the beginning of a line that is being dropped

    def received(self, chunk: bytes) -> list[SessionMessage]:
        """Take the next bytes; returns the messages that are complete.

        Raises:
            Noise: there were too many lines that are no message.
        """
        messages = []
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._add(end)
            if (message := self._message()) is not None:
                messages.append(message)
        self._add(rest)
        return messages

    def _add(self, piece: bytes) -> None:
        if self._skipped is not None:
            return
        if len(self._part) + len(piece) > self._bounds.message_bytes:
            self._skipped = bytes(self._part[:_HEAD_BYTES] + piece[:_HEAD_BYTES])
            self._part.clear()
        else:
            self._part += piece

    def _message(self) -> SessionMessage | None:
        line, self._part = bytes(self._part), bytearray()
        if self._skipped is not None:
            head, self._skipped = self._skipped, None
            return self._too_long(head)
        if not line.strip():
            return None
        try:
            return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError:
            self._noise()
            return None

    def _too_long(self, head: bytes) -> SessionMessage | None:
        if (found := _RESPONSE.match(head)) is None:
            self._noise()
            return None
        error = types.ErrorData(code=TOO_LONG, message="the answer is too long")
        return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=int(found[1]), error=error))

    def _noise(self) -> None:
        self.noise += 1
        if self.noise > NOISE:
            raise Noise
