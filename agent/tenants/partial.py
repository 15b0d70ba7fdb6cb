"""What of a broken tenant's file can be used all the same, so that the rest of it is checked too.

An owner who has mistyped a key and a voice shall hear of both at once. Without I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.tenants.strict import Misfit, Part
from agent.tenants.tenant import Tenant
from agent.tenants.tools import TOOLS_BY_TAG

_FILLED: tuple[list[Part], ...] = ([], ["agent"])
"""Groups in which something may be missing, for it is filled in."""
NO_MODULE = "__none__"
"""Of the functions that stand in the place of tools with mistakes; nobody shall import it."""
_ROUNDS = 3
"""Values that do not fit together are found once each of them is right by itself."""


def usable(plain: object, details: Iterable[ErrorDetails]) -> Tenant | None:
    """The tenant without what is wrong with it; None when too little is left.

    Args:
        plain: what the file says; changed.
        details: what is wrong with it.
    """
    if not isinstance(plain, dict):
        return None
    for _ in range(_ROUNDS):
        for detail in details:
            for path in _paths(detail):
                _remove(plain, path)
        _fill(plain)
        try:
            return Tenant.model_validate(plain)
        except ValidationError as error:
            details = error.errors(include_url=False)
    return None


def _paths(detail: ErrorDetails) -> list[list[Part]]:
    """The keys that one error is about."""
    path = [part for part in detail["loc"] if part not in TOOLS_BY_TAG]
    raised = detail.get("ctx", {}).get("error")
    if isinstance(raised, Misfit):
        return [[*path, *below] for below, _ in raised.problems]
    if detail["type"] == "missing":
        return [path[:-1]] if path[:-1] not in _FILLED else []
    return [path]


def _remove(here: dict[str, Any], path: Sequence[Part]) -> None:
    """Take a key away; for something in a list the whole list, or other places would move.

    In the place of a tool stands another, which nothing more is wrong with.
    """
    part, *rest = path or [""]
    inner = here.get(str(part))
    if part == "tools" and rest and isinstance(inner, list) and isinstance(rest[0], int):
        inner[rest[0]] = {"python": f"{NO_MODULE}.x{rest[0]}"}
    elif rest and isinstance(inner, dict) and rest[0] in inner:
        _remove(inner, rest)
    else:
        here.pop(str(part), None)


def _fill(plain: dict[str, Any]) -> None:
    """Put something harmless where a tenant must say something."""
    plain.setdefault("tenant", "x")
    plain.setdefault("numbers", ["default"])
    agent = plain.setdefault("agent", {})
    if isinstance(agent, dict):
        agent.setdefault("instructions", "x")
