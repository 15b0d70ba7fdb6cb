"""The parts of a Google-style docstring that a model should read."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

_SECTION = re.compile(r"^(\w[\w ]*):\s*$")
_ENTRY = re.compile(r"^(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")
_PARAMETERS = {"args", "arguments", "parameters", "attributes"}
_KNOWN = _PARAMETERS | {"returns", "raises", "yields", "example", "examples", "note", "notes"}


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart.

    Attributes:
        summary: everything before the first section, as one paragraph per paragraph.
        parameters: what `Args:` or `Attributes:` say of each name.
    """

    summary: str
    parameters: dict[str, str]


def read_docstring(subject: object) -> Docstring:
    """Take apart the docstring of a function or class; empty when it has none."""
    summary: list[str] = []
    parameters: dict[str, str] = {}
    section, indent, name = "", 0, ""
    for line in (inspect.getdoc(subject) or "").splitlines():
        text = line.strip()
        found = _SECTION.match(line)
        if found and found[1].lower() in _KNOWN:
            section, indent, name = found[1].lower(), 0, ""
        elif not section:
            summary.append(text)
        elif section in _PARAMETERS and text:
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            entry = _ENTRY.match(text) if depth == indent else None
            if entry:
                name = entry[1]
                parameters[name] = entry[2]
            elif name:
                parameters[name] = f"{parameters[name]} {text}".strip()
    paragraphs = "\n".join(summary).strip().split("\n\n")
    return Docstring("\n".join(" ".join(p.split()) for p in paragraphs), parameters)
