"""A YAML file to its model, or every error of the file with line and column, without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.errors import ConfigError
from agent.tenants.scalars import quoted
from agent.tenants.tenant import BUILTIN_TOOL, PYTHON_TOOL, BuiltinTool, PythonTool, Tenant
from agent.tenants.tree import Node, Problem, child_path, read_tree

MAX_PROBLEMS = 50

_KIND_OF_TOOL = ("python", "builtin")
_TOOLS: dict[str | int, type[BaseModel]] = {
    PYTHON_TOOL: PythonTool,
    BUILTIN_TOOL: BuiltinTool,
}
_SHAPES = {
    "string_type": "should be text",
    "tuple_type": "should be a list, as in [a, b]",
    "model_type": "should hold keys of its own",
    "bool_type": "should be true or false",
    "int_type": "should be a whole number",
    "float_type": "should be a duration, as in 20m, 4s or 250ms",
}


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
    """

    path: str
    model: M
    root: Node

    def problem(self, field: str, message: str) -> str:
        """A line about a key that is well-formed but cannot be used, with its place.

        Args:
            field: dotted path, as `agent.voice` or `tools[0].python`; a key that is not in the
                file stands for the nearest one above it.
            message: what is wrong with it.
        """
        parts: list[str | int] = [
            int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", field)
        ]
        node, _ = _find(self.root, parts)
        return Problem(node.line, node.column, field, message).text(self.path)


type TenantFile = ModelFile[Tenant]


def parse_tenant(raw: bytes | str, path: str) -> Tenant:
    """Read one tenant file; see `read_model`."""
    return read_model(raw, path, Tenant).model


def read_model[M: BaseModel](raw: bytes | str, path: str, model: type[M]) -> ModelFile[M]:
    """Read a file of the kind that `model` describes, and keep the places of its keys.

    Args:
        raw: the file's content; bytes as read from disk, so that a wrong encoding is noticed.
        path: its name, for messages.
        model: of scalars that are read from text, and of groups of keys that are plain models.

    Raises:
        ConfigError: with one problem per line, as `path:line:col: field: message`.
    """
    root, problems = read_tree(raw)
    if root is None:
        raise ConfigError(*_texts(problems, path))
    found: M | None = None
    try:
        found = model.model_validate(_plain(root))
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems.extend(_explain(model, root, problem) for problem in details)
    if found is None or problems:
        raise ConfigError(*_texts([p for p in problems if p.message], path))
    return ModelFile(path, found, root)


def _texts(problems: Sequence[Problem], path: str) -> Iterator[str]:
    ordered = sorted(problems)
    yield from (problem.text(path) for problem in ordered[:MAX_PROBLEMS])
    if len(ordered) > MAX_PROBLEMS:
        yield f"{path}: and {len(ordered) - MAX_PROBLEMS} more problems"


def _plain(node: Node) -> Any:
    """The tree without its positions; an empty value counts as a key left out."""
    if isinstance(node.value, dict):
        entries = node.value.items()
        return {name: _plain(child) for name, child in entries if child.value is not None}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value


def _find(root: Node, parts: Sequence[str | int]) -> tuple[Node, list[str | int]]:
    """The nearest node there is, and the parts that led to it."""
    node, found = root, list[str | int]()
    for part in parts:
        child: Node | None = None
        if isinstance(part, int) and isinstance(node.value, list) and part < len(node.value):
            child = node.value[part]
        elif isinstance(part, str) and isinstance(node.value, dict):
            child = node.value.get(part)
        if child is None:
            break
        node = child
        found.append(part)
    return node, found


def _explain(model: type[BaseModel], root: Node, error: ErrorDetails) -> Problem:
    """One pydantic error in the owner's words; an empty message where all is said already."""
    parts = [part for part in error["loc"] if part not in _TOOLS]
    node, found = _find(root, parts)
    field = ""
    for part in parts:
        field = child_path(field, part)
    if node.broken:
        return Problem(node.line, node.column, field, "")
    kind = error["type"]
    if kind == "missing":
        message = "is empty" if len(found) == len(parts) else "is missing"
    elif kind == "extra_forbidden":
        node = node.key or node
        message = _unknown_key(str(parts[-1]), _keys_at(model, error["loc"][:-1]))
    elif kind == "union_tag_not_found":
        message = _no_kind(node)
    else:
        message = _wrong_value(kind, error)
    return Problem(node.line, node.column, field, message)


def _wrong_value(kind: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        choices = re.findall(r"'([^']+)'", context["expected"])
        value = error["input"]
        given = quoted(value) if isinstance(value, str) else "this"
        return f"{given} is not one of {', '.join(choices)}{_did_you_mean(str(value), choices)}"
    if kind in {"too_short", "string_too_short"}:
        return "is empty"
    if kind in {"too_long", "string_too_long"}:
        return f"is too long; at most {context['max_length']}"
    return _SHAPES.get(kind, error["msg"])


def _unknown_key(name: str, known: Sequence[str]) -> str:
    return f"unknown key{_did_you_mean(name, known)}"


def _no_kind(node: Node) -> str:
    kinds = " or ".join(_KIND_OF_TOOL)
    if not isinstance(node.value, dict):
        return f"should hold keys of its own: {kinds}"
    for name in node.value:
        if hint := _did_you_mean(name, _KIND_OF_TOOL):
            return f"{quoted(name)} is not a kind of tool{hint}"
    return f"does not say what it is; give it one of {kinds}"


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word[:100], known, n=1)
    return f"; did you mean {quoted(close[0])}?" if close else ""


def _keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys known at a place of the file: a group of keys, or one in a list or table of them."""
    here: object = model
    for part in path:
        if get_origin(here) in (Union, UnionType):  # that is, `... | None`
            here = get_args(here)[0]
        if part in _TOOLS:
            here = _TOOLS[part]
        elif isinstance(here, type) and issubclass(here, BaseModel):
            here = here.model_fields[str(part)].annotation
        else:
            inner = get_args(here) or (None,)
            here = inner[-1 if get_origin(here) is dict else 0]
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []
