"""The errors of pydantic in the words of a file's owner, each at its place, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from agent.tenants.scalars import quoted
from agent.tenants.strict import Misfit, Part
from agent.tenants.tools import KINDS_OF_TOOL, TOOLS_BY_TAG
from agent.tenants.tree import Node, Problem, child_path

_KEY = "[key]"
"""In the place of pydantic's errors: the key itself is wrong, not its value."""

_SHAPES = {
    "string_type": "should be text",
    "tuple_type": "should be a list, as in [a, b]",
    "model_type": "should hold keys of its own",
    "dict_type": "should hold keys of its own",
    "bool_type": "should be true or false",
    "int_type": "should be a whole number",
    "float_type": "should be a duration, as in 20m, 4s or 250ms",
}


def find(root: Node, parts: Sequence[Part]) -> tuple[Node, list[Part]]:
    """The nearest node there is, and the parts that led to it."""
    node, found = root, list[Part]()
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


def explain(model: type[BaseModel], root: Node, error: ErrorDetails) -> Iterator[Problem]:
    """One error of pydantic as problems, none where all is said already.

    Args:
        model: of the whole file.
        root: of the file.
        error: what pydantic found.
    """
    parts = [part for part in error["loc"] if part not in TOOLS_BY_TAG and part != _KEY]
    node, found = find(root, parts)
    kind = error["type"]
    if node.broken:
        return
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, Misfit):
        for below, message in raised.problems:
            yield _problem(root, [*parts, *below], message)
        return
    if kind == "too_short" and node.value:
        return  # it has items, none of which can be used, and each is told of
    if kind == "missing":
        message = "is empty" if len(found) == len(parts) else "is missing"
    elif kind == "extra_forbidden":
        node = node.key or node
        message = _unknown_key(str(parts[-1]), _keys_at(model, error["loc"][:-1]))
    elif kind == "union_tag_not_found":
        message = _no_kind(node)
    else:
        message = _wrong_value(kind, error)
        if isinstance(node.value, str):
            parts = found  # the text stands for a group or a list: nothing below it has a name
    if error["loc"][-1:] == (_KEY,):
        node = node.key or node
    yield node.problem(_field(parts), message)


def _problem(root: Node, parts: Sequence[Part], message: str) -> Problem:
    node, _ = find(root, parts)
    return node.problem(_field(parts), message)


def _field(parts: Sequence[Part]) -> str:
    field = ""
    for part in parts:
        field = child_path(field, part)
    return field


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
    kinds = f"{', '.join(KINDS_OF_TOOL[:-1])} or {KINDS_OF_TOOL[-1]}"
    if not isinstance(node.value, dict):
        return f"should hold keys of its own: {kinds}"
    for name in node.value:
        if hint := _did_you_mean(name, KINDS_OF_TOOL):
            return f"{quoted(name)} is not a kind of tool{hint}"
    return f"does not say what it is; give it one of {kinds}"


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word[:100], known, n=1)
    return f"; did you mean {quoted(close[0])}?" if close else ""


def _keys_at(model: type[BaseModel], path: Sequence[Part]) -> list[str]:
    """The keys known at a place of the file: a group of keys, or one in a list or table of them."""
    here: object = model
    for part in path:
        if part in TOOLS_BY_TAG:
            here = TOOLS_BY_TAG[part]
        elif isinstance(here, Mapping):
            here = here[str(part)]
        elif isinstance(here, type) and issubclass(here, BaseModel):
            here = _bare(here.model_fields[str(part)].annotation)
        else:
            inner = get_args(here) or (None,)
            here = _bare(inner[-1 if get_origin(here) is dict else 0])
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return list(here) if isinstance(here, Mapping) else []


def _bare(hint: object) -> object:
    """A type without `| None` and what else is noted beside it."""
    while get_origin(hint) in (Union, UnionType, Annotated):
        hint = get_args(hint)[0]
    return hint
