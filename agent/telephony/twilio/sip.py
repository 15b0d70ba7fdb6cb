"""What the carrier tells of a call that came by SIP: who, through what, with which headers.

All of it was written by whoever sent the call: it is bounded, and what is not plain is left out.
Without I/O.

Source: docs/protocols/twilio.md section 6.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

MOST_HEADERS: Final = 20
LONGEST: Final = 200
"""Characters of one value."""

_PREFIX: Final = "SipHeader_"
_SIGNS: Final = (_PREFIX, "SipDomain", "SipCallId", "SipUsername", "SipSourceIp")
"""How fields begin that calls by SIP alone have; a trunk of one's own brings only some of them."""
_HEADER: Final = re.compile(r"X-[A-Za-z0-9-]{1,62}", re.IGNORECASE)
_URI: Final = re.compile(
    r"sips?:(?:([^@\s]{1,128})@)?([A-Za-z0-9.:\[\]-]{1,128})(?:[;?].*)?", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class SipCall:
    """How a call came by SIP.

    Attributes:
        domain: that it came to, or empty.
        call_id: of the SIP dialogue, or empty.
        user: who was called, as in `sip:user@...`; or empty.
        login: who has authenticated with the domain; or empty.
        headers: `X-...` as they were sent, values cut to `LONGEST`.
    """

    domain: str = ""
    call_id: str = ""
    user: str = ""
    login: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def facts(self) -> dict[str, str]:
        """By names that can stand in a prompt: `sip_user`, and `sip_x_case` for `X-Case`."""
        known = {
            "sip_user": self.user,
            "sip_domain": self.domain,
            "sip_login": self.login,
            **{f"sip_{name.lower().replace('-', '_')}": v for name, v in self.headers.items()},
        }
        return {name: value for name, value in known.items() if value}


def sip_call(fields: Mapping[str, str]) -> SipCall | None:
    """What a webhook's fields say of it; None: the call did not come by SIP."""
    came = any(name.startswith(_SIGNS) for name in fields)
    if not came and not fields.get("From", "").lower().startswith(("sip:", "sips:")):
        return None
    user, _ = user_and_host(fields.get("To", ""))
    return SipCall(
        _plain(fields.get("SipDomain", "")),
        _plain(fields.get("SipCallId", "")),
        _plain(user),
        _plain(fields.get("SipUsername", "")),
        _headers(fields),
    )


def user_and_host(uri: str) -> tuple[str, str]:
    """The parts of `sip:user@host`, without what follows; both empty for what is no such thing."""
    found = _URI.fullmatch(uri)
    if found is None:
        return "", ""
    user = (found[1] or "").partition(";")[0]
    return user, found[2].lower()


def number_of(address: str) -> str | None:
    """The telephone number that an address is or holds as its user; None: there is none."""
    user, _ = user_and_host(address)
    candidate = user or address
    return candidate if _NUMBER.fullmatch(candidate) else None


def _headers(fields: Mapping[str, str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key, value in fields.items():
        name = key.removeprefix(_PREFIX)
        if name == key or not _HEADER.fullmatch(name) or len(found) == MOST_HEADERS:
            continue
        found[name] = _plain(value)
    return MappingProxyType(found)


def _plain(text: str) -> str:
    """The text without what nobody sees: control characters, marks of direction and the like."""
    return "".join(c for c in text[:LONGEST] if not unicodedata.category(c).startswith("C"))
