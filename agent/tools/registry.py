"""The tools of one tenant: loaded from what its file names, found by the name the model calls."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType, ModuleType
from typing import Any

from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.parse import Place, plain_place
from agent.tenants.partial import NO_MODULE
from agent.tenants.tool_names import declared_names
from agent.tenants.tools import HttpTool, PythonTool, Tool
from agent.tools.function import ToolFunction
from agent.tools.http import from_environment, http_function
from agent.tools.http_client import HttpClient
from agent.tools.http_template import Resolve
from agent.tools.python_function import read_function


@dataclass(frozen=True, slots=True)
class ToolSet:
    """The tools of one tenant.

    Attributes:
        functions: by the name the model calls them, in the tenant's order.
        at_once: of some, how many runs there may be at a time; of others, as many as of all.
    """

    functions: Mapping[str, ToolFunction]
    at_once: Mapping[str, int] = MappingProxyType({})

    @staticmethod
    def load(
        tools: Sequence[Tool],
        search_path: Sequence[Path],
        place: Place = plain_place,
        *,
        extra: Mapping[int, Sequence[ToolFunction]] = MappingProxyType({}),
        http: HttpClient | None = None,
        secrets: Resolve = from_environment,
    ) -> ToolSet:
        """Make the tools that a tenant names ready to be declared and run.

        Args:
            tools: of the tenant.
            search_path: folders with the modules of functions.
            place: makes a line of a field and a message; `TenantFile.problem` adds the position.
            extra: what others have made of an entry of `tools`, by its index.
            http: sends the requests of HTTP tools; whoever made it closes it. Without it they get
                one of their own that nobody closes: enough to declare them.
            secrets: fills in what a file only refers to.

        Raises:
            ConfigError: with a problem for each tool that cannot be used.
        """
        functions: dict[str, ToolFunction] = {}
        at_once: dict[str, int] = {}
        problems: list[str] = []
        client = http or HttpClient()
        for index, tool in enumerate(tools):
            field, made = f"tools[{index}]", list(extra.get(index, ()))
            try:
                if isinstance(tool, PythonTool):
                    field += ".python"
                    made.append(_python(tool, search_path))
                elif isinstance(tool, HttpTool):
                    field += ".http"
                    made.append(http_function(tool, client, secrets))
            except ConfigError as error:
                problems += (place(field, text) for text in error.problems)
            problems += (place(field, text) for text in _add(functions, made))
            if (most := getattr(tool, "at_once", None)) is not None:
                at_once.update(dict.fromkeys(declared_names(tool), most))
        if problems:
            raise ConfigError(*problems)
        return ToolSet(MappingProxyType(functions), MappingProxyType(at_once))

    def with_functions(self, further: Iterable[ToolFunction]) -> ToolSet:
        """These tools and others, whose servers were asked for them meanwhile.

        Raises:
            ConfigError: a name is taken.
        """
        functions = dict(self.functions)
        if problems := _add(functions, further):
            raise ConfigError(*problems)
        return replace(self, functions=MappingProxyType(functions))

    def declarations(self) -> list[FunctionDeclaration]:
        """What the model is told, in the tenant's order; `behavior` is left open."""
        return [function.declaration for function in self.functions.values()]


def _add(functions: dict[str, ToolFunction], further: Iterable[ToolFunction]) -> list[str]:
    """Add functions whose names are free; returns a problem for each other."""
    problems = []
    for function in further:
        name = function.declaration.name
        if name in functions:
            problems.append(f'two tools are named "{name}"')
        else:
            functions[name] = function
    return problems


def function_problems(
    tools: Iterable[Tool], search_path: Sequence[Path]
) -> Iterator[tuple[str, str]]:
    """What is wrong with the Python functions of a tenant whose file has other mistakes too.

    Args:
        tools: as far as they are well-formed; see `agent.tenants.partial`.
        search_path: folders with the modules of functions.
    """
    for index, tool in enumerate(tools):
        if isinstance(tool, PythonTool) and not tool.python.startswith(f"{NO_MODULE}."):
            try:
                _python(tool, search_path)
            except ConfigError as error:
                yield from ((f"tools[{index}].python", text) for text in error.problems)


def _python(tool: PythonTool, search_path: Sequence[Path]) -> ToolFunction:
    try:
        return read_function(_resolve(tool.python, search_path), tool.timeout)
    except ConfigError as error:
        raise ConfigError(*(f"{tool.python}: {text}" for text in error.problems)) from error


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
    except (Exception, SystemExit) as error:  # a business module may do anything when imported
        said = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ConfigError(f"cannot import {name}: {said}{_line(error, folders)}") from error
    origin = getattr(module, "__file__", None) or "Python itself"
    if not any(Path(origin).resolve().is_relative_to(folder) for folder in folders):
        raise ConfigError(f"the module name {name} is taken by {origin}; rename your file")
    return module


def _line(error: BaseException, folders: Sequence[str]) -> str:
    """Where in a business's own files it happened; nothing, where that is not known."""
    for frame in reversed(extract_tb(error.__traceback__)):
        path = Path(frame.filename).resolve()
        if any(path.is_relative_to(folder) for folder in folders):
            return f" ({path.name}, line {frame.lineno})"
    return ""
