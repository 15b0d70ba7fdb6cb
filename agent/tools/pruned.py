"""The first part of a large result, so that nobody pays for the rest.

A function may return 50 MB by mistake. Writing that as JSON would stop every call of the process
for as long as it takes, and all but 8 KiB of it is thrown away. So what is large is cut before it
is written: in time that depends on what is kept, not on what there is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Set
from typing import Any

import msgspec
from pydantic import BaseModel

DEEPEST = 100
_LEAVES = {str, int, float, bool, type(None)}


class TooDeep(ValueError):
    """A value nested deeper than anybody means it, or one that holds itself."""


def is_large(value: object, limit: int, least: int = 1) -> bool:
    """Whether a value comes to more than `limit`.

    Args:
        least: what each item counts, unless it is a text that is longer.
    """
    count, left = 0, [iter((value,))]
    while left:
        for item in left[-1]:
            length = len(item) if isinstance(item, str | bytes | bytearray) else 0
            count += max(length, least)
            if count > limit:
                return True
            if type(item) not in _LEAVES and (inside := _inside(item)) is not None:
                left.append(iter(inside))
                break
        else:
            left.pop()
    return False


def pruned(value: object, limit: int) -> object:
    """The value with what exceeds `limit` left out; containers become lists and dicts.

    Raises:
        TooDeep: nothing sensible can be kept.
    """
    return _Pruning(limit).keep(value, DEEPEST)


class _Pruning:
    def __init__(self, limit: int) -> None:
        self._left = limit

    def keep(self, value: object, levels: int) -> object:
        if not levels:
            raise TooDeep("nested too deep")
        if isinstance(value, str | bytes | bytearray):
            kept = value[: max(self._left, 0)]
            self._left -= len(kept) or 1
            return kept
        self._left -= 1
        if type(value) in _LEAVES:
            return value
        if (fields := _fields(value)) is not None:
            kept_fields = {}
            for name, item in self._while_room(fields.items()):
                key = self.keep(name, 1) if isinstance(name, str) else name
                kept_fields[key] = self.keep(item, levels - 1)
            return kept_fields
        if isinstance(value, list | tuple | Set):
            return [self.keep(item, levels - 1) for item in self._while_room(value)]
        return value

    def _while_room[T](self, items: Iterable[T]) -> Iterable[T]:
        for item in items:
            if self._left <= 0:
                return
            yield item


def _fields(value: object) -> Mapping[Any, object] | None:
    """What a value holds by name, without a copy of what that holds."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if isinstance(value, BaseModel):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _inside(value: object) -> Iterable[object] | None:
    if isinstance(value, list | tuple | Set):
        return value
    fields = _fields(value)
    return None if fields is None else (part for pair in fields.items() for part in pair)
