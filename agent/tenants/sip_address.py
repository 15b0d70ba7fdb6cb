"""SIP addresses that a tenant answers: `sip:sales@voice.example.com`, or `sip:sales` anywhere.

Without I/O.
"""

from __future__ import annotations

import re

SCHEMES = ("sip:", "sips:")
_ENTRY = re.compile(r"sip:[a-z0-9_.!~*'()&=$+-]{1,64}(?:@[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?)?")
_CALLED = re.compile(r"sips?:([^@;?\s]{1,128})(?:;[^@\s]*)?@([^@:;?\s]{1,128})(?:[:;?].*)?")


def is_sip(text: str) -> bool:
    """Whether a text is meant as a SIP address."""
    return text.lower().startswith(SCHEMES)


def sip_entry(text: str) -> str:
    """An entry of a tenant's list of numbers, in small letters; without a host, for every one.

    Raises:
        ValueError: it is no such address.
    """
    entry = text.strip().lower().replace("sips:", "sip:", 1)
    if not _ENTRY.fullmatch(entry):
        raise ValueError(
            f'"{text[:60]}" is not a SIP address that can be called; '
            "write sip:sales or sip:sales@voice.example.com"
        )
    return entry


def entries_for(called: str) -> tuple[str, ...]:
    """The entries that a called address fits, the most exact first; its user last, as it is."""
    found = _CALLED.fullmatch(called.lower())
    if found is None:
        return ()
    user, host = found[1], found[2]
    return f"sip:{user}@{host}", f"sip:{user}", user
