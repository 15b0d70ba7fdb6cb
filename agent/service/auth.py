"""Who may use the API and the console: whoever has the operator's token, or a session made with it.

A session is a cookie that nobody can make without the token, and which lives for `SESSION_S`. It
cannot be read by a page's scripts and does not come with requests of other sites, so a page on
another origin can do nothing with it. A new token ends all sessions.
"""

import hashlib
import hmac
import time
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from agent.service.loopback import is_loopback
from agent.service.settings import Settings

SESSION_COOKIE = "seamline_session"
SESSION_S = 12 * 3600

settings_key = web.AppKey("settings", Settings)


def require_token(request: web.Request, *, now: float | None = None) -> None:
    """Let nobody pass but the operator.

    On a desk (`--insecure-local`, which is loopback only) without a token, everybody is.

    Args:
        now: seconds since the epoch; None: now.

    Raises:
        HTTPUnauthorized: the token or the session is missing, wrong or too old.
        HTTPForbidden: a page of another site asks, or a name that is not this machine's.
        HTTPNotFound: no token is set, so nobody may pass.
    """
    settings = request.app[settings_key]
    token = settings.api_token
    if not has_console(settings):
        raise web.HTTPNotFound(text="SEAMLINE_API_TOKEN is not set\n")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token is not None and scheme.lower() == "bearer" and is_token(given.strip(), token):
        return
    if not _from_our_pages(request):
        raise web.HTTPForbidden(text="a page of another origin\n")
    if token is None or _valid_session(request.cookies.get(SESSION_COOKIE, ""), token, _clock(now)):
        return
    raise web.HTTPUnauthorized(text="a token is needed\n", headers={"WWW-Authenticate": "Bearer"})


def has_console(settings: Settings) -> bool:
    """Whether there is anybody who may use the API and the console."""
    return settings.api_token is not None or settings.insecure_local


def is_token(given: str, token: str) -> bool:
    """Whether this is the token; takes the same time for all that are not."""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())


def open_session(response: web.Response, token: str, *, secure: bool, now: float) -> None:
    """Give a browser a session.

    Args:
        secure: send the cookie over https only.
        now: seconds since the epoch.
    """
    until = str(int(now) + SESSION_S)
    response.set_cookie(
        SESSION_COOKIE,
        f"{until}.{_mac(until, token)}",
        max_age=SESSION_S,
        httponly=True,
        samesite="Strict",
        secure=secure,
        path="/",
    )


def close_session(response: web.Response) -> None:
    """Take a browser's session away."""
    response.del_cookie(SESSION_COOKIE, path="/")


def _from_our_pages(request: web.Request) -> bool:
    """Whether no page of another site asks, which a browser would let use what is ours."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return False
    settings = request.app[settings_key]
    return settings.api_token is not None or is_loopback(URL(f"//{request.host}").host or "")


def _valid_session(cookie: str, token: str, now: float) -> bool:
    until, _, mac = cookie.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) <= 12):
        return False
    genuine = hmac.compare_digest(mac.encode(errors="replace"), _mac(until, token).encode())
    return genuine and now < int(until)


def _mac(until: str, token: str) -> str:
    key = hashlib.sha256(b"seamline session\0" + token.encode()).digest()
    return hmac.new(key, until.encode(), hashlib.sha256).hexdigest()


def _clock(now: float | None) -> float:
    return time.time() if now is None else now
