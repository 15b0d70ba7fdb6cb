import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.tenants.partial import NO_MODULE
from agent.tenants.tools import BuiltinTool, HttpTool, McpTool, PythonTool, Tool
from agent.tools import CallContext
from agent.tools.http_client import HttpClient
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet, function_problems

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
    (tmp_path / "leaves_of_test.py").write_text("import sys; sys.exit(3)")
    (tmp_path / "json.py").write_text("")
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


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
        "leaves_of_test.f",
    ]
    with pytest.raises(ConfigError) as caught:
        ToolSet.load([PythonTool(python=name) for name in names], [functions])
    problems = caught.value.problems
    assert problems[0].startswith(
        "tools[0].python: nowhere_of_test.f: cannot import nowhere_of_test: ModuleNotFoundError"
    )
    assert problems[1].endswith(
        "broken_of_test.f: cannot import broken_of_test: ZeroDivisionError: division by zero "
        "(broken_of_test.py, line 1)"
    )
    assert problems[2].endswith('module book_of_test has no function "fly"')
    assert problems[3].endswith("is not a function that returns its result")
    assert problems[4].endswith("untyped: parameter day: has no type")
    assert "the module name json is taken by" in problems[5]
    assert "the module name sys is taken by" in problems[6]
    assert problems[7] == 'tools[8].python: two tools are named "book"'
    assert problems[8].endswith(
        "cannot import leaves_of_test: SystemExit: 3 (leaves_of_test.py, line 1)"
    )
    assert len(problems) == 9


def test_an_import_that_fails_is_found_in_the_businesss_own_file(functions: Path) -> None:
    (functions / "inner_of_test.py").write_text("import sys\n\nsys.exit()\n")
    (functions / "outer_of_test.py").write_text("import inner_of_test\n")
    (functions / "written_of_test.py").write_text("x = 1\nx y\n")
    tools = [PythonTool(python="outer_of_test.f"), PythonTool(python="written_of_test.f")]
    with pytest.raises(ConfigError) as caught:
        ToolSet.load(tools, [functions])
    assert [problem.partition("cannot import ")[2] for problem in caught.value.problems] == [
        "outer_of_test: SystemExit (inner_of_test.py, line 3)",
        "written_of_test: SyntaxError: invalid syntax (written_of_test.py, line 2)",
    ]


def test_functions_of_a_file_that_is_refused_anyway_are_looked_at_too(functions: Path) -> None:
    tools: list[Tool] = [
        BuiltinTool(builtin="end_call"),
        PythonTool(python=f"{NO_MODULE}.x1"),  # in the place of a tool with a mistake
        PythonTool(python="book_of_test.fly"),
        PythonTool(python="book_of_test.book"),
    ]
    assert list(function_problems(tools, [functions])) == [
        ("tools[2].python", 'book_of_test.fly: module book_of_test has no function "fly"')
    ]


def test_a_problem_can_be_placed_in_a_file(functions: Path) -> None:
    with pytest.raises(ConfigError, match=r"^here tools\[0\]\.python$"):
        ToolSet.load([PythonTool(python="a_b.c")], [functions], lambda field, _: f"here {field}")


def look() -> str:
    """Look."""
    return "found"


ORDER: dict[str, Any] = {
    "name": "order",
    "description": "Find an order.",
    "url": "https://api.example.com/orders/{number}",
    "headers": {"Authorization": "Bearer ${ENV:KEY}"},
    "parameters": {"number": "string"},
}


def test_what_others_have_made_comes_in_the_tenants_order(functions: Path) -> None:
    tools: list[Tool] = [
        BuiltinTool(builtin="current_time"),
        PythonTool(python="book_of_test.book"),
    ]
    made = ToolSet.load(tools, [functions], extra={0: [read_function(look)]})
    assert list(made.functions) == ["look", "book"]


def test_a_name_that_is_taken_is_placed_at_the_later_tool(functions: Path) -> None:
    tools: list[Tool] = [BuiltinTool(builtin="current_time"), BuiltinTool(builtin="language")]
    extra = {0: [read_function(look)], 1: [read_function(look)]}
    with pytest.raises(ConfigError) as caught:
        ToolSet.load(tools, [functions], extra=extra)
    assert caught.value.problems == ('tools[1]: two tools are named "look"',)


def test_functions_that_come_later_are_added() -> None:
    first = ToolSet.load([], []).with_functions([read_function(look)])
    assert [declaration.name for declaration in first.declarations()] == ["look"]
    with pytest.raises(ConfigError, match='two tools are named "look"'):
        first.with_functions([read_function(look)])


def test_a_tool_says_how_many_of_it_run_at_once(functions: Path) -> None:
    tools: list[Tool] = [
        PythonTool.model_validate({"python": "book_of_test.book", "at_once": "2"}),
        McpTool.model_validate(
            {"name": "crm", "command": ["crm"], "allow": ["look-up", "note"], "at_once": "1"}
        ),
    ]
    loaded = ToolSet.load(tools, [functions]).with_functions([read_function(look)])
    assert loaded.at_once == {"book": 2, "crm_look_up": 1, "crm_note": 1}
    with pytest.raises(ValueError, match="at_once"):
        PythonTool.model_validate({"python": "book_of_test.book", "at_once": "9"})


def test_http_tools_are_made_with_their_secrets() -> None:
    asked: list[str] = []

    def secrets(text: str) -> str:
        asked.append(text)
        return text.replace("${ENV:KEY}", "sesame-open")

    tool = HttpTool.model_validate(ORDER)
    made = ToolSet.load([tool], [], http=HttpClient(), secrets=secrets)
    assert "${ENV:KEY}" in asked
    request = made.functions["order"].arguments({"number": "7"}, CONTEXT)["request"]
    assert request.headers["Authorization"] == "Bearer sesame-open"


def test_a_secret_that_is_not_set_is_a_problem_at_its_tool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(ConfigError) as caught:
        ToolSet.load([HttpTool.model_validate(ORDER)], [])
    assert caught.value.problems == ("tools[0].http: ${ENV:KEY} is not set",)
