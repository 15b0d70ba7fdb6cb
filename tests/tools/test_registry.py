import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from agent.errors import ConfigError, ToolError
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.tenant import BuiltinTool, PythonTool, Tool
from agent.tools import CallContext
from agent.tools.registry import ToolSet, declare, read_function

CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))

MODULE = '''
"""Functions of a test."""
import neighbour_of_book
from agent.tools import CallContext

async def book(day: str, context: CallContext) -> str:
    """Book a day.

    Args:
        day: which day.
    """
    return day

def untyped(day):
    """Forget the type."""

number = 3
'''


@pytest.fixture
def functions(tmp_path: Path) -> Iterator[Path]:
    """A folder of functions; imports made during the test are undone."""
    (tmp_path / "book_of_test.py").write_text(MODULE)
    (tmp_path / "neighbour_of_book.py").write_text("")
    (tmp_path / "broken_of_test.py").write_text("1 / 0")
    (tmp_path / "json.py").write_text("")
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


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
    with pytest.raises(ToolError, match="day is missing"):
        function.arguments({}, CONTEXT)


def test_the_model_cannot_forge_the_context() -> None:
    with pytest.raises(ToolError, match='no argument "context"'):
        read_function(book).arguments({"day": "2026-11-27", "context": {}}, CONTEXT)


def test_a_context_may_be_annotated() -> None:
    def who(context: Annotated[CallContext, "the call"]) -> str:
        """Say who calls."""
        return context.caller or ""

    assert read_function(who).context == "context"
    assert declare(who).parameters is None


def no_words(day: str) -> None:
    pass


def no_types(day, *rest: str, **more: str):  # type: ignore[no-untyped-def]
    """Do it."""


def no_form(day: bytes) -> None:
    """Do it."""


def unknown_name(day: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do it."""


def größe(day: str) -> None:
    """Measure."""


async def endless() -> Any:
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
        (endless, ("is not a function that returns its result",)),
        (date, ("is not a function that returns its result",)),
        (3, ("is not a function that returns its result",)),
    ],
)
def test_what_cannot_be_declared_says_why(function: Any, problems: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(function)
    assert caught.value.problems == problems


def test_a_tenants_functions_are_imported(functions: Path) -> None:
    tools: list[Tool] = [
        BuiltinTool(builtin="end_call"),
        PythonTool(python="book_of_test.book", timeout=3),
    ]
    loaded = ToolSet.load(tools, [functions])
    assert list(loaded.functions) == ["book"]
    assert loaded.functions["book"].timeout_s == 3
    assert [declaration.name for declaration in loaded.declarations()] == ["book"]


def test_every_function_that_cannot_be_used_is_named_with_its_place(functions: Path) -> None:
    names = [
        "nowhere_of_test.f",
        "broken_of_test.f",
        "book_of_test.fly",
        "book_of_test.number",
        "book_of_test.untyped",
        "json.dumps",
        "sys.exit",
        "book_of_test.book",
        "book_of_test.book",
    ]
    with pytest.raises(ConfigError) as caught:
        ToolSet.load([PythonTool(python=name) for name in names], [functions])
    problems = caught.value.problems
    assert problems[0].startswith(
        "tools[0].python: nowhere_of_test.f: cannot import nowhere_of_test: ModuleNotFoundError"
    )
    assert problems[1].endswith(
        "broken_of_test.f: cannot import broken_of_test: ZeroDivisionError: division by zero"
    )
    assert problems[2].endswith('module book_of_test has no function "fly"')
    assert problems[3].endswith("is not a function that returns its result")
    assert problems[4].endswith("untyped: parameter day: has no type")
    assert "the module name json is taken by" in problems[5]
    assert "the module name sys is taken by" in problems[6]
    assert problems[7] == 'tools[8].python: two tools are named "book"'
    assert len(problems) == 8


def test_a_problem_can_be_placed_in_a_file(functions: Path) -> None:
    with pytest.raises(ConfigError, match=r"^here tools\[0\]\.python$"):
        ToolSet.load([PythonTool(python="a_b.c")], [functions], lambda field, _: f"here {field}")


def test_the_vendors_own_types_take_a_declaration() -> None:
    types = pytest.importorskip("google.genai.types")
    told = msgspec.to_builtins(declare(book))
    declared = types.FunctionDeclaration.model_validate(told)
    assert declared.parameters.properties["day"].type == types.Type.STRING
    assert declared.parameters.properties["name"].nullable is True
