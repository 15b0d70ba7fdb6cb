"""What an HTTP answer means to the model; without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from agent.errors import ToolError
from agent.tools.http_pointer import NotThere, select

MOST_QUOTED = 500
"""Characters of a refusal that the model is told."""
HIDDEN = b"(hidden)"
TOO_MANY = 429
UNAVAILABLE = 503


def without_secrets(content: bytes, secrets: Sequence[bytes]) -> bytes:
    """What a server sent, without the secrets that it was sent: some answer with the request."""
    for secret in secrets:
        content = content.replace(secret, HIDDEN)
    return content


def result_of(
    content: bytes, content_type: str, charset: str, wanted: str | Mapping[str, str] | None
) -> Any:
    """The result of a request that went well.

    Raises:
        ToolError: it is not JSON although it should be, or holds nothing of what was asked for.
    """
    if not content.strip():
        return None
    if wanted is None and "json" not in content_type:
        return _text(content, charset)
    try:
        return select(msgspec.json.decode(content), wanted)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ToolError("It was done, but the answer of the server cannot be read.") from None
    except NotThere:
        raise ToolError("It was done, but the answer has nothing of what is needed.") from None


def refused(status: int, content: bytes, charset: str) -> str:
    """Words for a status that says no, with the server's own as far as they are short."""
    words = " ".join(_text(content[: 4 * MOST_QUOTED], charset).split())
    try:
        phrase = f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        phrase = str(status)
    return f"{phrase}: {words[:MOST_QUOTED]}" if words else phrase


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
