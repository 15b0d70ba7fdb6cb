"""Streams in a TwiML document, under <Connect>, <Start> and <Stop>; without I/O.

Source: docs/protocols/twilio.md 1.3, 1.4, 1.6 and 9 (E3, E4).
"""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from agent.sim.exchange.elements import (
    INVALID,
    BadDocument,
    action_of,
    callback_of,
    empty,
    no_text,
    only_child,
)
from agent.sim.exchange.verbs import Connect, Start, Stop, Stream

BAD_SCHEME: Final = 31922
BAD_URL: Final = 31923
BAD_TRACK: Final = 31941

PARAMETER_LIMIT: Final = 500
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CONNECTED: Final = ("inbound_track",)
"""The track that can be had under <Connect>."""


def read_connect(element: Element) -> Connect:
    """Join the call to one stream."""
    return Connect(_stream(only_child(element, "Stream")), action_of(element))


def read_start(element: Element) -> Start:
    """Send a copy of the call's sound to one stream."""
    return Start(_stream(only_child(element, "Stream")))


def read_stop(element: Element) -> Stop:
    """End a stream that was started, by its name."""
    stream = only_child(element, "Stream")
    empty(stream)
    if set(stream.keys()) != {"name"} or not stream.get("name"):
        raise BadDocument(INVALID, "<Stop> holds <Stream name> only")
    return Stop(stream.attrib["name"])


def stream_url(stream: Stream, base: str, *, tracks: Collection[str] = CONNECTED) -> str:
    """Where a stream connects to: absolute, its query dropped.

    Args:
        tracks: those that can be had.
    Raises:
        BadDocument: `wss` is all the carrier knows, `ws` on loopback all that this stand-in adds;
            or the track is none of those.
    """
    if stream.track not in tracks:
        raise BadDocument(BAD_TRACK, f"track {stream.track!r}: {' or '.join(tracks)} here")
    try:
        url = urljoin(_as_socket(base), stream.url)
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise BadDocument(BAD_URL, f"stream URL {stream.url!r}") from None
    if parts.scheme != "wss" and not (parts.scheme == "ws" and host in LOOPBACK):
        raise BadDocument(BAD_SCHEME, f"stream URL {url!r}: wss only")
    if not host:
        raise BadDocument(BAD_URL, f"stream URL {url!r}")
    return parts._replace(query="", fragment="").geturl()


def _as_socket(base: str) -> str:
    return re.sub(r"^http", "ws", base)


def _stream(element: Element) -> Stream:
    no_text(element)
    if not element.get("url"):
        raise BadDocument(BAD_URL, "<Stream> without a URL")
    parameters: dict[str, str] = {}
    for child in element:
        name, value = child.get("name"), child.get("value")
        if child.tag != "Parameter" or not name or value is None:
            raise BadDocument(INVALID, "<Stream> holds <Parameter name value> only")
        empty(child)
        if len(name) + len(value) >= PARAMETER_LIMIT:
            raise BadDocument(INVALID, f"parameter {name!r}: {len(name) + len(value)} characters")
        parameters[name] = value
    return Stream(
        element.attrib["url"],
        element.get("name", ""),
        element.get("track", "inbound_track"),
        parameters,
        callback_of(element, "statusCallback"),
    )
