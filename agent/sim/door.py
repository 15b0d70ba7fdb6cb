"""Who is let in to the model's stand-in: URL forms and credentials, without I/O.

Source: docs/protocols/gemini-live.md 1.1, 1.2, E-1, E-2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from agent.sim.server_profiles import Surface

_DEVELOPER = re.compile(
    r"/ws/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)"
    r"\.GenerativeService\.(BidiGenerateContent|BidiGenerateContentConstrained)"
)
_VERTEX = re.compile(
    r"/ws/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService/BidiGenerateContent"
)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


@dataclass(frozen=True, slots=True)
class Admitted:
    """An upgrade that is accepted.

    Attributes:
        api_version: from the URL.
    """

    surface: Surface
    api_version: str


@dataclass(frozen=True, slots=True)
class Turned:
    """An upgrade that is answered with an HTTP status."""

    status: int


def admit(
    path: str, query: Mapping[str, str], headers: Mapping[str, str], keys: Set[str] | None = None
) -> Admitted | Turned:
    """Judge one upgrade.

    Args:
        headers: with case-insensitive names, or all lower-case.
        keys: keys and tokens that are accepted; None accepts every one, but not the lack of one.
    """
    if match := _DEVELOPER.fullmatch(path):
        constrained = match[2].endswith("Constrained")
        credential = _token(query, headers) if constrained else _key(query, headers)
        surface: Surface = "developer"
    elif match := _VERTEX.fullmatch(path):
        credential = _bearer(headers) or headers.get("x-goog-api-key", "")
        surface = "vertex"
    else:
        return Turned(NOT_FOUND)
    if not credential:
        return Turned(UNAUTHORIZED if surface == "vertex" else FORBIDDEN)
    if keys is not None and credential not in keys:
        return Turned(FORBIDDEN)
    return Admitted(surface, match[1])


def _key(query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    return headers.get("x-goog-api-key", "") or query.get("key", "")


def _token(query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme == "Token" else query.get("access_token", "")


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""
