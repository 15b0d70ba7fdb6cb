"""Python types to the OpenAPI subset in which functions are declared to the model.

Both surfaces of the service take it (docs/protocols/gemini-live.md 2.1.2): `type` in upper case,
`enum` on strings only, `nullable`. Dates and times go as strings whose form is told in words,
since `format` values other than `date-time` are not part of the subset.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from agent.tools.docstring import read_docstring

type Schema = dict[str, Any]

MAX_DEPTH = 5

_SIMPLE: dict[object, Schema] = {
    str: {"type": "STRING"},
    int: {"type": "INTEGER"},
    float: {"type": "NUMBER"},
    bool: {"type": "BOOLEAN"},
    date: {"type": "STRING", "description": "A date as YYYY-MM-DD."},
    time: {"type": "STRING", "description": "A time of day as HH:MM, 24 hours."},
    datetime: {"type": "STRING", "description": "Date and time as YYYY-MM-DDTHH:MM."},
}


class Unsupported(Exception):
    """A type that cannot be declared; the text names it."""


def bare(hint: Any) -> Any:
    """The type without aliases and annotations around it."""
    while True:
        if isinstance(hint, TypeAliasType):
            hint = hint.__value__
        elif get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        else:
            return hint


def optional(hint: Any) -> Any | None:
    """The other type of `X | None`, or None when the hint is not of that form."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return None
    others = [part for part in get_args(hint) if part is not type(None)]
    return others[0] if len(others) == 1 and len(get_args(hint)) == 2 else None


def schema_of(hint: Any, description: str = "", depth: int = 0) -> Schema:
    """Declare one type.

    Args:
        hint: the type as annotated.
        description: what the value means, in the author's words.
        depth: how many lists and dataclasses stand around it.

    Raises:
        Unsupported: the type has no form that the model could be told.
    """
    if depth > MAX_DEPTH:
        raise Unsupported(f"a type nested more than {MAX_DEPTH} levels deep")
    schema = _shape(bare(hint), depth)
    words = [text for text in (description, schema.pop("description", "")) if text]
    if words:
        return {"type": schema.pop("type"), "description": " ".join(words), **schema}
    return schema


def _shape(hint: Any, depth: int) -> Schema:
    if (inner := optional(hint)) is not None:
        return {**schema_of(inner, depth=depth), "nullable": True}
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if get_origin(hint) is Literal:
        return _choice(get_args(hint))
    if get_origin(hint) is list and get_args(hint):
        return {"type": "ARRAY", "items": schema_of(get_args(hint)[0], depth=depth + 1)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice([member.value for member in hint])
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object(hint, depth)
    raise Unsupported(f"type {getattr(hint, '__name__', hint)}")


def _choice(values: Any) -> Schema:
    if not all(type(value) in {str, int} for value in values):
        raise Unsupported("choices other than text and whole numbers")
    return {"type": "STRING", "enum": [str(value) for value in values]}


def _object(hint: type, depth: int) -> Schema:
    words = read_docstring(hint).parameters
    hints = get_type_hints(hint)
    fields = [field for field in dataclasses.fields(hint) if field.init]
    properties = {
        field.name: schema_of(hints[field.name], words.get(field.name, ""), depth + 1)
        for field in fields
    }
    return object_schema(properties, [field.name for field in fields if _required(field)])


def object_schema(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    """An object with these fields, some of which must be there."""
    schema: Schema = {"type": "OBJECT", "properties": dict(properties)}
    return {**schema, "required": list(required)} if required else schema


def _required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
