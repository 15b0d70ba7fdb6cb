"""The keys of a tenant's file with what is written about them, from the models and their words."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from agent.tenants.scalars import duration_text, size_text
from agent.tenants.tools import TOOLS_BY_TAG

_ATTRIBUTE = re.compile(r"^    ([\w, ]+): (.*(?:\n        .*)*)", re.MULTILINE)
_WRITE: Mapping[str, Callable[[Any], str]] = {
    "duration": duration_text,
    "size": size_text,
    "whole": str,
}
"""How the values of a scale are written, by the function that makes its validators."""
_WORDS = {
    "str": "text",
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "Switch": "true or false",
    "Spoken": "sentence",
    "Greeting": "sentence",
    "SpokenBriefly": "short sentence",
    "TimeZone": "time zone",
    "TelephoneKey": "key of a telephone",
    "NumberPattern": "number",
    "WithSecrets": "text",
    "Secret": "reference to a secret",
    "HolidayText": "date",
    "Money": "US dollars",
    "Share": "share, 1% to 100%",
    "Week": "days with times",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file.

    Attributes:
        path: as in messages: `agent.vad.silence`; `[]` stands for each of a list.
        kind: what is written there.
        default: what holds when it is left out; None: it must be given.
        text: what it means.
    """

    path: str
    kind: str
    default: str | None
    text: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a type means for whoever writes the file.

    Attributes:
        words: for it.
        models: the groups of keys it may be.
        path: what the path of their keys goes on with.
        read: how its defaults are written.
    """

    words: str
    models: tuple[tuple[str, type[BaseModel]], ...] = ()
    read: str = ""


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """What a model's docstring says of its fields."""
    _, _, listed = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, text in _ATTRIBUTE.findall(listed):
        for name in names.split(", "):
            found[name] = " ".join(text.split())
    return found


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Every key of a model and of the groups below it, in the order of the model."""
    texts = descriptions(model)
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        kind = _kind(field.annotation, tuple(field.metadata))
        yield Key(path, kind.words, _default(field, kind), texts.get(name, ""))
        for below, inner in kind.models:
            yield from keys_of(inner, f"{path}{below}.")


def _kind(annotation: Any, metadata: tuple[Any, ...] = ()) -> _Kind:
    for item in metadata:
        if isinstance(item, BeforeValidator) and (found := _scale(item.func)):
            return found
    if isinstance(annotation, TypeAliasType):
        return _named(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _Kind("keys", (("", annotation),))
    if get_origin(annotation) is Annotated:
        inner, *further = get_args(annotation)
        return _kind(inner, tuple(further))
    return _composed(annotation)


def _named(alias: TypeAliasType) -> _Kind:
    if alias.__name__ == "Tool":
        return _Kind("one of the tools below", tuple(_tools()))
    if alias.__name__ in _WORDS:
        return _Kind(_WORDS[alias.__name__])
    return _kind(alias.__value__)


def _composed(annotation: Any) -> _Kind:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _either([_kind(option) for option in inner if option is not NoneType])
    if origin is Literal:
        return _Kind(", ".join(f"`{choice}`" for choice in inner))
    if origin is tuple:
        item = _kind(inner[0])
        models = tuple((f"[]{below}", model) for below, model in item.models)
        return _Kind(f"list: {item.words}", models, item.read)
    if origin is dict:
        item = _kind(inner[1])
        models = tuple((f".<name>{below}", model) for below, model in item.models)
        return _Kind(f"by name: {item.words}", models)
    return _Kind(_WORDS.get(getattr(annotation, "__name__", ""), "value"))


def _either(options: list[_Kind]) -> _Kind:
    words = " or ".join(dict.fromkeys(option.words for option in options))
    return _Kind(words, tuple(m for o in options for m in o.models), options[0].read)


def _scale(read: Any) -> _Kind | None:
    """A duration, size or number within bounds, from the validator that reads it."""
    name = read.__qualname__.partition(".")[0]
    if name not in _WRITE:
        return None
    write = _WRITE[name]
    bounds = inspect.getclosurevars(read).nonlocals
    words = "whole number" if name == "whole" else name
    return _Kind(f"{words}, {write(bounds['at_least'])} to {write(bounds['at_most'])}", read=name)


def _tools() -> Iterator[tuple[str, type[BaseModel]]]:
    for held in TOOLS_BY_TAG.values():
        if isinstance(held, Mapping):
            yield from ((f".{key}", model) for key, model in held.items())
        else:
            yield "", held


def _default(field: FieldInfo, kind: _Kind) -> str | None:
    """The default as an owner would write it; nothing for a group of keys with its own."""
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel) or value in ((), {}):
        return ""
    if kind.read:
        return _WRITE[kind.read](value)
    if isinstance(value, Decimal):
        return f"{value:.0%}"  # of a share; no amount of money has a default
    return str(value).lower() if isinstance(value, bool) else str(value)
