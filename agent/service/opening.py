"""The first messages of a media socket: read until its `start`, which says whose call it is."""

import asyncio
from dataclasses import dataclass

from aiohttp import WSMsgType

from agent.errors import PeerProtocolError
from agent.service.sockets import PhoneSocket
from agent.telephony.leg import Started, Stopped
from agent.telephony.twilio.stream import MediaStream

START_TIMEOUT_S = 5.0
"""From the upgrade to a valid `start` (docs/protocols/twilio.md R3)."""

MESSAGES_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Opening:
    """A stream that has started.

    Attributes:
        started: what its `start` said.
        texts: every message so far, for the call to read again from the beginning.
    """

    started: Started
    texts: tuple[bytes, ...]


async def read_opening(phone: PhoneSocket) -> Opening | str:
    """Read until the stream has started, within limits of time and number.

    Returns:
        The opening, or in a word why there is none: `timeout`, `closed`, `stopped`,
        `media_format` or `no_start`.
    """
    leg = MediaStream()
    texts: list[bytes] = []
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while len(texts) < MESSAGES_LIMIT:
                message = await phone.receive()
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    return "closed"
                texts.append(message.data)
                try:
                    events = leg.receive(message.data)
                except PeerProtocolError:
                    continue  # the call reads it again and counts it
                for event in events:
                    if isinstance(event, Started):
                        return Opening(event, tuple(texts))
                    if isinstance(event, Stopped):
                        return "media_format" if event.reason == "media_format" else "stopped"
    except TimeoutError:
        return "timeout"
    return "no_start"
