"""The documents we answer the carrier's webhooks with; without I/O.

A bidirectional stream blocks the document until the socket closes. What stands after it decides
what becomes of the call then; with nothing after it, the call ends.

Source: docs/protocols/twilio.md 1.3 and section 2.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from agent.errors import ConfigError, LocalProtocolError

# Name and value of a <Parameter> together stay under this many characters (1.3).
PARAMETER_LIMIT: Final = 500

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def connect_stream(
    url: str,
    parameters: Mapping[str, str],
    *,
    status_callback: str | None = None,
    then: str | None = None,
    pause_s: int = 0,
) -> str:
    """Join the call to our media socket until that socket closes.

    Args:
        url: `wss://` with a path and nothing behind it; plain `ws://` on loopback only.
        parameters: handed back in the stream's `start`. Visible in the carrier's logs: no
            secrets, no personal data.
        status_callback: an absolute URL to be told of the stream's start, stop and errors.
        then: an absolute URL to be asked what next, once the socket is closed or could not be
            opened; None: the call ends then.
        pause_s: silence before it.

    Raises:
        ConfigError: the carrier would not take the URL.
        LocalProtocolError: a parameter is too long, or cannot be written as XML.
    """
    _check_url(url)
    response = Element("Response")
    if pause_s:
        SubElement(response, "Pause", length=str(pause_s))
    stream = SubElement(SubElement(response, "Connect"), "Stream", url=url)
    if status_callback is not None:
        stream.set("statusCallback", status_callback)
        stream.set("statusCallbackMethod", "POST")
    for name, value in parameters.items():
        if len(name) + len(value) >= PARAMETER_LIMIT:
            raise LocalProtocolError(f"parameter {name[:40]!r} is over {PARAMETER_LIMIT} long")
        SubElement(stream, "Parameter", name=name, value=value)
    if then is not None:
        SubElement(response, "Redirect", method="POST").text = then
    return document(response)


def nothing() -> str:
    """Want nothing: the answer about a call that is over."""
    return document(Element("Response"))


def hang_up() -> str:
    """End the call."""
    response = Element("Response")
    SubElement(response, "Hangup")
    return document(response)


def say_and_hang_up(text: str, language: str) -> str:
    """Let the carrier's own voice say something, then end the call."""
    response = Element("Response")
    SubElement(response, "Say", language=language).text = text
    SubElement(response, "Hangup")
    return document(response)


def reject() -> str:
    """Refuse a call that was not answered yet; nobody is billed for it."""
    response = Element("Response")
    SubElement(response, "Reject")
    return document(response)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
        raise ConfigError(f"media URL {url!r}: the carrier connects to wss:// only")
    if not parts.hostname or parts.path in {"", "/"} or parts.path.endswith("/"):
        raise ConfigError(f"media URL {url!r}: needs a host, and a path without a slash at its end")
    if parts.query or parts.fragment:
        raise ConfigError(f"media URL {url!r}: the carrier drops a query; use parameters")


def document(response: Element) -> str:
    """The text of a document.

    Raises:
        LocalProtocolError: it holds a character that XML cannot carry.
    """
    body = tostring(response, encoding="unicode")
    if _NOT_XML.search(body):
        raise LocalProtocolError("a character that XML cannot carry")
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'
