"""Whom an agent may pass a caller on to, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from agent.tenants.destinations import MOST_HEADERS, Destination, header_faults
from agent.tenants.scalars import SpokenBriefly, duration, quoted
from agent.tenants.sip_address import is_sip
from agent.tenants.strict import Misfit, Part, Strict
from agent.tenants.tools import BuiltinTool
from agent.tenants.urls import url_problem

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant

VOICE_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt", "tr"})
"""In which yes and no are understood; the words are the carrier side's."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def _target_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not a name for a target; use small letters, digits, - and _"
        )
    return value


type TargetName = Annotated[str, AfterValidator(_target_name)]


class Transfer(Strict):
    """Somebody whom the agent may pass a caller on to.

    Attributes:
        to: a telephone number, or a SIP address as sip:desk@pbx.example.com.
        about: who that is and what for; the agent is told.
        how: cold: the caller is connected at once, and comes back to the agent if nobody answers;
            warm: the caller waits while the person hears a summary and accepts; refer:
            a call that came by SIP is handed over to that address, and leaves this service (any
            other call is connected cold).
        ring: how long it rings before the caller is back with the agent.
        say: what the agent says before; by default one short sentence of its own.
        headers: for a SIP address: X-... headers that its side gets.
        hold: of a warm transfer: the address of a sound file that the caller hears meanwhile; by
            default the carrier's music.
        ask: of a warm transfer: what the person hears after the summary; by default, in English,
            to press 1 to take the call or 2 if that is not possible.
        accept: of a warm transfer: how the person answers: key: 1 or 2; voice: by yes or no in the
            agent's language as well. The carrier asks a fee for listening.
    """

    to: Destination
    about: SpokenBriefly | None = None
    how: Literal["cold", "warm", "refer"] = "cold"
    ring: Annotated[float, duration(5, 120)] = 25.0
    say: SpokenBriefly | None = None
    headers: Annotated[dict[str, str], Field(max_length=MOST_HEADERS)] = Field(default_factory=dict)
    hold: Annotated[str, Field(max_length=1000)] | None = None
    ask: SpokenBriefly | None = None
    accept: Literal["key", "voice"] = "key"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if problems := [*self._problems()]:
            raise Misfit(*problems)
        return self

    def _problems(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        sip = is_sip(self.to)
        if self.headers and not sip:
            yield ("headers",), "belong to a SIP address; to is a telephone number"
        else:
            for name, message in header_faults(self.headers):
                yield ("headers", name) if name else ("headers",), message
        if self.how == "refer" and not sip:
            yield ("how",), "refer hands a call over to a SIP address; to is a telephone number"
        for key in ("hold", "ask", "accept"):
            if key in self.model_fields_set and self.how != "warm":
                yield (key,), f"has no effect while how is {self.how}; write how: warm"
        if self.hold is not None:
            secure = self.hold.startswith("https://")
            problem = url_problem(self.hold) if secure else "should begin with https://"
            if problem is not None:
                yield ("hold",), problem


type Transfers = Annotated[dict[TargetName, Transfer], Field(max_length=30)]


def transfer_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What does not go together: targets, the tool that uses them, and what they may begin with."""
    tools = [tool.builtin for tool in tenant.tools if isinstance(tool, BuiltinTool)]
    for index, tool in enumerate(tenant.tools):
        if isinstance(tool, BuiltinTool) and tool.builtin == "transfer" and not tenant.transfers:
            where = ("tools", index, "builtin")
            yield where, "has nobody to pass a caller on to; add transfers: {name: {to: ...}}"
    used = "transfer" in tools or tenant.fallback.transfer is not None
    if tenant.transfers and not used:
        yield ("transfers",), "have no effect: add - builtin: transfer to tools"
    prefixes = tenant.limits.transfer_prefixes
    if prefixes and not tenant.transfers:
        yield ("limits", "transfer_prefixes"), "have no effect: there are no transfers"
    for name, target in tenant.transfers.items():
        if prefixes and not is_sip(target.to) and not target.to.startswith(prefixes):
            yield (
                ("transfers", name, "to"),
                f"{quoted(target.to)} does not begin with one of limits.transfer_prefixes",
            )
        language = (tenant.agent.language or "en").lower().partition("-")[0]
        if target.accept == "voice" and language not in VOICE_LANGUAGES:
            known = ", ".join(sorted(VOICE_LANGUAGES))
            yield (
                ("transfers", name, "accept"),
                f"no words for yes and no are known in {quoted(language)}, only in {known}; "
                "write accept: key",
            )
    if (wanted := tenant.fallback.transfer) is not None and wanted not in tenant.transfers:
        close = get_close_matches(wanted, tenant.transfers, n=1)
        hint = f"; did you mean {quoted(close[0])}?" if close else ""
        yield ("fallback", "transfer"), f"{quoted(wanted)} is not one of transfers{hint}"
