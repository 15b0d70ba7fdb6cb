"""What the carrier asks over HTTP, believed only when it is signed.

The signature is made over the URL as the carrier knows it: the configured public origin, and the
path byte for byte as requested. Nothing that a proxy says about scheme, host or port is read.

Source: docs/protocols/twilio.md section 4.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from agent.service.service import service_key
from agent.telephony.twilio import signature

FORM_LIMIT = 64 * 1024
FORM_TIMEOUT_S = 5.0
SIGNATURE = "X-Twilio-Signature"

type Webhook = Callable[[web.Request], Awaitable[web.StreamResponse]]

upgrades_key = web.AppKey("upgrades", frozenset[bytes])
"""Every signature that an upgrade to our media sockets may bring."""


def add_webhook(app: web.Application, path: str, answer: Webhook) -> None:
    """Add a route that the carrier asks by POST or GET; a slash at its end is no other path."""
    for method in ("GET", "POST"):
        app.router.add_route(method, f"{path}{{slash:/?}}", answer)


async def signed_form(request: web.Request) -> dict[str, str]:
    """Read what the carrier says: the form of a POST, the query of a GET, or an object in JSON.

    Raises:
        HTTPForbidden: the carrier did not sign it.
        HTTPUnsupportedMediaType: a body of another kind; it is not read.
        HTTPRequestTimeout, HTTPRequestEntityTooLarge, HTTPBadRequest: it cannot be read.
    """
    if SIGNATURE not in request.headers and not request.app[service_key].settings.insecure_local:
        raise refused(request)  # before anything of it is read
    fields = await _signed_fields(request)
    service = request.app[service_key]
    if not service.is_our_account(fields.get("AccountSid")):
        raise refused(request, "account")
    return fields


def check_upgrade(request: web.Request) -> None:
    """Let an upgrade to a media socket pass if the carrier signed it.

    Raises:
        HTTPForbidden: it did not.
    """
    given = request.headers.get(SIGNATURE, "").encode(errors="surrogateescape")
    if request.app[service_key].settings.insecure_local:
        return
    if given not in request.app[upgrades_key] or request.query_string:
        raise refused(request)


def refused(request: web.Request, reason: str = "signature") -> web.HTTPForbidden:
    """The answer to somebody who is not the carrier, or not ours; it is counted and logged."""
    request.app[service_key].refusals.note(reason, request.path)
    return web.HTTPForbidden(text=f"the {reason} does not match\n")


async def _signed_fields(request: web.Request) -> dict[str, str]:
    if request.method != "POST":
        _check(request, ())
        return dict(request.query)
    if request.content_type == "application/json":
        return await _signed_json(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="not a form\n")
    fields = await _form(request)
    _check(request, fields)
    return dict(fields)


async def _signed_json(request: web.Request) -> dict[str, str]:
    """A body that is no form is signed by its hash, which is part of the URL."""
    _check(request, ())
    body = await _in_time(request.read())
    hashed = request.query.get("bodySHA256", "")
    if not request.app[service_key].settings.insecure_local and not signature.body_fits(
        hashed, body
    ):
        raise refused(request)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="the body cannot be read\n") from None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="the body is no object\n")
    return {name: value for name, value in found.items() if isinstance(value, str)}


async def _form(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form, in order."""
    try:
        form = await _in_time(request.post())
    except (ValueError, LookupError):  # bytes that are no text, or an encoding nobody knows
        raise web.HTTPBadRequest(text="the form cannot be read\n") from None
    return [(name, value) for name, value in form.items() if isinstance(value, str)]


async def _in_time[T](body: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            return await body
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the form did not come\n") from None


def _check(request: web.Request, fields: Sequence[tuple[str, str]]) -> None:
    settings = request.app[service_key].settings
    given = request.headers.get(SIGNATURE, "")
    if not settings.insecure_local and not any(
        signature.valid(settings.carrier_tokens, origin + request.raw_path, fields, given)
        for origin in _origins(request)
    ):
        raise refused(request)


def _origins(request: web.Request) -> list[str]:
    """Our public origin; also in the letters that the request's Host has it in.

    The carrier signs a URL as somebody typed it, capitals included.
    """
    origin = request.app[service_key].settings.public_url or ""
    scheme, _, host = origin.partition("://")
    if request.host != host and request.host.lower() == host:
        return [origin, f"{scheme}://{request.host}"]
    return [origin]
