"""Typed Python functions as tools: declarations for the model, and the set a tenant may use."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, get_type_hints

from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.parse import Place, plain_place
from agent.tenants.tenant import PythonTool, Tool
from agent.tools.arguments import Parameter, parameter_of, read_arguments
from agent.tools.context import CallContext
from agent.tools.docstring import read_docstring
from agent.tools.repeatable import is_repeatable
from agent.tools.schema import Unsupported, bare, object_schema, schema_of

MAX_NAME = 128


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
    """

    declaration: FunctionDeclaration
    call: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    context: str | None
    timeout_s: float
    repeatable: bool

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """The keyword arguments of one run.

        Raises:
            ToolError: what the model sent does not fit, in words for the model.
        """
        values = read_arguments(self.declaration.name, self.parameters, given)
        return {**values, self.context: context} if self.context else values


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
    if not inspect.isfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError("is not a function that returns its result")
    name, words = function.__name__, read_docstring(function)
    problems = (
        [] if words.summary else [f"{name} has no docstring: say what it does, for the model"]
    )
    if not name.isascii() or len(name) > MAX_NAME:
        problems.append(f"{name}: the model only knows names of plain letters, digits and _")
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ConfigError(*problems, f"{name}: a type is not known: {error}") from error
    properties: dict[str, Any] = {}
    parameters: dict[str, Parameter] = {}
    context: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        if bare(hint) is CallContext:
            context = parameter.name
            continue
        try:
            properties[parameter.name] = _declared(parameter, hint, words.parameters)
        except Unsupported as error:
            problems.append(f"{name}: parameter {parameter.name}: {error}")
            continue
        parameters[parameter.name] = parameter_of(parameter.name, hint, parameter.default)
    if problems:
        raise ConfigError(*problems)
    declaration = FunctionDeclaration(name, words.summary, _object(properties, parameters))
    again = is_repeatable(function)
    return Function(declaration, function, MappingProxyType(parameters), context, timeout_s, again)


def _declared(parameter: inspect.Parameter, hint: Any, words: Mapping[str, str]) -> dict[str, Any]:
    if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
        raise Unsupported("cannot be given by name")
    if hint is None:
        raise Unsupported("has no type")
    return schema_of(hint, words.get(parameter.name, ""))


def _object(
    properties: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> dict[str, Any] | None:
    """The schema of all parameters; none at all for none, since an empty object is refused."""
    if not properties:
        return None
    empty = inspect.Parameter.empty
    required = [name for name, parameter in parameters.items() if parameter.default is empty]
    return object_schema(properties, required)


@dataclass(frozen=True, slots=True)
class ToolSet:
    """The business functions of one tenant.

    Attributes:
        functions: by the name the model calls them.
    """

    functions: Mapping[str, Function]

    @staticmethod
    def load(
        tools: Sequence[Tool], search_path: Sequence[Path], place: Place = plain_place
    ) -> ToolSet:
        """Import the functions that a tenant names.

        Args:
            tools: of the tenant; built-in tools are none of the set's business.
            search_path: folders with the modules of functions.
            place: makes a line of a field and a message; `TenantFile.problem` adds the position.

        Raises:
            ConfigError: with a problem for each function that cannot be used.
        """
        functions: dict[str, Function] = {}
        problems: list[str] = []
        for index, tool in enumerate(tools):
            if not isinstance(tool, PythonTool):
                continue
            field = f"tools[{index}].python"
            try:
                function = read_function(_resolve(tool.python, search_path), tool.timeout)
            except ConfigError as error:
                problems.extend(place(field, f"{tool.python}: {text}") for text in error.problems)
                continue
            name = function.declaration.name
            if name in functions:
                problems.append(place(field, f'two tools are named "{name}"'))
            functions[name] = function
        if problems:
            raise ConfigError(*problems)
        return ToolSet(MappingProxyType(functions))

    def declarations(self) -> list[FunctionDeclaration]:
        """What the model is told, in the tenant's order; `behavior` is left open."""
        return [function.declaration for function in self.functions.values()]


def _resolve(dotted: str, search_path: Sequence[Path]) -> Callable[..., Any]:
    module_name, _, name = dotted.rpartition(".")
    module = _import(module_name, search_path)
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None:
        raise ConfigError(f'module {module_name} has no function "{name}"')
    return function


def _import(name: str, search_path: Sequence[Path]) -> ModuleType:
    """Import a module of functions; it may import its neighbours by their plain names."""
    folders = [str(folder.resolve()) for folder in search_path]
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    try:
        module = importlib.import_module(name)
    except Exception as error:  # a business module may do anything while it is imported
        raise ConfigError(f"cannot import {name}: {type(error).__name__}: {error}") from error
    origin = getattr(module, "__file__", None) or "Python itself"
    if not any(Path(origin).resolve().is_relative_to(folder) for folder in folders):
        raise ConfigError(f"the module name {name} is taken by {origin}; rename your file")
    return module
