"""A tool that asks an HTTP server: its keys in a tenant's file, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from agent.tenants.scalars import Switch, duration, quoted, size, whole
from agent.tenants.secrets import WRITTEN_OUT, Secret, WithSecrets, written_out
from agent.tenants.strict import ClaimWords, Misfit, Part, Strict
from agent.tenants.urls import url_problem

_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}
_POINTER = re.compile(r"(/([^~/]|~[01])*)+")
_ARGUMENT = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}", re.ASCII)
_REPEATABLE = {"GET", "PUT", "DELETE"}
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}

type Behavior = Literal["blocking", "non_blocking"]
type Scheduling = Literal["when_idle", "interrupt", "silent"]
AtOnce = Annotated[int, whole(1, 8)] | None
type Kind = Literal["string", "integer", "number", "boolean", "date", "time", "datetime"]


def tool_name(value: str) -> str:
    """The name of a tool, as the model calls it; ValueError when it cannot be one."""
    if not _TOOL_NAME.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not a tool's name; use up to 64 letters, digits and _, "
            "as in order_status"
        )
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a header's name")
    if value.lower() in _OWN_HEADERS:
        raise ValueError(f"the header {value} is set by the service; remove it")
    return value


def header_problems(
    headers: Mapping[str, str], keys: str
) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What is wrong with headers that stand under a key."""
    for name, value in headers.items():
        try:
            _header(name)
        except ValueError as error:
            yield (keys, name), str(error)
        if re.search(r"[\r\n\0]", value):
            yield (keys, name), "holds a line break; a header is one line"
    for name in written_out(headers):
        yield (keys, name), WRITTEN_OUT


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip()))
    except ValueError:
        raise ValueError(
            f"{quoted(value)} is not a network; write it as 10.1.0.0/16 or fd00::/8"
        ) from None


def _pointer(value: str) -> str:
    if not _POINTER.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a JSON pointer; write it as /order/status")
    return value


def _pointers(value: object) -> object:
    if isinstance(value, str):
        return _pointer(value)
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError("should be a JSON pointer, or a name and a JSON pointer for each")
    return {name: _pointer(pointer) for name, pointer in value.items()}


def _scalar(value: object) -> object:
    if isinstance(value, list | Mapping):
        raise ValueError("should be one value")
    return value


def _body(value: object) -> object:
    if not isinstance(value, str | Mapping):
        raise ValueError("should be text or hold keys of its own")
    return value


def _word_or_keys(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class HttpParameter(Strict):
    """What the model fills in for an HTTP tool.

    Attributes:
        type: string, integer, number, boolean, date, time or datetime.
        description: what it is, for the model.
        enum: the only texts it may be.
        optional: the model may leave it out.
        default: what is sent when the model leaves it out; it makes the parameter optional.
    """

    type: Kind = "string"
    description: Annotated[str, Field(max_length=1000)] = ""
    enum: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    optional: Switch = False
    default: Annotated[str | int | float | bool, BeforeValidator(_scalar)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems: list[tuple[tuple[Part, ...], str]] = []
        if self.enum and self.type != "string":
            problems.append((("enum",), f"lists texts, but the type is {self.type}"))
        if self.enum and self.default is not None and self.default not in self.enum:
            problems.append((("default",), f"{quoted(self.default)} is not one of enum"))
        if isinstance(self.default, str):
            try:
                # A file holds texts; what is sent has the parameter's type.
                object.__setattr__(self, "default", _typed(self.type, self.default))
            except ValueError:
                problems.append(
                    (("default",), f"{quoted(self.default)} is not of type {self.type}")
                )
        if problems:
            raise Misfit(*problems)
        return self


def _typed(kind: Kind, text: str) -> str | int | float | bool:
    if kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise ValueError
        return _BOOLEANS[text.lower()]
    if kind == "integer":
        return int(text)
    return float(text) if kind == "number" else text


class HttpSign(Strict):
    """How a request proves that it comes from this service.

    Attributes:
        secret: the shared key of the HMAC, as ${ENV:NAME} or ${FILE:path}.
        header: which header carries the signature.
    """

    secret: Secret
    header: Annotated[str, AfterValidator(_header)] = "X-Seamline-Signature"


class HttpTool(Strict):
    """A function that an HTTP server provides.

    Attributes:
        name: what the model calls it.
        description: what it does and when to use it, for the model.
        method: GET, POST, PUT, PATCH or DELETE.
        url: where; an `{argument}` may stand behind the host.
        headers: sent along; values may hold an `{argument}` or ${ENV:NAME}.
        query: names and values behind the `?`.
        body: text, or keys that are sent as JSON; a value that is just `{argument}` keeps its type.
        parameters: what the model fills in: a name, and a type word or keys for each.
        result: which part of the answer the model is told: a JSON pointer, or a name and a JSON
            pointer for each; all of it when left out.
        timeout: how long the server may take.
        at_once: how many runs of it there may be at a time, at most 8, as of all tools together;
            more wait for their turn, within its timeout.
        behavior: whether the model waits for it (blocking) or talks on meanwhile (non_blocking);
            the model's own way when left out.
        scheduling: when the model speaks of the result of a non_blocking tool: once it is quiet
            (when_idle, its own way), at once (interrupt), or not by itself (silent). A failure is
            never silent.
        claims: words by which the agent says that it was done, as `is booked`. A call in which the
            caller heard them, and in which it never succeeded, is marked in its record.
        retries: how often a failed request is sent again, at most 3; for GET, PUT and DELETE, or
            with idempotency_header.
        sign: how a request proves where it comes from.
        idempotency_header: a header with a key that stays the same when a request is sent again.
        most_bytes: how large an answer may be.
        allow: private networks that may be called all the same, as 10.1.0.0/16.
    """

    name: Annotated[str, AfterValidator(tool_name)]
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: WithSecrets
    headers: Annotated[dict[str, WithSecrets], Field(max_length=50)] = Field(default_factory=dict)
    query: Annotated[dict[str, WithSecrets], Field(max_length=50)] = Field(default_factory=dict)
    body: Annotated[str | dict[str, Any], BeforeValidator(_body)] | None = None
    parameters: Annotated[
        dict[
            str,
            Annotated[
                HttpParameter,
                BeforeValidator(_word_or_keys, json_schema_input_type=Kind | HttpParameter),
            ],
        ],
        Field(max_length=50),
    ] = Field(default_factory=dict)
    result: Annotated[str | dict[str, str], BeforeValidator(_pointers)] | None = None
    timeout: Annotated[float, duration(0.1, 60)] = 4.0
    at_once: AtOnce = None
    behavior: Behavior | None = None
    scheduling: Scheduling | None = None
    claims: ClaimWords = ()
    retries: Annotated[int, whole(0, 3)] = 0
    sign: HttpSign | None = None
    idempotency_header: Annotated[str, AfterValidator(_header)] | None = None
    most_bytes: Annotated[int, size(1024, 4 * 1024 * 1024)] = 64 * 1024
    allow: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...], Field(max_length=100)
    ] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [*self._request_problems(), *self._argument_problems()]
        if problems:
            raise Misfit(*problems)
        return self

    def _request_problems(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        if (problem := url_problem(self.url, self.allow)) is not None:
            yield ("url",), problem
        yield from header_problems(self.headers, "headers")
        for name in written_out(self.query):
            yield ("query", name), WRITTEN_OUT
        if self.body is not None and self.method == "GET":
            yield ("body",), "a GET has no body; use query, or another method"
        if self.retries and self.method not in _REPEATABLE and not self.idempotency_header:
            yield (
                ("retries",),
                f"a {self.method} sent twice may act twice; give it an idempotency_header",
            )

    def _argument_problems(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        used = set[str]()
        for path, text in self._templates():
            for name in _ARGUMENT.findall(text):
                used.add(name)
                if name not in self.parameters:
                    close = get_close_matches(name, self.parameters, n=1)
                    hint = f"; did you mean {{{close[0]}}}?" if close else ""
                    yield path, f"{{{name}}} is not one of the parameters{hint}"
        for name in self.parameters:
            if not _ARGUMENT.fullmatch(f"{{{name}}}"):
                yield ("parameters", name), f"{quoted(name)} is not a parameter's name"
            elif name not in used:
                yield (
                    ("parameters", name),
                    f"is not used; put {{{name}}} in url, query, headers or body",
                )

    def _templates(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        for key in ("url", "headers", "query", "body"):
            yield from _texts((key,), getattr(self, key))


def _texts(path: tuple[Part, ...], value: object) -> Iterator[tuple[tuple[Part, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts((*path, str(key)), item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts((*path, index), item)
