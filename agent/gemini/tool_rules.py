"""The check of `setup.tools`, without I/O.

Source: docs/protocols/gemini-live.md 2.1.2, 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.gemini.models import Profile
from agent.gemini.tools import BEHAVIORS, FunctionDeclaration, GoogleSearch, Tool

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_LIVE_KINDS = frozenset({"functionDeclarations", "googleSearch"})


def tool_problems(tools: Sequence[Tool], profile: Profile) -> Iterator[str]:
    """Everything about the tools of a setup that the model would refuse."""
    seen: set[str] = set()
    kinds: set[str] = set()
    for i, tool in enumerate(tools):
        path = f"setup.tools[{i}]"
        chosen = [
            wire
            for field, wire in zip(
                tool.__struct_fields__, tool.__struct_encode_fields__, strict=True
            )
            if getattr(tool, field) is not None
        ]
        kinds.update(chosen)
        if len(chosen) != 1:
            yield f"{path}: one kind of tool per entry, not {', '.join(chosen) or 'none'}"
        for wire in chosen:
            if wire not in _LIVE_KINDS:
                yield f"{path}.{wire}: not available in a live session; remove it"
        if tool.google_search is not None:
            yield from _search_problems(f"{path}.googleSearch", tool.google_search, profile)
        for j, declaration in enumerate(tool.function_declarations or ()):
            where = f"{path}.functionDeclarations[{j}]"
            if declaration.name in seen:
                yield f"{where}.name: {declaration.name!r} is declared twice"
            seen.add(declaration.name)
            yield from _declaration_problems(where, declaration, profile)
    if kinds >= _LIVE_KINDS and not profile.search_with_functions:
        yield f"setup.tools: {profile.name} takes functions or googleSearch, not both"


def _search_problems(path: str, search: GoogleSearch, profile: Profile) -> Iterator[str]:
    if profile.surface == "vertex":
        return
    if search.blocking_confidence is not None:
        yield f"{path}.blockingConfidence: exists on Vertex only; remove it"
    if search.exclude_domains:
        yield f"{path}.excludeDomains: exists on Vertex only; remove it"


def _declaration_problems(
    path: str, declaration: FunctionDeclaration, profile: Profile
) -> Iterator[str]:
    if not _NAME.fullmatch(declaration.name):
        yield (
            f"{path}.name: {declaration.name!r} is no function name: a letter or _, then up to "
            "127 letters, digits and _ . : -"
        )
    if declaration.parameters is not None and declaration.parameters_json_schema is not None:
        yield f"{path}: parameters or parametersJsonSchema, not both"
    if declaration.response is not None and declaration.response_json_schema is not None:
        yield f"{path}: response or responseJsonSchema, not both"
    behavior = declaration.behavior
    if behavior is None or behavior in profile.behaviors:
        return
    if behavior not in BEHAVIORS:
        yield f"{path}.behavior: {behavior!r} is unknown; BLOCKING or NON_BLOCKING"
    elif not profile.behaviors:
        yield f"{path}.behavior: {profile.name} takes none; remove it"
    else:
        only = next(iter(profile.behaviors))
        yield f"{path}.behavior: {profile.name} takes {only} only, not {behavior}"
