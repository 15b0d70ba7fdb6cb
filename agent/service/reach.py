"""Whether this very process is reached under its public address, as the carrier will reach it."""

from typing import Final

import aiohttp
from aiohttp import web

from agent.errors import AgentError

INSTANCE_HEADER: Final = "Seamline-Instance"
instance_key = web.AppKey("instance", str)

TIMEOUT_S = 10.0
"""The carrier gives a webhook 15 s in all, a connection 5 s."""


class NotReached(AgentError):
    """The public address does not lead here."""


async def check_reach(public_url: str, instance: str) -> None:
    """Ask for our own health from outside, and see that an upgrade to a media socket comes through.

    Args:
        public_url: an origin.
        instance: of the process that should answer.

    Raises:
        NotReached: what happened instead, and what to look at.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await _check_health(session, f"{public_url}/healthz", instance)
        await _check_upgrade(session, f"{public_url}/twilio/media/1")


async def _check_health(session: aiohttp.ClientSession, url: str, instance: str) -> None:
    try:
        async with session.get(url, allow_redirects=False) as response:
            status, found = response.status, response.headers.get(INSTANCE_HEADER)
    except aiohttp.ClientConnectorCertificateError as error:
        text = f"{url}: its certificate is not trusted: {error.certificate_error}"
        raise NotReached(text) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotReached(f"{url}: {str(error) or type(error).__name__}") from None
    if 300 <= status < 400:
        text = f"{url}: it redirects; the carrier would lose what it posts: give the final address"
        raise NotReached(text)
    if status != 200:
        raise NotReached(f"{url}: HTTP {status}: does the front end pass requests on to this port?")
    if found != instance:
        raise NotReached(f"{url}: another service answers there, or another process of this one")


async def _check_upgrade(session: aiohttp.ClientSession, url: str) -> None:
    """An upgrade that nobody has signed is refused, by us: so it has come through."""
    try:
        async with session.ws_connect(url):
            pass
    except aiohttp.WSServerHandshakeError as error:
        if error.status == 403:
            return
        text = f"{url}: HTTP {error.status} to an upgrade: does the front end pass websockets on?"
        raise NotReached(text) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotReached(f"{url}: {str(error) or type(error).__name__}") from None
    raise NotReached(f"{url}: an upgrade that nobody signed was taken")
