"""YAML text to a tree of texts with positions, without I/O.

Owners write `numbers: [+15550100100]`, `9:30` and `no`, and mean the characters they typed. YAML
1.1 would turn these into integers and booleans, so this reader takes PyYAML's events and keeps
every scalar as text; the model of the file decides what a text means. What can make a file large,
deep or ambiguous (anchors, tags, several documents, a key given twice) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_VALUES = 10_000
"""Keys and values of a file: far above what a tenant needs, and each may cost a message."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times as fast
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\U00010000-\U0010ffff]")
_NOTHING = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file.

    Attributes:
        line: counted from 1.
        column: counted from 1.
        field: dotted path of the key, "" for the file as a whole.
        message: what is wrong and, where known, what to do.
        file: in which it stands, "" for the one that is being read; others are included.
    """

    line: int
    column: int
    field: str
    message: str
    file: str = ""

    def text(self, path: str) -> ProblemLine:
        """The problem as `path:line:col: field: message`.

        Args:
            path: of the file that is being read.
        """
        return ProblemLine(self.file or path, self)


class ProblemLine(str):
    """A problem as one line, `path:line:col: field: message`, which still knows its parts.

    Attributes:
        path: of the file.
        problem: what is wrong there.
    """

    __slots__ = ("path", "problem")
    path: str
    problem: Problem

    def __new__(cls, path: str, problem: Problem) -> Self:
        """Write the line."""
        field = f"{problem.field}: " if problem.field else ""
        place = f"{path}:{problem.line}:{problem.column}"
        line = super().__new__(cls, f"{place}: {field}{problem.message}")
        line.path, line.problem = path, problem
        return line


@dataclass(slots=True)
class Node:
    """One value of the file and where it stands.

    Attributes:
        line: of the value, counted from 1.
        column: of the value, counted from 1.
        value: text; None for an empty value; nodes for a list or a group of keys.
        key: the node of the key that introduces the value, if any.
        broken: a problem with this value is already reported, so nothing more need be said of it.
        file: in which it stands, "" for the one that is being read.
    """

    line: int
    column: int
    value: str | list[Node] | dict[str, Node] | None
    key: Node | None = None
    broken: bool = False
    file: str = ""

    def problem(self, field: str, message: str) -> Problem:
        """A problem with this value."""
        return Problem(self.line, self.column, field, message, self.file)


def child_path(parent: str, part: str | int) -> str:
    """The dotted path of a child: `agent.voice`, `tools[0].timeout`."""
    if isinstance(part, int):
        return f"{parent}[{part}]"
    return f"{parent}.{part}" if parent else part


def read_tree(raw: bytes | str, file: str = "") -> tuple[Node | None, list[Problem]]:
    """Read one file.

    Args:
        raw: the file's content; bytes as read from disk, so that a wrong encoding is noticed.
        file: its path if it is included by another, for nodes and problems.
    Returns:
        The root, None when nothing usable was read, and every problem of form.
    """
    text, problem = _decode(raw)
    if problem is not None:
        return None, [replace(problem, file=file)]
    reader = _Reader(text, file)
    try:
        return reader.document(), reader.problems
    except yaml.MarkedYAMLError as error:
        reader.problems.append(replace(_syntax(error, text), file=file))
    except _TooMuch:
        pass
    return None, reader.problems


def _decode(raw: bytes | str) -> tuple[str, Problem | None]:
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        limit = MAX_BYTES // 1024
        return "", Problem(1, 1, "", f"the file is larger than {limit} KiB")
    if raw.startswith(b"\xef\xbb\xbf"):
        return "", Problem(1, 1, "", "starts with a byte order mark; save it as UTF-8 without BOM")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = _position(before)
        return "", Problem(line, column, "", "not UTF-8 text; save the file as UTF-8")
    if found := _UNPRINTABLE.search(text):
        line, column = _position(text[: found.start()])
        code = f"U+{ord(found.group()):04X}"
        return "", Problem(line, column, "", f"control character {code}; remove it")
    return text, None


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None  # events that were read from text have one
    return mark.line + 1, mark.column + 1


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent:
        message = "a tab in the indentation; use spaces"
        return Problem(line + 1, indent.index("\t") + 1, "", message)
    if error.context == "while scanning an alias" and error.context_mark:
        start = error.context_mark
        message = 'what begins with * is written in quotes, as "*"'
        return Problem(start.line + 1, start.column + 1, "", message)
    parts = [part for part in (error.context, error.problem) if part]
    return Problem(line + 1, column + 1, "", "not YAML: " + ", ".join(parts))


class _TooMuch(Exception):
    """Stop reading: the file is past a limit."""


class _Reader:
    """Turns events into nodes; recursion is bounded by MAX_DEPTH."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._values = 0
        self.problems: list[Problem] = []
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> Node | None:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self._report(event, "", "the file is empty")
            return None
        root = self._value(next(self._events), "", 0)
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._report(event, "", "a second document begins; a file holds one")
        return root

    def _report(self, event: yaml.Event, field: str, message: str) -> None:
        line, column = _place(event)
        self.problems.append(Problem(line, column, field, message, self._file))

    def _value(self, event: yaml.Event, field: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._report(event, field, f"nested more than {MAX_DEPTH} levels deep")
            raise _TooMuch
        self._values += 1
        if self._values > MAX_VALUES:
            self._report(event, "", f"the file holds more than {MAX_VALUES} values")
            raise _TooMuch
        line, column = _place(event)
        node = Node(line, column, None, file=self._file)
        if isinstance(event, yaml.AliasEvent):
            self._report(event, field, f"refers to an anchor (*{event.anchor}); write it out")
            node.broken = True
            return node
        if getattr(event, "anchor", None):
            self._report(event, field, "anchors (&name) are not used here; write the value out")
        if getattr(event, "tag", None):
            self._report(event, field, "tags (!name) are not used here; remove it")
            node.broken = True
        if isinstance(event, yaml.ScalarEvent):
            empty = event.implicit[0] and event.value in _NOTHING
            node.value = None if empty else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self._items(field, depth)
        else:
            node.value = self._entries(field, depth)
        return node

    def _items(self, field: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, child_path(field, len(items)), depth + 1))
        return items

    def _entries(self, field: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, field, depth + 1)
            name = key.value if isinstance(key.value, str) else ""
            if not name and not key.broken:
                self._report(event, field, "a key must be a plain word")
            path = child_path(field, name) if name else field
            value = self._value(next(self._events), path, depth + 1)
            value.key = key
            if name in entries and name:
                first = entries[name].key or key
                self._report(event, path, f"given twice (first on line {first.line})")
            elif name:
                entries[name] = value
        return entries
