"""Which calls the commands about past calls are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """As it was typed; see `agent.store.wanted.CallFilter`."""

    tenant: str | None = None
    outcome: str | None = None
    number: str | None = None
    since: str | None = None
    until: str | None = None
    words: str | None = None
