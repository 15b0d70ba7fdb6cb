"""References to secrets: `${ENV:NAME}` and `${FILE:path}`, without I/O.

A tenant's file never holds a secret, only where it is found. The model keeps the reference, so a
tenant can be printed, logged and compared; the value exists where it is used, and in no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, StringConstraints

from agent.errors import ConfigError
from agent.tenants.strict import Part

_REFERENCE = re.compile(r"\$\{(ENV):([A-Za-z_][A-Za-z0-9_]*)\}|\$\{(FILE):([^\s${}][^${}\n]*)\}")
_HOW = "write ${ENV:NAME} or ${FILE:path}"
_CONFIDENTIAL = re.compile(
    r"(?i)(^|[-_])(authorization|cookie|password|passwd|secret|token|key|apikey|credentials?)$"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is found.

    Attributes:
        kind: an environment variable or a file.
        name: of the variable, or the file's path.
    """

    kind: Literal["ENV", "FILE"]
    name: str

    def __str__(self) -> str:
        """As it stands in the file."""
        return f"${{{self.kind}:{self.name}}}"


def references(text: str) -> list[Reference]:
    """The secrets that a text refers to, in its order."""
    return [_reference(found) for found in _REFERENCE.finditer(text)]


def _reference(found: re.Match[str]) -> Reference:
    kind = cast(Literal["ENV", "FILE"], found[1] or found[3])
    return Reference(kind, found[2] or found[4])


def resolve(
    text: str, read_env: Callable[[str], str | None], read_file: Callable[[str], str]
) -> str:
    """A text with its secrets filled in; keep it away from logs and messages.

    Args:
        text: with any number of references, even none.
        read_env: the value of an environment variable, None when it is not set.
        read_file: the content of a file; the line break at its end is dropped. May raise OSError.

    Raises:
        ConfigError: a variable is not set or empty, a file cannot be read or is empty. The message
            has the reference only.
    """
    problems: list[str] = []

    def value(found: re.Match[str]) -> str:
        reference = _reference(found)
        try:
            if reference.kind == "ENV":
                known = read_env(reference.name)
            else:
                known = read_file(reference.name).rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            problems.append(f"{reference} cannot be read: {reason}")
            return ""
        if not known:
            problems.append(f"{reference} is {'not set' if known is None else 'empty'}")
        return known or ""

    filled = _REFERENCE.sub(value, text)
    if problems:
        raise ConfigError(*problems)
    return filled


def _well_formed(value: str) -> str:
    if "${" in _REFERENCE.sub("", value):
        raise ValueError(f"holds a reference that cannot be read; {_HOW}")
    return value


def _reference_only(value: str) -> str:
    if not _REFERENCE.fullmatch(value):
        raise ValueError(f"a secret does not stand in this file; {_HOW}")
    return value


type WithSecrets = Annotated[
    str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_well_formed)
]
"""A text that may hold references to secrets."""
type Secret = Annotated[str, AfterValidator(_reference_only)]
"""A reference to a secret, and nothing else."""


def written_out(values: Mapping[str, str]) -> Iterator[str]:
    """The names, of headers or variables, that by their name hold a secret and do not refer to one.

    An argument of a tool, as `{token}`, is no secret of the file.
    """
    for name, value in values.items():
        if _CONFIDENTIAL.search(name) and not references(value) and "{" not in value:
            yield name


WRITTEN_OUT = f"looks like a secret written out; {_HOW}"


def secrets_of(model: BaseModel) -> Iterator[tuple[tuple[Part, ...], Reference]]:
    """Every reference in a model, with the path of the value that holds it."""
    for name in type(model).model_fields:
        yield from _secrets((name,), getattr(model, name))


def _secrets(path: tuple[Part, ...], value: object) -> Iterator[tuple[tuple[Part, ...], Reference]]:
    if isinstance(value, str):
        if "${" in value:
            yield from ((path, reference) for reference in references(value))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets((*path, name), getattr(value, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets((*path, str(key)), item)
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            yield from _secrets((*path, index), item)
