"""A tenant's functions in a test: watched, slowed down, or with another in their place."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.tools.context import CallContext
from agent.tools.function import ToolFunction
from agent.tools.python_function import Function
from agent.tools.registry import ToolSet


class ToolCall(tuple[str, Mapping[str, Any]]):
    """A function that ran: equal to `(name, arguments)`, the arguments as the model sent them.

    Attributes:
        began_s: when it began, in seconds since the call did.
        took_s: None while it runs.
        result: what it returned.
        error: what it raised.
        key: its idempotency key.
    """

    began_s: float
    took_s: float | None
    result: object
    error: BaseException | None
    key: str

    @classmethod
    def of(
        cls, name: str, arguments: Mapping[str, Any], began_s: float = 0.0, key: str = ""
    ) -> ToolCall:
        """A function that begins now."""
        call = cls((name, arguments))
        call.began_s, call.key = began_s, key
        call.took_s, call.result, call.error = None, None, None
        return call

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, other)  # as before; type checkers then keep the type

    __hash__ = tuple.__hash__

    @property
    def name(self) -> str:
        """As the model calls it."""
        return self[0]

    @property
    def arguments(self) -> Mapping[str, Any]:
        """As the model sent them."""
        return self[1]


class Diary:
    """What the functions of one call did.

    Args:
        seconds: since the call began.
        stirred: is told that one began or ended.

    Attributes:
        calls: in the order in which they began.
    """

    def __init__(self, seconds: Callable[[], float], stirred: Callable[[], None]) -> None:
        self.calls: list[ToolCall] = []
        self._seconds, self._stirred = seconds, stirred

    @property
    def running(self) -> bool:
        """Whether one has begun and not ended."""
        return any(call.took_s is None for call in self.calls)

    def begins(self, name: str, arguments: Mapping[str, Any], key: str) -> ToolCall:
        """One begins."""
        call = ToolCall.of(name, arguments, self._seconds(), key)
        self.calls.append(call)
        self._stirred()
        return call

    def ends(self, call: ToolCall) -> None:
        """It has ended."""
        call.took_s = self._seconds() - call.began_s
        self._stirred()


@dataclass(frozen=True, slots=True)
class Watched:
    """A function of the tenant's that is noted in a diary when it runs.

    Attributes:
        delay_s: how long it takes beforehand, in the call's time.
    """

    inner: ToolFunction
    diary: Diary
    delay_s: float = 0.0

    @property
    def declaration(self) -> FunctionDeclaration:
        """The function's own."""
        return self.inner.declaration

    @property
    def timeout_s(self) -> float:
        """The function's own."""
        return self.inner.timeout_s

    @property
    def repeatable(self) -> bool:
        """The function's own."""
        return self.inner.repeatable

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """The function's own, with what is needed for the diary."""
        keywords = self.inner.arguments(given, context)
        return {"keywords": keywords, "given": dict(given), "key": context.idempotency_key}

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """Run it, and note that it ran."""
        call = self.diary.begins(self.declaration.name, keywords["given"], keywords["key"])
        try:
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            call.result = await self.inner.run(keywords["keywords"])
        except BaseException as error:
            call.error = error
            raise
        finally:
            self.diary.ends(call)
        return call.result


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a test puts in a function's place: declared and checked as the function itself is.

    Attributes:
        by: a function, `async` or not, which is called with the arguments it has parameters for;
            an exception, which is raised; or anything else, which is the result.
    """

    inner: ToolFunction
    by: object

    @property
    def declaration(self) -> FunctionDeclaration:
        """The function's own."""
        return self.inner.declaration

    @property
    def timeout_s(self) -> float:
        """The function's own."""
        return self.inner.timeout_s

    @property
    def repeatable(self) -> bool:
        """The function's own."""
        return self.inner.repeatable

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """Checked by the function; typed where it is one of Python, else as the model sent them."""
        keywords = self.inner.arguments(given, context)
        return keywords if isinstance(self.inner, Function) else dict(given)

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """What the test decided."""
        if isinstance(self.by, BaseException):
            raise self.by
        if not callable(self.by):
            return self.by
        result = self.by(**_fitting(self.by, keywords))
        return await result if inspect.isawaitable(result) else result


def _fitting(function: Callable[..., Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a function has parameters for."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return dict(keywords)
    return {name: value for name, value in keywords.items() if name in parameters}


def watched(
    tools: ToolSet, diary: Diary, fakes: Mapping[str, object], delays: Mapping[str, float]
) -> ToolSet:
    """The same tools, each watched; some replaced, some slow.

    Raises:
        ConfigError: the test names a function that the tenant does not have.
    """
    problems = [
        f'the tenant has no function "{name}"; it has: {", ".join(tools.functions) or "none"}'
        for name in {**fakes, **delays}
        if name not in tools.functions
    ]
    if problems:
        raise ConfigError(*problems)
    made: dict[str, ToolFunction] = {}
    for name, function in tools.functions.items():
        inner = Replaced(function, fakes[name]) if name in fakes else function
        made[name] = Watched(inner, diary, delays.get(name, 0.0))
    return replace(tools, functions=MappingProxyType(made))
