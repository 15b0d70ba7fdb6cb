from agent.errors import ToolError
from agent.tools.function import ArgumentsError, ToolFunction
from agent.tools.http import HttpFunction
from agent.tools.python_function import Function


def test_wrong_arguments_are_corrected_and_sent_again() -> None:
    error = ArgumentsError("day is missing")
    assert isinstance(error, ToolError)
    assert error.retryable
    assert str(error) == "day is missing"


def test_every_kind_of_tool_is_one() -> None:
    """For the type checker: each kind can stand where a tool is wanted."""
    kinds: tuple[type[ToolFunction], ...] = (Function, HttpFunction)
    assert all(hasattr(kind, "run") and hasattr(kind, "arguments") for kind in kinds)
