"""What a page of ours asks for: JSON, and nothing else."""

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from agent.service.console_files import GUARDS

BODY_LIMIT = 16 * 1024
BODY_TIMEOUT_S = 5.0

_encode = msgspec.json.Encoder(decimal_format="number").encode


async def read_json[T](request: web.Request, shape: type[T]) -> T:
    """Read the body of a request.

    A form of another site cannot be of this type unless we allow it, which we do not.

    Raises:
        HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge, HTTPRequestTimeout, HTTPBadRequest.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="not JSON\n")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await request.content.read(BODY_LIMIT + 1)
            while len(body) <= BODY_LIMIT and not request.content.at_eof():
                body += await request.content.read(BODY_LIMIT + 1 - len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not come\n") from None
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, len(body), text="the body is too long\n")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise web.HTTPBadRequest(text="the body cannot be read\n") from None


def answer_json(content: Any, *, status: int = 200) -> web.Response:
    """Answer with JSON, which nobody keeps."""
    return web.Response(
        body=_encode(content),
        status=status,
        content_type="application/json",
        headers={**GUARDS, "Cache-Control": "no-store"},
    )
