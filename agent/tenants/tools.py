"""The kinds of tool that a tenant's file can name, without I/O.

The key that names a tool says of which kind it is: `python`, `http`, `mcp` or `builtin`. What
belongs to an HTTP or MCP tool stands below that key; in Python it is just an `HttpTool`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from agent.errors import ConfigError
from agent.tenants.http_tool import (
    AtOnce,
    Behavior,
    HttpParameter,
    HttpSign,
    HttpTool,
    Scheduling,
    header_problems,
    tool_name,
)
from agent.tenants.scalars import duration, quoted
from agent.tenants.secrets import WRITTEN_OUT, WithSecrets, resolve, secrets_of, written_out
from agent.tenants.strict import Argument, ClaimWords, Misfit, Part, Strict, Word
from agent.tenants.tree import child_path
from agent.tenants.urls import url_problem

__all__ = [
    "KINDS_OF_TOOL", "TOOLS_BY_TAG", "Behavior", "BuiltinTool", "HttpParameter", "HttpSign",
    "HttpTool", "McpTool", "PythonTool", "Tool", "distinct_tools", "missing_secrets", "name_of",
]  # fmt: skip

_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _function(value: str) -> str:
    if not _FUNCTION.fullmatch(value):
        raise ValueError(f"{quoted(value)} does not name a function; write module.function")
    return value


class PythonTool(Strict):
    """A business function written in Python.

    Attributes:
        python: `module.function` in the folder of functions.
        timeout: how long it may take. Past 8s the model is told that it is still running, and the
            result follows when it comes; so the default ends before that.
        at_once: how many runs of it there may be at a time, at most 8, as of all tools together;
            more wait for their turn, within its timeout.
        behavior: whether the model waits for it (blocking) or talks on meanwhile (non_blocking);
            the model's own way when left out.
        scheduling: when the model speaks of the result of a non_blocking tool: once it is quiet
            (when_idle, its own way), at once (interrupt), or not by itself (silent). A failure is
            never silent.
        claims: words by which the agent says that it was done, as `is booked`. A call in which the
            caller heard them, and in which it never succeeded, is marked in its record.
    """

    python: Annotated[str, AfterValidator(_function)]
    timeout: Annotated[float, duration(0.1, 60)] = 7.0
    at_once: AtOnce = None
    behavior: Behavior | None = None
    scheduling: Scheduling | None = None
    claims: ClaimWords = ()


class McpTool(Strict):
    """Tools of an MCP server, which is started with the service or called by it.

    Attributes:
        name: a word that the names of its tools begin with, so that two servers can be used.
        command: the program and its arguments, for a server that talks through its input and
            output.
        url: of a server that talks HTTP; either this or command.
        env: variables for the program; values may hold ${ENV:NAME}.
        headers: for the server at url; values may hold ${ENV:NAME}.
        allow: which of its tools the agent may use; there is no other.
        timeout: how long a tool may take.
        at_once: how many runs of each of its tools there may be at a time; see a Python tool.
        behavior: whether the model waits for its tools (blocking) or talks on meanwhile
            (non_blocking); the model's own way when left out.
        scheduling: when the model speaks of a result: see that of a Python tool.
        claims: of a tool in allow, words by which the agent says that it was done, as `is
            reserved`. A call in which the caller heard them, and in which it never succeeded, is
            marked in its record.
    """

    name: Annotated[str, AfterValidator(tool_name)]
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=100)] | None = None
    url: WithSecrets | None = None
    env: Annotated[dict[str, WithSecrets], Field(max_length=50)] = Field(default_factory=dict)
    headers: Annotated[dict[str, WithSecrets], Field(max_length=50)] = Field(default_factory=dict)
    allow: Annotated[tuple[Word, ...], Field(min_length=1, max_length=128)]
    timeout: Annotated[float, duration(0.1, 60)] = 7.0
    at_once: AtOnce = None
    behavior: Behavior | None = None
    scheduling: Scheduling | None = None
    claims: Annotated[dict[str, ClaimWords], Field(max_length=128)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if problems := [*self._problems()]:
            raise Misfit(*problems)
        return self

    def _problems(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        if (self.command is None) == (self.url is None):
            yield (), "a server has a command or a url; give it one of them"
        elif self.url is None and self.headers:
            yield ("headers",), "belong to a url; a command takes env"
        elif self.command is None and self.env:
            yield ("env",), "belongs to a command; a url takes headers"
        yield from self._values()
        for index, name in enumerate(self.allow):
            if name in self.allow[:index]:
                yield ("allow", index), f"{quoted(name)} is listed twice"
        for name in self.claims:
            if name not in self.allow:
                yield ("claims", name), f"{quoted(name)} is not one of allow"

    def _values(self) -> Iterator[tuple[tuple[Part, ...], str]]:
        if self.url is not None and (problem := url_problem(self.url, inside=True)) is not None:
            yield ("url",), problem
        yield from header_problems(self.headers, "headers")
        for name in self.env:
            if not _VARIABLE.fullmatch(name):
                yield ("env", name), f"{quoted(name)} is not a variable's name"
        for name in written_out(self.env):
            yield ("env", name), WRITTEN_OUT


_Builtin = Literal[
    "end_call",
    "current_time",
    "take_message",
    "call_back",
    "language",
    "transfer",
    "voicemail",
    "send_sms",
    "send_digits",
    "pause_recording",
]
_Written = _Builtin | Literal["take_card"]


def _known_as(value: object) -> object:
    """The name that a built-in tool has here; `take_card` says what the pause is for."""
    return "pause_recording" if value == "take_card" else value


class BuiltinTool(Strict):
    """A tool that this service provides.

    Attributes:
        builtin: `end_call` lets the agent hang up once its last words are heard; `current_time`
            tells it the date and time at the business; `take_message` keeps a message for the
            business, `call_back` a wish to be called back; `language` changes the language it
            speaks; `transfer` passes the caller on to one of transfers; `voicemail` lets the
            caller speak on a recording; `send_sms` sends a text message; `send_digits` dials on
            the line; `pause_recording` keeps what is said out of all that is kept of the call, a
            card number for one, until the agent calls resume_recording; `take_card` is another name
            for it.
        by: of send_digits: line: the tones go with the agent's voice; carrier: the carrier makes
            them, and the agent is off the line for a moment, for machines that do not hear ours.
        claims: words by which the agent says that it was done, as `your message`. A call in which
            the caller heard them, and in which it never succeeded, is marked in its record.
    """

    builtin: Annotated[_Builtin, BeforeValidator(_known_as, json_schema_input_type=_Written)]
    by: Literal["line", "carrier"] = "line"
    claims: ClaimWords = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if "by" in self.model_fields_set and self.builtin != "send_digits":
            raise Misfit((("by",), f"has no effect: {self.builtin} dials nothing"))
        return self


@dataclass(frozen=True, slots=True)
class _Under:
    """Reads the model from below a key of its own, as in `http: {name: ...}`."""

    key: str

    def __get_pydantic_core_schema__(
        self, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        key = self.key

        def below(value: object, read: Callable[[object], Any]) -> object:
            return value if isinstance(value, source) else read(value)[key]

        entry = core_schema.typed_dict_schema(
            {key: core_schema.typed_dict_field(handler(source))}, extra_behavior="forbid"
        )
        written = core_schema.plain_serializer_function_ser_schema(
            lambda tool: {key: cast(BaseModel, tool).model_dump()}
        )
        return core_schema.no_info_wrap_validator_function(below, entry, serialization=written)


# Tags stand in the places of pydantic's errors; no key of a file can be written like them.
_TAGS: dict[str, tuple[str, type[Strict]]] = {
    "python": ("<python tool>", PythonTool),
    "http": ("<http tool>", HttpTool),
    "mcp": ("<mcp tool>", McpTool),
    "builtin": ("<built-in tool>", BuiltinTool),
}
KINDS_OF_TOOL = tuple(_TAGS)
"""The keys that say of which kind a tool is."""
TOOLS_BY_TAG: Mapping[str | int, type[Strict] | Mapping[str, type[Strict]]] = {
    tag: model if key in model.model_fields else {key: model} for key, (tag, model) in _TAGS.items()
}
"""What an entry of each kind holds, by its tag: a model's keys, or one key with a model below."""


def _kind(value: object) -> str | None:
    """The kind of a tool is the key that names it."""
    keys = value if isinstance(value, Mapping) else ()
    for key, (tag, model) in _TAGS.items():
        if key in keys or isinstance(value, model):
            return tag
    return None


type Tool = Annotated[
    Annotated[PythonTool, Tag(_TAGS["python"][0])]
    | Annotated[HttpTool, _Under("http"), Tag(_TAGS["http"][0])]
    | Annotated[McpTool, _Under("mcp"), Tag(_TAGS["mcp"][0])]
    | Annotated[BuiltinTool, Tag(_TAGS["builtin"][0])],
    Discriminator(_kind),
]


def name_of(tool: object) -> tuple[tuple[Part, ...], str]:
    """Where the name of a tool stands in its entry, and the name, as far as the file tells."""
    match tool:
        case PythonTool():
            return ("python",), tool.python.rpartition(".")[2]
        case HttpTool():
            return ("http", "name"), tool.name
        case McpTool():
            return ("mcp", "name"), tool.name
        case _:
            return ("builtin",), cast(BuiltinTool, tool).builtin


def distinct_tools[T: Iterable[object]](tools: T) -> T:
    """The tools, if each has a name of its own; the model tells them apart by nothing else."""
    first: dict[str, int] = {}
    problems = []
    for index, tool in enumerate(tools):
        path, name = name_of(tool)
        if first.setdefault(name, index) != index:
            message = f"two tools are named {quoted(name)}; the other is tools[{first[name]}]"
            problems.append(((index, *path), message))
    if problems:
        raise Misfit(*problems)
    return tools


def missing_secrets(
    tools: Iterable[object], read_env: Callable[[str], str | None], read_file: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """The references of a tenant's tools that lead to no secret, each with its field.

    Args:
        tools: of the tenant.
        read_env: the value of an environment variable, None when it is not set.
        read_file: the content of a file; may raise OSError.
    """
    for index, tool in enumerate(tools):
        if not isinstance(tool, HttpTool | McpTool):
            continue
        key = "http" if isinstance(tool, HttpTool) else "mcp"
        for path, reference in secrets_of(tool):
            field = f"tools[{index}].{key}"
            for part in path:
                field = child_path(field, part)
            try:
                resolve(str(reference), read_env, read_file)
            except ConfigError as error:
                yield field, error.problems[0]
