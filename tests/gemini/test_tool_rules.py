"""What `setup.tools` may hold, per model and surface."""

import pytest

from agent.gemini.messages import FunctionDeclaration, GoogleSearch, Tool
from agent.gemini.profiles import Surface
from tests.gemini.test_rules import D25, D31, D38, HALF, NEW, XT, problems

FUNCTION = FunctionDeclaration("f")


def tools(model: str, *kinds: Tool, surface: Surface = "developer") -> list[str]:
    found = problems(model, surface, tools=kinds)
    return [problem.removeprefix("setup.") for problem in found if "thinkingLevel" not in problem]


@pytest.mark.parametrize(
    ("model", "surface", "behavior", "problem"),
    [
        (D25, "developer", "BLOCKING", None),
        (D25, "developer", "NON_BLOCKING", None),
        (D31, "developer", "BLOCKING", None),
        (D31, "developer", "NON_BLOCKING", f"{D31} takes BLOCKING only, not NON_BLOCKING"),
        (D38, "developer", None, None),
        (D38, "developer", "NON_BLOCKING", None),
        (D38, "vertex", "BLOCKING", None),
        (D38, "developer", "SOMETIMES", "'SOMETIMES' is unknown; BLOCKING or NON_BLOCKING"),
        (XT, "developer", "NON_BLOCKING", None),
        (XT, "developer", "BLOCKING", f"{XT} takes NON_BLOCKING only, not BLOCKING"),
        (HALF, "vertex", None, None),
        (HALF, "vertex", "BLOCKING", f"{HALF} takes none; remove it"),
        (NEW, "developer", "BLOCKING", None),
    ],
)
def test_a_behavior_must_be_one_the_model_takes(
    model: str, surface: Surface, behavior: str | None, problem: str | None
) -> None:
    tool = Tool((FunctionDeclaration("f", behavior=behavior),))
    expected = f"tools[0].functionDeclarations[0].behavior: {problem}"
    assert tools(model, tool, surface=surface) == ([expected] if problem else [])


@pytest.mark.parametrize("name", ["f", "_f", "book.table:v1-x", "f" * 128])
def test_a_good_name_is_taken(name: str) -> None:
    assert tools(D38, Tool((FunctionDeclaration(name),))) == []


@pytest.mark.parametrize("name", ["", "1f", "f g", "f" * 129, "é", "f\n"])
def test_a_bad_name_is_refused(name: str) -> None:
    [problem] = tools(D38, Tool((FunctionDeclaration(name),)))
    assert problem.startswith(f"tools[0].functionDeclarations[0].name: {name!r} is no function")


def test_a_name_is_declared_once_in_all_tools() -> None:
    assert tools(D38, Tool((FUNCTION,)), Tool((FUNCTION,))) == [
        "tools[1].functionDeclarations[0].name: 'f' is declared twice"
    ]


def test_a_schema_is_written_one_way() -> None:
    declaration = FunctionDeclaration("f", None, {}, {"type": "object"}, {}, {"type": "object"})
    path = "tools[0].functionDeclarations[0]"
    assert tools(D38, Tool((declaration,))) == [
        f"{path}: parameters or parametersJsonSchema, not both",
        f"{path}: response or responseJsonSchema, not both",
    ]


def test_a_tool_is_of_one_kind() -> None:
    assert tools(D38, Tool()) == ["tools[0]: one kind of tool per entry, not none"]
    assert tools(D38, Tool((FUNCTION,), GoogleSearch())) == [
        "tools[0]: one kind of tool per entry, not functionDeclarations, googleSearch"
    ]


def test_kinds_that_do_not_work_live_are_refused_by_name() -> None:
    tool = Tool(code_execution={})
    assert tools(D38, tool) == [
        "tools[0].codeExecution: not available in a live session; remove it"
    ]


def test_search_and_functions_together_depend_on_the_model() -> None:
    both = Tool((FUNCTION,)), Tool(google_search=GoogleSearch())
    assert tools(D38, *both) == []
    assert tools(D25, *both) == [f"tools: {D25} takes functions or googleSearch, not both"]


def test_two_fields_of_the_search_are_vertexs() -> None:
    tool = Tool(google_search=GoogleSearch(None, None, "BLOCK_HIGH", ("a.example",)))
    assert tools(D38, tool, surface="vertex") == []
    assert tools(D38, tool) == [
        "tools[0].googleSearch.blockingConfidence: exists on Vertex only; remove it",
        "tools[0].googleSearch.excludeDomains: exists on Vertex only; remove it",
    ]
