from pathlib import Path
from typing import Any, cast

import mcp_types as types
import pytest
import structlog

from agent.errors import ToolError
from agent.tenants.tools import McpTool
from agent.tools import CallContext
from agent.tools.function import ArgumentsError
from agent.tools.mcp_function import MAX_DESCRIPTION, McpFunction, mcp_function
from agent.tools.mcp_schema import Unusable

CONTEXT = CallContext("x", "CA1", None, Path("/nowhere"), idempotency_key="k1")
ENTRY = McpTool.model_validate(
    {"name": "shop", "command": ["run"], "allow": ["find"], "timeout": 3.0}
)
ORDER = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "note": {"type": "string"},
        "day": {"type": ["string", "null"]},
    },
    "required": ["number"],
}


def made(name: str = "find", schema: dict[str, Any] = ORDER, **more: Any) -> McpFunction:
    return mcp_function(ENTRY, types.Tool(name=name, input_schema=schema, **more), cast(Any, None))


def test_the_name_begins_with_the_servers() -> None:
    function = made("orders/find-one.v2", description="Find it.")
    assert function.declaration.name == "shop_orders_find_one_v2"
    assert function.declaration.description == "Find it."
    assert function.tool == "orders/find-one.v2"
    assert function.timeout_s == 3.0


def test_a_name_too_long_cannot_be_told() -> None:
    with pytest.raises(Unusable, match="longer than 128"):
        made("x" * 128)


def test_a_tool_without_a_description_has_its_title_or_its_name() -> None:
    assert made(title="Find an order").declaration.description == "Find an order"
    assert made().declaration.description == "find of shop."


def test_a_description_of_any_length_is_cut() -> None:
    description = made(description="x" * 100_000).declaration.description
    assert description is not None
    assert len(description) == MAX_DESCRIPTION


@pytest.mark.parametrize(
    ("hints", "repeatable"),
    [
        (None, False),
        (types.ToolAnnotations(), False),
        (types.ToolAnnotations(read_only_hint=True), True),
        (types.ToolAnnotations(idempotent_hint=True), True),
    ],
)
def test_what_changes_nothing_may_run_again(
    hints: types.ToolAnnotations | None, repeatable: bool
) -> None:
    assert made(annotations=hints).repeatable is repeatable


def test_what_is_left_out_of_a_schema_is_in_the_log() -> None:
    schema = {"type": "object", "properties": {"filter": {"type": "object"}}}
    with structlog.testing.capture_logs() as lines:
        assert made(schema=schema).declaration.parameters is None
    [line] = lines
    assert line["event"] == "mcp.left_out"
    assert line["fields"] == ("filter: an object of any shape cannot be told",)


def test_arguments_go_on_with_the_key_of_the_request() -> None:
    given = {"number": 3, "note": None, "day": None}
    assert made().arguments(given, CONTEXT) == {
        "arguments": {"number": 3, "day": None},  # a note is no null
        "key": "k1",
    }


def test_a_null_that_is_required_is_for_the_server_to_refuse() -> None:
    assert made().arguments({"number": None}, CONTEXT)["arguments"] == {"number": None}


def test_arguments_that_do_not_fit_are_named() -> None:
    with pytest.raises(ArgumentsError) as caught:
        made().arguments({"nummer": 3, "x" * 100: 1}, CONTEXT)
    assert str(caught.value) == (
        f'shop_find was not run: there is no argument "nummer"; there is no argument "{"x" * 80}"; '
        "number is missing. Correct this and call it again; ask the caller for what you do not "
        "know."
    )
    assert isinstance(caught.value, ToolError)


def test_a_tool_without_parameters_takes_none() -> None:
    function = made(schema={"type": "object"})
    assert function.arguments({}, CONTEXT)["arguments"] == {}
    with pytest.raises(ArgumentsError, match="there is no argument"):
        function.arguments({"x": 1}, CONTEXT)
