"""Which addresses an HTTP tool may reach; without I/O.

A tool's host is looked up when it is called, and by then its name may lead anywhere: to a machine
next to this one, to the cloud's metadata, to this process itself. So what counts is the address,
after the look-up, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

_NOT_FOR_US = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("168.63.129.16/32"),
)
"""Public to some versions of Python, or by its number: the block of special uses (one cloud has its
metadata there), and what the host of a virtual machine answers in another (its agent)."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a tool's `allow`; a text that is none raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def permitted(found: Sequence[str], allow: Sequence[Network]) -> list[Address]:
    """Those of a host's addresses that may be reached, in their order."""
    addresses = [_read(text) for text in found]
    return [address for address in addresses if address is not None and _permitted(address, allow)]


def _read(text: str) -> Address | None:
    """The address, an IPv4 one if it is just written as IPv6; None if it is not well-formed."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _permitted(address: Address, allow: Sequence[Network]) -> bool:
    if any(address in network for network in allow):
        return True
    return _is_public(address)


def _is_public(address: Address) -> bool:
    """Reached over the internet by anyone: not private, shared, of this link or this machine.

    IPv6 forms that a network translates to an IPv4 address are not, whatever that is: NAT64 lies in
    a reserved block, 6to4 and Teredo are told by their names.
    """
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv6Address) and (
        address.sixtofour or address.teredo or address.is_site_local
    ):
        return False
    return address.is_global and not any(address in network for network in _NOT_FOR_US)
