"""`seamline call +1555...`: have a running service call somebody, and watch how that goes."""

import asyncio
import os
import secrets
from typing import Any

import aiohttp
from rich.console import Console
from yarl import URL

from agent.cli.runtime import run
from agent.errors import ConfigError
from agent.service.loopback import is_loopback

TIMEOUT_S = 30.0
LOOK_S = 1.0
MOST_FAILURES = 10
"""Looks in a row that may come to nothing before the service is held for gone."""


def order_call(
    service: str,
    number: str,
    tenant: str,
    *,
    zone: str | None,
    context: list[str],
    key: str | None,
    token: str | None,
    watch: bool,
) -> int:
    """Ask a service for a call; returns the exit code of the command.

    Args:
        context: `name=value` each.
        key: what has one key is one call; None: one that nobody else has.
        token: of the service's API; None: from SEAMLINE_API_TOKEN.
        watch: until the call is over.

    Raises:
        ConfigError: nothing can be asked like this.
    """
    url = _origin(service)
    given = token or os.environ.get("SEAMLINE_API_TOKEN") or None
    if given is not None and url.scheme == "http" and not is_loopback(url.host or ""):
        raise ConfigError(f"--service {service}: the token would travel in clear; use https://")
    body: dict[str, Any] = {"tenant": tenant, "to": number, "context": dict(map(_pair, context))}
    if zone is not None:
        body["zone"] = zone
    headers = {"Idempotency-Key": key or secrets.token_urlsafe(16)}
    if given is not None:
        headers["Authorization"] = f"Bearer {given}"
    return run(_order(url, body, headers, watch=watch))


def _origin(service: str) -> URL:
    try:
        url = URL(service)
        return url.origin()
    except ValueError:
        raise ConfigError(f"--service {service}: write it as http://127.0.0.1:8080") from None


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise ConfigError(f"--context {text[:60]}: write it as name=value")
    return name, value


async def _order(url: URL, body: dict[str, Any], headers: dict[str, str], *, watch: bool) -> int:
    console = Console(highlight=False, soft_wrap=True)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        try:
            async with session.post(
                url / "api/calls", json=body, allow_redirects=False
            ) as response:
                answer = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ConfigError(f"{url}: {_told(error)}; is the service there?") from None
        if response.status not in {200, 202}:
            console.print(f"not called: {_why(response.status, answer)}", markup=False)
            return 1
        console.print(f"order {answer.get('id')}", markup=False)
        return await _watch(session, url, answer, console) if watch else 0


async def _watch(
    session: aiohttp.ClientSession, url: URL, order: dict[str, Any], console: Console
) -> int:
    """Say how the order stands whenever that changes, until it is done."""
    said, failures = "", 0
    while True:
        text = _line(order)
        if text != said:
            console.print(text, markup=False)
            said = text
        if order.get("state") == "done":
            return 0 if order.get("result") in {"completed", "machine"} else 1
        await asyncio.sleep(LOOK_S)
        try:
            async with session.get(
                url / "api/orders" / str(order.get("id")), allow_redirects=False
            ) as response:
                found = await _read(response)
            if response.status != 200:
                raise ConfigError(f"{url}: {_why(response.status, found)}")
            order, failures = found, 0
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failures += 1
            if failures == MOST_FAILURES:
                raise ConfigError(f"{url}: {_told(error)}; the call may go on") from None


def _line(order: dict[str, Any]) -> str:
    parts = [str(order.get("state"))]
    if order.get("result") is not None:
        parts.append(str(order["result"]))
    if order.get("carrier_code") is not None:
        parts.append(f"the carrier says {order['carrier_code']}")
    if order.get("answered_by") is not None:
        parts.append(f"answered by {order['answered_by']}")
    if order.get("tries", 0) > 1:
        parts.append(f"try {order['tries']}")
    if order.get("call") is not None:
        parts.append(str(order["call"]))
    return ", ".join(parts)


async def _read(response: aiohttp.ClientResponse) -> dict[str, Any]:
    text = await response.text(errors="replace")
    try:
        found = await response.json(content_type=None)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": text.strip()[:200]}


def _why(status: int, answer: dict[str, Any]) -> str:
    if status == 401:
        return "the service asks for its token: --token, or SEAMLINE_API_TOKEN"
    said = str(answer.get("message") or f"HTTP {status}")
    until = answer.get("until")
    return f"{said} (possible from {until} on)" if until else said


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
