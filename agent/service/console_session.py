"""Signing in to the console: the operator's token is given once, and a cookie stands for it."""

import time
from collections import deque
from contextlib import suppress

import structlog
from aiohttp import web
from msgspec import Struct

from agent.service.auth import (
    close_session,
    is_token,
    open_session,
    require_token,
    settings_key,
)
from agent.service.console_files import require_console
from agent.service.console_requests import answer_json, read_json

MOST_WRONG = 10
WRONG_WITHIN_S = 60.0

_log = structlog.stdlib.get_logger()


class SignIn(Struct):
    """What the page sends."""

    token: str


class Attempts:
    """Wrong tokens of late, whoever gave them: a token of twenty letters is not found by trying,
    and the log stays readable.
    """

    def __init__(self) -> None:
        self._wrong: deque[float] = deque(maxlen=MOST_WRONG)

    def wrong(self, now: float) -> None:
        """One more."""
        self._wrong.append(now)

    def wait_s(self, now: float) -> float:
        """How long no token is looked at."""
        if len(self._wrong) < MOST_WRONG:
            return 0.0
        return max(0.0, self._wrong[0] + WRONG_WITHIN_S - now)


attempts_key = web.AppKey("console_attempts", Attempts)


def add_session_routes(app: web.Application) -> None:
    """Let browsers sign in and out."""
    app[attempts_key] = Attempts()
    app.router.add_get("/console/session", _session)
    app.router.add_post("/console/session", _sign_in)
    app.router.add_delete("/console/session", _sign_out)


async def _session(request: web.Request) -> web.Response:
    """Whether this browser is signed in, and whether it has to be."""
    require_console(request)
    try:
        require_token(request)
    except web.HTTPUnauthorized:
        return answer_json({"signed_in": False, "needed": True})
    return answer_json(
        {"signed_in": True, "needed": request.app[settings_key].api_token is not None}
    )


async def _sign_in(request: web.Request) -> web.Response:
    require_console(request)
    with suppress(web.HTTPUnauthorized):
        require_token(request)  # says no to a page of another site
    token = request.app[settings_key].api_token
    given = await read_json(request, SignIn)
    response = answer_json({"signed_in": True})
    if token is not None:
        _check(request, given.token, token)
        open_session(response, token, secure=_encrypted(request), now=time.time())
    return response


def _encrypted(request: web.Request) -> bool:
    """Whether browsers come by https, as they do from anywhere but this machine."""
    settings = request.app[settings_key]
    return not (settings.insecure_local or (settings.public_url or "").startswith("http://"))


def _check(request: web.Request, given: str, token: str) -> None:
    attempts, now = request.app[attempts_key], time.monotonic()
    if wait_s := attempts.wait_s(now):
        raise web.HTTPTooManyRequests(
            text="too many wrong tokens; try again in a minute\n",
            headers={"Retry-After": f"{wait_s:.0f}"},
        )
    if not is_token(given, token):
        attempts.wrong(now)
        _log.warning("console.refused", reason="token")
        raise web.HTTPForbidden(text="this is not the token\n")


async def _sign_out(request: web.Request) -> web.Response:
    require_token(request)
    response = answer_json({"signed_in": False})
    close_session(response)
    return response
