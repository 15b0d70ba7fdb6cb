"""A JSON schema, as a server of tools gives it, made into what the model can be told.

The model takes a subset (`agent.tools.schema`). What only narrows a value (lengths, bounds, a
pattern, a default) is told in words, and the server checks it. What has no form at all, such as an
object of any shape, is left out where it is optional; where it is required, the tool is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.tools.schema import Schema, object_schema

MAX_DEPTH = 6
MAX_BYTES = 16 * 1024
"""Of one tool's schema: every call pays for it in tokens."""
MAX_WORDS = 1_000
"""Characters of one description."""
MAX_PARTS = 500
"""Looked at in one schema: references can make a small one endless."""

_SCALARS = {"string": "STRING", "integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}
_WORDS = (
    ("format", "Format: {}."),
    ("pattern", "Pattern: {}"),
    ("minimum", "At least {}."),
    ("exclusiveMinimum", "More than {}."),
    ("maximum", "At most {}."),
    ("exclusiveMaximum", "Less than {}."),
    ("multipleOf", "A multiple of {}."),
    ("minLength", "At least {} characters."),
    ("maxLength", "At most {} characters."),
    ("minItems", "At least {} items."),
    ("maxItems", "At most {} items."),
    ("default", "Default: {}."),
)


class Unusable(Exception):
    """A schema that the model cannot be told; the text says which field, and why."""


class _TooLarge(Unusable):
    """Leaving out this or that would not help."""


@dataclass(frozen=True, slots=True)
class Told:
    """A schema as the model is told it.

    Attributes:
        parameters: None: the tool takes none.
        left_out: optional fields that have no form, each with the reason.
    """

    parameters: Schema | None
    left_out: tuple[str, ...]


def told(schema: Mapping[str, Any]) -> Told:
    """Make a tool's input schema into parameters of a declaration.

    Raises:
        Unusable: something required has no form, or all of it is too large.
    """
    reader = _Reader(schema)
    shape = reader.read(schema, "", 0)
    if shape["type"] != "OBJECT":
        raise Unusable("the arguments are not an object")
    if len(msgspec.json.encode(shape)) > MAX_BYTES:
        raise Unusable(f"its schema is larger than {MAX_BYTES // 1024} KiB")
    shape.pop("description", None)  # the tool itself has one
    return Told(shape if shape.get("properties") else None, tuple(reader.left_out))


class _Reader:
    """Reads one schema, whose parts may refer to one another."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.left_out: list[str] = []
        self._root = root
        self._parts = 0

    def read(self, schema: object, field: str, depth: int) -> Schema:
        """One value; an object may come out without properties, for the root alone."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _TooLarge(f"its schema has more than {MAX_PARTS} parts")
        if depth > MAX_DEPTH:
            raise _unusable(field, f"it is nested more than {MAX_DEPTH} levels deep")
        if not isinstance(schema, Mapping):
            raise _unusable(field, "any value at all is not a type")
        schema, nullable = self._plain(schema, field, 0)
        kind = _kind(schema, field)
        if kind == "object":
            shape = self._object(schema, field, depth)
        elif kind == "array":
            if "items" not in schema:
                raise _unusable(field, "what the list holds is not said")
            shape = {"type": "ARRAY", "items": self.read(schema["items"], f"{field}[]", depth + 1)}
        else:
            shape = {"type": _SCALARS[kind]}
        choices = _choices(schema)
        if choices and kind == "string":
            shape["enum"] = [choice for choice in choices if isinstance(choice, str)]
        if words := " ".join(_words(schema, None if "enum" in shape else choices)):
            shape = {"type": shape.pop("type"), "description": words[:MAX_WORDS], **shape}
        return {**shape, "nullable": True} if nullable else shape

    def _object(self, schema: Mapping[str, Any], field: str, depth: int) -> Schema:
        given, required = schema.get("properties", {}), _strings(schema.get("required"))
        if not isinstance(given, Mapping):
            raise _unusable(field, "its fields are not a mapping")
        properties: dict[str, Schema] = {}
        for name, part in given.items():
            try:
                properties[name] = self.read(part, f"{field}.{name}" if field else name, depth + 1)
            except Unusable as error:
                if name in required or isinstance(error, _TooLarge):
                    raise
                self.left_out.append(str(error))
        if missing := [name for name in required if name not in properties]:
            raise _unusable(field, f'"{missing[0]}" is required, but not described')
        if not properties and depth:
            raise _unusable(field, "an object of any shape cannot be told")
        return object_schema(properties, required)

    def _plain(
        self, schema: Mapping[str, Any], field: str, steps: int
    ) -> tuple[Mapping[str, Any], bool]:
        """The schema without references and alternatives, and whether it may be null."""
        if steps > MAX_DEPTH:
            raise _unusable(field, "it refers to itself")
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return self._plain({**self._target(schema["$ref"], field), **rest}, field, steps + 1)
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                rest = {key: value for key, value in schema.items() if key != word}
                chosen, nullable = self._one_of(schema[word], word, field)
                plain, inner = self._plain({**chosen, **rest}, field, steps + 1)
                return plain, nullable or inner
        kinds = schema.get("type")
        if isinstance(kinds, list) and "null" in kinds:
            others = [kind for kind in kinds if kind != "null"]
            return {**schema, "type": others}, True
        return schema, schema.get("nullable") is True

    def _target(self, reference: object, field: str) -> Mapping[str, Any]:
        found: object = self._root
        place, *steps = reference.split("/") if isinstance(reference, str) else ("",)
        if place != "#":
            raise _unusable(field, "it refers to another document")
        for step in steps:
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise _unusable(field, f"{reference} does not exist")
        return found

    def _one_of(self, parts: object, word: str, field: str) -> tuple[Mapping[str, Any], bool]:
        """The one alternative that is not null; alternatives of plain values become one."""
        options = _mappings(parts)
        others = [part for part in options if part.get("type") != "null"]
        nullable = len(others) < len(options)
        if len(others) == 1:
            return others[0], nullable
        if word == "allOf" or not others:
            raise _unusable(field, f"{word} of {len(others)} schemas cannot be told")
        if all(_choices(part) for part in others):
            return {"enum": [choice for part in others for choice in _choices(part)]}, nullable
        kinds = [kind for part in others for kind in _kinds(part) or ["unknown"]]
        if set(kinds) <= set(_SCALARS):
            return {"type": kinds}, nullable
        raise _unusable(field, f"alternatives ({word}) cannot be told")


def _unusable(field: str, why: str) -> Unusable:
    return Unusable(f"{field}: {why}" if field else why)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type")
    return [kinds] if isinstance(kinds, str) else _strings(kinds)


def _kind(schema: Mapping[str, Any], field: str) -> str:
    """The one type; a value of several plain types is told as the widest of them."""
    kinds = set(_kinds(schema))
    if not kinds:
        if "properties" in schema:
            return "object"
        kinds = {_type_of(choice) for choice in _choices(schema)}
    if len(kinds) == 1 and (only := next(iter(kinds))) in {"object", "array", *_SCALARS}:
        return only
    if kinds == {"integer", "number"}:
        return "number"
    if "string" in kinds and kinds <= set(_SCALARS):
        return "string"
    raise _unusable(field, f"type {' or '.join(sorted(kinds)) or 'unknown'} cannot be told")


def _type_of(value: object) -> str:
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    return names.get(type(value), type(value).__name__)


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    if "const" in schema:
        return [schema["const"]]
    choices = schema.get("enum")
    return choices if isinstance(choices, list) else []


def _words(schema: Mapping[str, Any], choices: list[Any] | None) -> Iterator[str]:
    """What a person would be told of a value."""
    for key in ("description", "title"):
        if isinstance(words := schema.get(key), str) and words.strip():
            yield " ".join(words.split())
            break
    if choices:
        yield f"One of {', '.join(str(choice) for choice in choices)}."
    for key, form in _WORDS:
        value = schema.get(key)
        if isinstance(value, str | int | float):
            yield form.format(str(value).lower() if isinstance(value, bool) else value)
