"""Which addresses a tool may call, as far as a file can say, without I/O.

A tool's URL is written by the tenant's owner and called from inside the operator's network; it must
not reach what only this network can reach. Names are looked up, and checked again, when they are
called; here the URL itself is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from agent.tenants.scalars import quoted

_METADATA = {"metadata", "metadata.google.internal", "metadata.goog", "instance-data"}
"""Names under which clouds hand out credentials to whoever asks from inside."""
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
_NUMERIC = re.compile(r"(?i)(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+)){0,3}\.?")
_HOST = re.compile(r"(?i)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


def url_problem(url: str, allow: Iterable[str] = (), *, inside: bool = False) -> str | None:
    """Why a URL may not be called, or None.

    Args:
        url: may hold `{argument}` behind its host, and begin with a reference to a secret; then
            only its caller can check it.
        allow: networks (CIDR) that may be called although they are private.
        inside: the operator's own servers may be called; the metadata of a cloud may not.
    """
    if url.startswith("${"):
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        return "should begin with https:// or http://"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if re.search(r"[{}$]", authority):
        return "the host is written out; an {argument} stands behind it"
    if "@" in authority:
        return "holds a user or password; use headers, with ${ENV:NAME}"
    try:
        parts = urlsplit(f"http://{authority}")
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is not a URL, as https://api.example.com/orders/{order_id}"
    if re.search(r"[\s\\]", rest):
        return "holds a space or a backslash; write %20 or %5C"
    if not rest.isprintable():
        return "holds a character that nobody sees; write it as %.."
    return _host_problem(host, tuple(allow), inside)


def _host_problem(host: str, allow: tuple[str, ...], inside: bool) -> str | None:
    try:
        address = ip_address(host)
    except ValueError:
        return _name_problem(host, bool(allow) or inside)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if any(address in ip_network(network) for network in allow):
        return None
    if address.is_link_local or str(address) == "fd00:ec2::254":
        return f"{quoted(host)} is the address of a cloud's metadata or of this link"
    if not inside and not _is_public(address):
        return f"{quoted(host)} is a private address; to call it, list its network in allow"
    return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def _name_problem(host: str, inside: bool) -> str | None:
    if host in _METADATA:
        return f"{quoted(host)} is the address of a cloud's metadata or of this link"
    if _NUMERIC.fullmatch(host) or not _HOST.fullmatch(host):
        return f"{quoted(host)} is not a host's name"
    if not inside and (host == "localhost" or host.endswith(_INSIDE)):
        return f"{quoted(host)} is a private address; to call it, list its network in allow"
    return None
