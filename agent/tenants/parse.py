"""A YAML file to its model, or every error of the file with line and column, without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.errors import ConfigError
from agent.tenants.explain import explain, find
from agent.tenants.include import ReadFile, merge_included
from agent.tenants.partial import usable
from agent.tenants.strict import Part
from agent.tenants.tenant import Tenant
from agent.tenants.tree import Node, Problem, read_tree

MAX_PROBLEMS = 50
"""Problems of a file that are told; of the others, only their number."""
MAX_EXPLAINED = 1000
"""Problems that are put into words, to find the first in the file among them."""


type Place = Callable[[str, str], str]
"""Makes one line of a problem out of a field and a message."""


def plain_place(field: str, message: str) -> str:
    """A problem of a tenant that was not read from a file."""
    return f"{field}: {message}"


@dataclass(frozen=True, slots=True)
class ModelFile[M: BaseModel]:
    """What a file says, and where each of its keys stands.

    Attributes:
        path: of the file, as it shall appear in messages.
        model: what it says.
        root: the tree it was read from.
        included: paths of the files it includes.
    """

    path: str
    model: M
    root: Node
    included: tuple[str, ...] = ()

    def problem(self, field: str, message: str) -> str:
        """A line about a key that is well-formed but cannot be used, with its place.

        Args:
            field: dotted path, as `agent.voice` or `tools[0].python`; a key that is not in the
                file stands for the nearest one above it.
            message: what is wrong with it.
        """
        node, _ = find(self.root, parts_of(field))
        return node.problem(field, message).text(self.path)


def parts_of(field: str) -> list[Part]:
    """The parts of a dotted path: `tools[0].python`."""
    return [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", field)]


type TenantFile = ModelFile[Tenant]
type Further = Callable[[Tenant], Iterable[tuple[str, str]]]
"""What more may be wrong with a tenant that is well-formed: fields and messages."""


def parse_tenant(raw: bytes | str, path: str, read_file: ReadFile | None = None) -> Tenant:
    """Read one tenant file; see `read_model`."""
    return read_model(raw, path, Tenant, read_file).model


def read_model[M: BaseModel](
    raw: bytes | str,
    path: str,
    model: type[M],
    read_file: ReadFile | None = None,
    further: Further = lambda tenant: (),
) -> ModelFile[M]:
    """Read a file of the kind that `model` describes, and keep the places of its keys.

    Args:
        raw: the file's content; bytes as read from disk, so that a wrong encoding is noticed.
        path: its name, for messages and for what it includes.
        model: of scalars that are read from text, and of groups of keys that are plain models.
        read_file: reads a file that is included, by its path; None: nothing is included, and a
            file that asks for it is refused.
        further: for a tenant: of a file that is refused, what is well-formed is checked by this as
            well, so that its owner hears of everything at once. A file that is taken is not.

    Raises:
        ConfigError: with one problem per line, as `path:line:col: field: message`.
    """
    root, problems = read_tree(raw)
    if root is None:
        raise ConfigError(*_texts(problems, path))
    included: tuple[str, ...] = ()
    lacking = False
    if "include" in model.model_fields:
        root, found, included = merge_included(root, path, read_file)
        problems.extend(found)
        lacking = bool(found)
    read: M | None = None
    details: list[ErrorDetails] = []
    try:
        read = model.model_validate(_plain(root))
    except ValidationError as error:
        # What is missing is few, and comes last.
        details = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "missing")
        for detail in details[:MAX_EXPLAINED]:
            if not (lacking and detail["type"] == "missing"):  # it may stand in a file not read
                problems.extend(explain(model, root, detail))
    if read is None or problems:
        more = max(0, len(details) - MAX_EXPLAINED)
        if issubclass(model, Tenant) and not more:
            rest = read if isinstance(read, Tenant) else usable(_plain(root), details)
            problems.extend(_further(root, problems, further(rest) if rest else ()))
        raise ConfigError(*_texts(problems, path, more))
    return ModelFile(path, read, root, included)


def _further(
    root: Node, problems: Sequence[Problem], further: Iterable[tuple[str, str]]
) -> list[Problem]:
    """The problems with what is well-formed; of what is not, enough is said."""
    told = {problem.field for problem in problems}
    found = ((find(root, parts_of(field))[0], field, message) for field, message in further)
    return [node.problem(field, message) for node, field, message in found if field not in told]


def _texts(problems: Sequence[Problem], path: str, more: int = 0) -> Iterator[str]:
    ordered = sorted(problems, key=lambda problem: (problem.file, problem))
    yield from (problem.text(path) for problem in ordered[:MAX_PROBLEMS])
    if more := more + max(0, len(ordered) - MAX_PROBLEMS):
        yield f"{path}: and {more} more problems"


def _plain(node: Node) -> Any:
    """The tree without its positions; an empty value counts as a key left out."""
    if isinstance(node.value, dict):
        entries = node.value.items()
        return {name: _plain(child) for name, child in entries if child.value is not None}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value
