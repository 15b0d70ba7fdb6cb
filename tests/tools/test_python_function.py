import asyncio
import functools
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.tools import CallContext
from agent.tools.function import ArgumentsError, ToolFunction
from agent.tools.python_function import declare, read_function

CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))


async def book(day: date, people: int = 2, *, name: str | None, context: CallContext) -> str:
    """Book a table.

    Args:
        day: the day of the visit.
        people: how many guests.
    """
    return f"{day} {people} {name} {context.call_id}"


def test_a_function_declares_itself() -> None:
    assert declare(book) == FunctionDeclaration(
        name="book",
        description="Book a table.",
        parameters={
            "type": "OBJECT",
            "properties": {
                "day": {
                    "type": "STRING",
                    "description": "the day of the visit. A date as YYYY-MM-DD.",
                },
                "people": {"type": "INTEGER", "description": "how many guests."},
                "name": {"type": "STRING", "nullable": True},
            },
            "required": ["day"],
        },
    )


def test_behavior_is_left_to_the_models_profile() -> None:
    assert b"behavior" not in msgspec.json.encode(declare(book))


def test_a_function_without_arguments_declares_none() -> None:
    def now() -> str:
        """Tell the time."""
        return ""

    assert declare(now).parameters is None


def test_arguments_come_with_the_context() -> None:
    function = read_function(book)
    assert function.arguments({"day": "2026-11-27"}, CONTEXT) == {
        "day": date(2026, 11, 27),
        "people": 2,
        "name": None,
        "context": CONTEXT,
    }
    with pytest.raises(ArgumentsError, match="day is missing"):
        function.arguments({}, CONTEXT)


def test_the_model_cannot_forge_the_context() -> None:
    with pytest.raises(ArgumentsError, match='no argument "context"'):
        read_function(book).arguments({"day": "2026-11-27", "context": {}}, CONTEXT)


def test_a_context_may_be_annotated() -> None:
    def who(context: Annotated[CallContext, "the call"]) -> str:
        """Say who calls."""
        return context.caller or ""

    assert read_function(who).context == "context"
    assert declare(who).parameters is None

    def perhaps(context: CallContext | None = None) -> str:
        """Say who calls, if anybody does."""
        return ""

    assert read_function(perhaps).arguments({}, CONTEXT) == {"context": CONTEXT}


def no_words(day: str) -> None:
    pass


def no_types(day, *rest: str, **more: str):  # type: ignore[no-untyped-def]
    """Do it."""


def no_form(day: bytes) -> None:
    """Do it."""


@dataclass
class Odd:
    day: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


def unknown_inside(odd: Odd) -> None:
    """Do it."""


def unknown_name(day: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do it."""


def größe(day: str) -> None:
    """Measure."""


async def endless() -> Any:
    """Go on."""
    yield 1


def piecemeal() -> Iterator[int]:
    """Go on."""
    yield 1


@pytest.mark.parametrize(
    ("function", "problems"),
    [
        (no_words, ("no_words has no docstring: say what it does, for the model",)),
        (
            no_types,
            (
                "no_types: parameter day: has no type",
                "no_types: parameter rest: cannot be given by name",
                "no_types: parameter more: cannot be given by name",
            ),
        ),
        (no_form, ("no_form: parameter day: type bytes",)),
        (unknown_name, ("unknown_name: a type is not known: name 'Nowhere' is not defined",)),
        (größe, ("größe: the model only knows names of plain letters, digits and _",)),
        (
            unknown_inside,
            ("unknown_inside: parameter odd: a type is not known: name 'Nowhere' is not defined",),
        ),
        (piecemeal, ("is not a function that returns its result",)),
        (endless, ("is not a function that returns its result",)),
        (date, ("is not a function that returns its result",)),
        (3, ("is not a function that returns its result",)),
    ],
)
def test_what_cannot_be_declared_says_why(function: Any, problems: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(function)
    assert caught.value.problems == problems


def test_the_vendors_own_types_take_a_declaration() -> None:
    types = pytest.importorskip("google.genai.types")
    told = msgspec.to_builtins(declare(book))
    declared = types.FunctionDeclaration.model_validate(told)
    assert declared.parameters.properties["day"].type == types.Type.STRING
    assert declared.parameters.properties["name"].nullable is True


# Running.


def result_of(function: Callable[..., Any], **given: object) -> Any:
    tool: ToolFunction = read_function(function)

    async def main() -> object:
        return await tool.run(tool.arguments(given, CONTEXT))

    return asyncio.run(main())


def test_an_async_function_runs_on_the_loop() -> None:
    assert result_of(book, day="2026-11-27", people="4") == "2026-11-27 4 None CA1"


def test_a_plain_function_runs_in_a_thread_and_knows_its_call() -> None:
    bound: ContextVar[str] = ContextVar("bound")

    def where(day: str) -> tuple[str, str]:
        """Tell the thread, and what is bound."""
        return threading.current_thread().name, bound.get()

    bound.set("CA1")
    assert result_of(where, day="today") == ("tool", "CA1")


def test_a_plain_decorator_around_an_async_function_does_no_harm() -> None:
    @functools.wraps(book)
    def wrapped(*args: Any, **keywords: Any) -> Any:
        return book(*args, **keywords)

    assert result_of(wrapped, day="2026-11-27", people=2) == "2026-11-27 2 None CA1"


def test_what_a_function_raises_in_its_thread_comes_out() -> None:
    def crash() -> None:
        """Crash."""
        raise StopIteration  # the one exception that a future does not take

    with pytest.raises(RuntimeError):
        result_of(crash)


def test_a_function_is_read_once_and_each_tool_has_its_own_time_and_threads() -> None:
    one, other = read_function(book, 3.0), read_function(book, 4.0)
    assert one.declaration is other.declaration
    assert (one.timeout_s, other.timeout_s) == (3.0, 4.0)
    assert one.threads is not other.threads
