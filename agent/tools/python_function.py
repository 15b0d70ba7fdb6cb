"""Typed Python functions as tools: the declaration from the signature, and how they are run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from types import FunctionType, MappingProxyType
from typing import Any, get_type_hints

from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.tools.arguments import Parameter, parameter_of, read_arguments
from agent.tools.context import CallContext
from agent.tools.docstring import read_docstring
from agent.tools.repeatable import is_repeatable
from agent.tools.schema import Unsupported, bare, object_schema, optional, schema_of
from agent.tools.threads import Threads

MAX_NAME = 128
_READ = "__seamline_read__"
_NOT_TYPES = (NameError, AttributeError, TypeError, SyntaxError)
"""What reading annotations raises when they name what is not there."""


@dataclass(frozen=True, slots=True)
class Function:
    """A business function, ready to be declared and run.

    Attributes:
        declaration: what the model is told; its `behavior` is set per model, when a call is built.
        call: the function itself; `async` or not.
        parameters: what the model fills in, by name.
        context: the name of the parameter that takes the `CallContext`, if it has one.
        timeout_s: how long one run may take.
        repeatable: it may run again for the same request.
        threads: where it runs unless it is `async`.
    """

    declaration: FunctionDeclaration
    call: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    context: str | None
    timeout_s: float
    repeatable: bool
    threads: Threads = field(default_factory=Threads, compare=False, repr=False)

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """The keyword arguments of one run.

        Raises:
            ArgumentsError: what the model sent does not fit, in words for the model.
        """
        values = read_arguments(self.declaration.name, self.parameters, given)
        return {**values, self.context: context} if self.context else values

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """Call the function: on the loop if it is `async`, else in a thread of its own."""
        if inspect.iscoroutinefunction(self.call):
            return await self.call(**keywords)
        work = partial(copy_context().run, self.call, **keywords)
        result = await asyncio.get_running_loop().run_in_executor(self.threads, work)
        # A decorator may have made a plain function of an `async` one.
        return await result if inspect.isawaitable(result) else result


def declare(function: Callable[..., Any]) -> FunctionDeclaration:
    """Tell the model of a function, from its signature and docstring.

    The docstring's text is the description; its `Args:` section describes the parameters; a
    parameter of type `CallContext` is not declared.

    Raises:
        ConfigError: a parameter has no type or one that cannot be declared, or the function has
            no docstring.
    """
    return read_function(function).declaration


def read_function(function: Callable[..., Any], timeout_s: float = 7.0) -> Function:
    """Prepare a function for use as a tool; errors as for `declare`."""
    yields = inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)
    if not inspect.isfunction(function) or yields:
        raise ConfigError("is not a function that returns its result")
    known = function.__dict__.get(_READ)
    if known is None:
        known = function.__dict__[_READ] = _read(function)
    return replace(known, timeout_s=timeout_s, threads=Threads())


def _read(function: FunctionType) -> Function:
    """Read a function for the first time; a thousand tenants may name the same."""
    name, words = function.__name__, read_docstring(function)
    problems = (
        [] if words.summary else [f"{name} has no docstring: say what it does, for the model"]
    )
    if not name.isascii() or len(name) > MAX_NAME:
        problems.append(f"{name}: the model only knows names of plain letters, digits and _")
    try:
        hints = get_type_hints(function, include_extras=True)
    except _NOT_TYPES as error:
        raise ConfigError(*problems, f"{name}: a type is not known: {error}") from error
    properties: dict[str, Any] = {}
    parameters: dict[str, Parameter] = {}
    context: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        if CallContext in {bare(hint), optional(bare(hint))}:
            context = parameter.name
            continue
        try:
            properties[parameter.name] = _declared(parameter, hint, words.parameters)
            parameters[parameter.name] = parameter_of(parameter.name, hint, parameter.default)
        except Unsupported as error:
            problems.append(f"{name}: parameter {parameter.name}: {error}")
    if problems:
        raise ConfigError(*problems)
    declaration = FunctionDeclaration(name, words.summary, _object(properties, parameters))
    again = is_repeatable(function)
    return Function(declaration, function, MappingProxyType(parameters), context, 0.0, again)


def _declared(parameter: inspect.Parameter, hint: Any, words: Mapping[str, str]) -> dict[str, Any]:
    if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
        raise Unsupported("cannot be given by name")
    if hint is None:
        raise Unsupported("has no type")
    try:
        return schema_of(hint, words.get(parameter.name, ""))
    except _NOT_TYPES as error:  # of a field of a dataclass
        raise Unsupported(f"a type is not known: {error}") from error


def _object(
    properties: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> dict[str, Any] | None:
    """The schema of all parameters; none at all for none, since an empty object is refused."""
    if not properties:
        return None
    empty = inspect.Parameter.empty
    required = [name for name, parameter in parameters.items() if parameter.default is empty]
    return object_schema(properties, required)
