"""Where a call can be passed on to: a telephone number, or a SIP address; without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from agent.tenants.scalars import phone_number, quoted
from agent.tenants.sip_address import is_sip

LONGEST_URI = 255
MOST_HEADERS = 20
LONGEST_HEADERS = 800
"""Names and values together: they travel in the address, which carriers cut without a word."""

_HOST = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_SIP = re.compile(
    rf"sips?:[A-Za-z0-9_.!~*'()+&=$,;/%-]+@{_HOST}(?::\d{{1,5}})?(?:;[A-Za-z0-9_.=~-]+)*"
)
_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,62}")
_VALUE = re.compile(r"[\x20-\x7e]{1,200}")
_PREFIX = re.compile(r"\+[1-9]\d{0,13}\*?")
_SEPARATORS = re.compile(r"[\s().-]")


def destination(value: object) -> object:
    """A telephone number, or a SIP address as `sip:desk@pbx.example.com`.

    Raises:
        ValueError: the text is neither.
    """
    if not isinstance(value, str) or not is_sip(value):
        return phone_number(value)
    scheme, _, rest = value.partition(":")
    address = f"{scheme.lower()}:{rest}"
    if "?" in address:
        raise ValueError(f"{quoted(value)}: headers stand under headers, not in the address")
    if len(address) > LONGEST_URI or not _SIP.fullmatch(address):
        raise ValueError(f"{quoted(value)} is not a SIP address; write sip:desk@pbx.example.com")
    return address


def number_prefix(value: object) -> object:
    """The beginning of numbers, as `+1555`; `+1555*` says the same.

    Raises:
        ValueError: the text is no such beginning.
    """
    if not isinstance(value, str):
        return value
    beginning = _SEPARATORS.sub("", value)
    if not _PREFIX.fullmatch(beginning):
        raise ValueError(f"{quoted(value)} is not the beginning of a number; write it as +1555")
    return beginning.removesuffix("*")


def header_faults(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the headers of a SIP address: each with its name, and in words."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            yield name, f"{quoted(name)} is not a header that carriers pass on; begin it with X-"
        elif not _VALUE.fullmatch(value):
            yield name, "should be 1 to 200 characters of plain text"
    if sum(len(name) + len(value) for name, value in headers.items()) > LONGEST_HEADERS:
        yield "", f"are longer than {LONGEST_HEADERS} characters together"


type _Text = Annotated[str, Field(pattern=r"^\s*(\+|\(|sips?:)")]
type _Unquoted = Annotated[int, Field(ge=1_000_000, lt=10**15)]
type _PrefixUnquoted = Annotated[int, Field(ge=1, lt=10**15)]
type Destination = Annotated[
    str, BeforeValidator(destination, json_schema_input_type=_Text | _Unquoted)
]
type NumberPrefix = Annotated[
    str, BeforeValidator(number_prefix, json_schema_input_type=str | _PrefixUnquoted)
]
