"""What of a record is personal, and the record without it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from agent.call.timeline import Entry

PII = "pii."
"""So begin the names of personal values in a timeline."""


def less_personal[T: Struct](part: T) -> T:
    """The same without what is personal: those fields are as if they had not been given."""
    unsaid = _unsaid(type(part))
    changes: dict[str, Any] = {}
    for name in part.__struct_fields__:
        value = getattr(part, name)
        kept = unsaid[name] if name in unsaid else _less_personal(value)
        if kept is not value:
            changes[name] = kept
    return msgspec.structs.replace(part, **changes) if changes else part


@cache
def _unsaid(part: type[Struct]) -> Mapping[str, Any]:
    """What stands in personal fields that say nothing."""
    personal = personal_fields(part)
    fields = msgspec.structs.fields(part)
    return {field.name: field.default for field in fields if field.name in personal}


@cache
def personal_fields(part: type[Struct]) -> frozenset[str]:
    """The names of the fields that are marked as personal."""
    found = msgspec.inspect.type_info(part)
    assert isinstance(found, msgspec.inspect.StructType)
    return frozenset(field.name for field in found.fields if _is_personal(field.type))


def _is_personal(type: msgspec.inspect.Type) -> bool:
    if not isinstance(type, msgspec.inspect.Metadata):
        return False
    return "x-personal" in (type.extra_json_schema or {})


def _less_personal(value: Any) -> Any:
    match value:
        case Struct():
            return less_personal(value)
        case Entry(t, name, values):
            return Entry(t, name, {n: v for n, v in values.items() if not n.startswith(PII)})
        case tuple() if value:
            return tuple(map(_less_personal, value))
        case _:
            return value
