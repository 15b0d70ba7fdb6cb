"""The body of an HTTP tool's request: what is put into it is data and stays data; without I/O.

Keys become JSON, or a form if the tool's `Content-Type` says so. Text is sent as it is written, and
its values are written the way its kind asks for: inside and outside of JSON's quotation marks, in a
form, in XML. So no argument can end a string, add a key or open an element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from agent.errors import ConfigError
from agent.tools.http_template import (
    Encode,
    Resolve,
    Template,
    Values,
    as_json,
    in_json_string,
    json_of,
    percent,
    read_template,
    text_of,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain; charset=utf-8"
_QUOTES = re.compile(r'\\.|(")', re.DOTALL)


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """What a request carries.

    Attributes:
        content_type: unless the tool's headers have one.
        fill: makes the bytes from the values.
    """

    content_type: str
    fill: Callable[[Values], bytes]


def read_body(written: str | Mapping[str, Any], content_type: str, resolve: Resolve) -> Body:
    """Take a body apart.

    Args:
        content_type: of the tool's headers; empty if they have none.

    Raises:
        ConfigError: a form with something else than a text below a key.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if isinstance(written, str):
        return _text_body(written, kind, resolve)
    if kind == FORM:
        return _form_body(written, resolve)
    tree = _tree(written, resolve)
    return Body(JSON, lambda values: msgspec.json.encode(_grown(tree, values)))


# Keys: JSON or a form.


class _LeftOut:
    """In the place of a value that was left out: its key is, too."""


_LEFT_OUT = _LeftOut()


def _tree(written: Any, resolve: Resolve) -> Any:
    """The same shape with templates for texts."""
    if isinstance(written, str):
        return read_template(written, resolve)
    if isinstance(written, Mapping):
        return {str(name): _tree(item, resolve) for name, item in written.items()}
    if isinstance(written, list | tuple):
        return [_tree(item, resolve) for item in written]
    return written


def _grown(tree: Any, values: Values) -> Any:
    """The tree with values in it; a value that is one place keeps its type."""
    if isinstance(tree, Template):
        if tree.is_place:
            value = values[tree.places[0]]
            return _LEFT_OUT if value is None else json_of(value)
        text = tree.fill(values, text_of)
        return _LEFT_OUT if text is None else text
    if isinstance(tree, dict):
        grown = ((name, _grown(item, values)) for name, item in tree.items())
        return {name: item for name, item in grown if item is not _LEFT_OUT}
    if isinstance(tree, list):
        return [item for item in (_grown(item, values) for item in tree) if item is not _LEFT_OUT]
    return tree


def _form_body(written: Mapping[str, Any], resolve: Resolve) -> Body:
    if not all(isinstance(value, str) for value in written.values()):
        raise ConfigError("a form holds names and texts only; or leave its Content-Type to JSON")
    entries = [
        (percent(name), read_template(value, lambda text: percent(resolve(text))))
        for name, value in written.items()
    ]

    def fill(values: Values) -> bytes:
        pairs = ((name, template.fill(values, percent)) for name, template in entries)
        return "&".join(f"{name}={text}" for name, text in pairs if text is not None).encode()

    return Body(FORM, fill)


# Text, in the way of its kind.


def _text_body(written: str, kind: str, resolve: Resolve) -> Body:
    template = read_template(written, resolve)
    looks_like_json = template.literals[0].lstrip().startswith(("{", "["))
    if kind.endswith("json") or (not kind and looks_like_json):
        return Body(JSON, _filler(template, _json_encodings(template)))
    encode, content_type = text_of, TEXT
    if kind == FORM:
        encode, content_type = percent, FORM
    elif kind.endswith("xml"):
        encode, content_type = _in_xml, kind
    return Body(content_type, _filler(template, [encode] * len(template.places)))


def _filler(template: Template, encodings: list[Encode]) -> Callable[[Values], bytes]:
    """Writes each value in its own way; what was left out is nothing, or null in JSON."""

    def fill(values: Values) -> bytes:
        pieces = [template.literals[0]]
        rest = zip(template.places, encodings, template.literals[1:], strict=True)
        for name, encode, literal in rest:
            value = values[name]
            left_out = value is None and encode is not as_json
            pieces += ("" if left_out else encode(value), literal)
        return "".join(pieces).encode()

    return fill


def _json_encodings(template: Template) -> list[Encode]:
    """Whether each place stands inside quotation marks, from the text before it."""
    encodings: list[Encode] = []
    inside = False
    for literal in template.literals[:-1]:
        inside ^= sum(found[1] is not None for found in _QUOTES.finditer(literal)) % 2 == 1
        encodings.append(in_json_string if inside else as_json)
    return encodings


def _in_xml(value: Any) -> str:
    return escape(text_of(value), {'"': "&quot;", "'": "&apos;"})
