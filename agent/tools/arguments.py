"""The arguments a model sends, made into what a function expects, or an error it can act on.

Pydantic does the conversion ("4" is a fine number of people). Before it, what pydantic would read
as a machine's notation is read as a person's: a bare number is never a date or a time of day, and
a choice is found by its text.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from functools import partial
from math import isfinite
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from agent.tools.function import ArgumentsError
from agent.tools.pruned import pruned
from agent.tools.schema import bare, optional

_ISO: dict[Any, tuple[str, str]] = {
    date: ("a date", "YYYY-MM-DD"),
    time: ("a time of day", "HH:MM, 24 hours"),
    datetime: ("a date and time", "YYYY-MM-DDTHH:MM"),
}
_SHOWN = 80


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that the model fills in.

    Attributes:
        name: as in the function's signature.
        default: used when the model leaves it out; `inspect.Parameter.empty` when it must not.
        adapter: checks and converts a value.
    """

    name: str
    default: Any
    adapter: TypeAdapter[Any]


def parameter_of(name: str, hint: Any, default: Any) -> Parameter:
    """Prepare the check of one parameter."""
    if default is inspect.Parameter.empty and optional(bare(hint)) is not None:
        default = None
    checked = Annotated[hint, BeforeValidator(partial(as_meant, hint))]
    return Parameter(name, default, TypeAdapter(checked))


def read_arguments(
    function: str, parameters: Mapping[str, Parameter], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Check and convert all arguments of a call.

    Raises:
        ArgumentsError: with every problem, in words for the model.
    """
    values: dict[str, Any] = {}
    problems = [
        f'there is no argument "{_shown(name)}"' for name in given if name not in parameters
    ]
    for name, parameter in parameters.items():
        if name in given:
            try:
                values[name] = parameter.adapter.validate_python(given[name])
            except ValidationError as error:
                problems.extend(_in_words(name, error))
        elif parameter.default is inspect.Parameter.empty:
            problems.append(f"{name} is missing")
        else:
            values[name] = parameter.default
    if problems:
        raise ArgumentsError(
            f"{function} was not run: {'; '.join(problems[:10])}. Correct this and call it again; "
            "ask the caller for what you do not know."
        )
    return values


def as_meant(hint: Any, value: Any) -> Any:
    """Read dates, times and choices from their text, at any depth; leave the rest to pydantic.

    Raises:
        ValueError: the text is not of the form told to the model.
    """
    hint = bare(hint)
    if (inner := optional(hint)) is not None:
        return None if value is None else as_meant(inner, value)
    if hint in _ISO:
        return _moment(hint, value)
    if hint is str and type(value) in {int, float}:
        return _written(value)
    if hint is float and not _is_finite(value):
        raise ValueError(f'"{_shown(value)}" is not a number')
    if get_origin(hint) is Literal:
        return _chosen({str(choice): choice for choice in get_args(hint)}, value)
    if get_origin(hint) is list and isinstance(value, list):
        return [_inside(index, get_args(hint)[0], item) for index, item in enumerate(value)]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _chosen({str(member.value): member for member in hint}, value)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        hints = get_type_hints(hint)
        if unknown := [name for name in value if name not in hints]:
            raise ValueError(f'there is no "{_shown(unknown[0])}" in it')
        return {name: _inside(name, hints[name], item) for name, item in value.items()}
    return value


class _Misread(ValueError):
    """A value inside another is not as it should be.

    Attributes:
        path: where it stands.
    """

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


def _inside(part: str | int, hint: Any, value: Any) -> Any:
    try:
        return as_meant(hint, value)
    except ValueError as error:
        raise _Misread((str(part), *getattr(error, "path", ())), str(error)) from None


def _moment(kind: Any, value: Any) -> Any:
    """A caller's day and hour are local: a zone the model adds of its own accord is dropped."""
    what, form = _ISO[kind]
    try:
        if not isinstance(value, str):
            raise ValueError
        moment = kind.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f'"{_shown(value)}" is not {what}; write it as {form}') from None
    return moment if kind is date else moment.replace(tzinfo=None)


def _chosen(choices: Mapping[str, Any], value: Any) -> Any:
    text = _written(value) if isinstance(value, str | int | float) else ""
    if text not in choices:
        raise ValueError(f'"{_shown(value)}" is not one of {", ".join(choices)}')
    return choices[text]


def _written(value: str | float) -> str:
    """A number as a person writes it: on the wire, 4 may be 4.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_finite(value: object) -> bool:
    """Whether a number is one to count with; what is no number at all is pydantic's to refuse."""
    try:
        return not isinstance(value, str | float) or isfinite(float(value))
    except ValueError:
        return True


def _in_words(name: str, error: ValidationError) -> list[str]:
    problems = []
    for detail in error.errors(include_url=False):
        own = detail.get("ctx", {}).get("error")
        path = (*detail["loc"], *getattr(own, "path", ()))
        where = ".".join([name, *(str(part) for part in path)])
        said = str(own) if own else f'{detail["msg"]} (given: "{_shown(detail["input"])}")'
        problems.append(f"{where}: {said}")
    return problems


def _shown(value: object) -> str:
    text = str(value if isinstance(value, str) else pruned(value, _SHOWN))
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
