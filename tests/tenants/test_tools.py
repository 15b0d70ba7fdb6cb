from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from agent.tenants.strict import Misfit
from agent.tenants.tools import (
    KINDS_OF_TOOL,
    BuiltinTool,
    HttpTool,
    McpTool,
    PythonTool,
    Tool,
    distinct_tools,
    missing_secrets,
)

TOOLS = TypeAdapter[tuple[Any, ...]](Annotated[tuple[Tool, ...], AfterValidator(distinct_tools)])
HTTP = {"name": "order_status", "description": "d", "url": "https://api.example.com/"}
MCP = {"name": "crm", "command": ["crm-server"], "allow": ["find"]}


def test_the_key_that_names_a_tool_says_of_which_kind_it_is() -> None:
    read = TOOLS.validate_python(
        [{"python": "shop.find"}, {"http": HTTP}, {"mcp": MCP}, {"builtin": "end_call"}]
    )
    assert [type(tool) for tool in read] == [PythonTool, HttpTool, McpTool, BuiltinTool]
    assert KINDS_OF_TOOL == ("python", "http", "mcp", "builtin")


def test_tools_made_in_python_are_taken_as_they_are() -> None:
    made = (
        PythonTool(python="shop.find"),
        HttpTool.model_validate(HTTP),
        McpTool.model_validate(MCP),
        BuiltinTool(builtin="language"),
    )
    assert TOOLS.validate_python(made) == made


def test_a_tool_is_written_as_it_is_read() -> None:
    given = [{"http": HTTP}, {"mcp": MCP}]
    read = TOOLS.validate_python(given)
    assert TOOLS.validate_python(TOOLS.dump_python(read)) == read
    assert TOOLS.dump_python(read)[0]["http"]["name"] == "order_status"


def test_an_editor_is_told_where_the_keys_stand() -> None:
    schema = TypeAdapter(Tool).json_schema()
    entries = [one for one in schema["oneOf"] if "properties" in one]
    assert [one["required"] for one in entries] == [["http"], ["mcp"]]
    assert not any(one["additionalProperties"] for one in entries)


def test_who_dials_is_said_of_the_tool_that_dials() -> None:
    [by_us, by_carrier] = (
        TOOLS.validate_python([{"builtin": "send_digits", **more}])[0]
        for more in ({}, {"by": "carrier"})
    )
    assert (by_us.by, by_carrier.by) == ("line", "carrier")
    with pytest.raises(ValidationError, match="has no effect: end_call dials nothing"):
        TOOLS.validate_python([{"builtin": "end_call", "by": "carrier"}])


@pytest.mark.parametrize("given", [{}, {"http": HTTP, "timeout": "3s"}, {"http": "x"}, 3])
def test_another_shape_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        TOOLS.validate_python([given])


@pytest.mark.parametrize("name", ["book", "a.", ".a", "a b.c", "a.é", "os:system"])
def test_a_function_is_named_with_its_module(name: str) -> None:
    with pytest.raises(ValidationError, match="does not name a function"):
        PythonTool(python=name)


@pytest.mark.parametrize(
    ("changes", "path", "problem"),
    [
        ({"url": "https://a.example/"}, (), "a server has a command or a url; give it one of them"),
        ({"command": None}, (), "a server has a command or a url; give it one of them"),
        ({"headers": {"A": "b"}}, ("headers",), "belong to a url; a command takes env"),
        (
            {"command": None, "url": "https://a.example/", "env": {"A": "b"}},
            ("env",),
            "belongs to a command; a url takes headers",
        ),
        (
            {"command": None, "url": "stdio://x"},
            ("url",),
            "should begin with https:// or http://",
        ),
        (
            {"command": None, "url": "https://a.example/", "headers": {"Host": "b"}},
            ("headers", "Host"),
            "the header Host is set by the service; remove it",
        ),
        ({"env": {"A-B": "x"}}, ("env", "A-B"), '"A-B" is not a variable\'s name'),
        (
            {"env": {"API_KEY": "hunter2"}},
            ("env", "API_KEY"),
            "looks like a secret written out; write ${ENV:NAME} or ${FILE:path}",
        ),
        ({"allow": ["a", "b", "a"]}, ("allow", 2), '"a" is listed twice'),
        ({"claims": {"find": ["x"], "z": ["x"]}}, ("claims", "z"), '"z" is not one of allow'),
    ],
)
def test_a_server_is_described_in_one_way(
    changes: dict[str, Any], path: tuple[str | int, ...], problem: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        McpTool.model_validate({**MCP, **changes})
    (error,) = caught.value.errors()
    misfit = error["ctx"]["error"]
    assert isinstance(misfit, Misfit)
    assert misfit.problems == ((path, problem),)


def test_a_server_by_url_may_stand_inside() -> None:
    given = {**MCP, "command": None, "url": "http://localhost:9000/mcp", "headers": {"A": "b"}}
    assert McpTool.model_validate(given).url == "http://localhost:9000/mcp"


def test_a_server_without_allowed_tools_is_refused() -> None:
    with pytest.raises(ValidationError, match="allow"):
        McpTool.model_validate({"name": "crm", "command": ["x"]})


def test_each_tool_has_a_name_of_its_own() -> None:
    with pytest.raises(Misfit) as caught:
        distinct_tools(
            [
                PythonTool(python="shop.order_status"),
                HttpTool.model_validate(HTTP),
                McpTool.model_validate(MCP),
                PythonTool(python="other.crm"),
                BuiltinTool(builtin="end_call"),
                BuiltinTool(builtin="end_call"),
                McpTool.model_validate({**MCP, "name": "end_call"}),
            ]
        )
    assert caught.value.problems == (
        ((1, "http", "name"), 'two tools are named "order_status"; the other is tools[0]'),
        ((3, "python"), 'two tools are named "crm"; the other is tools[2]'),
        ((5, "builtin"), 'two tools are named "end_call"; the other is tools[4]'),
        ((6, "mcp", "name"), 'two tools are named "end_call"; the other is tools[4]'),
    )


def test_every_secret_that_is_not_there_is_told_with_its_key() -> None:
    tools = [
        PythonTool(python="shop.find"),
        HttpTool.model_validate(
            {
                **HTTP,
                "headers": {"Authorization": "Bearer ${ENV:KNOWN} ${ENV:GONE}"},
                "sign": {"secret": "${FILE:gone}"},
            }
        ),
        McpTool.model_validate({**MCP, "env": {"TOKEN": "${ENV:EMPTY}"}}),
    ]

    def read_file(path: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", path)

    environment = {"KNOWN": "hunter2", "EMPTY": ""}
    assert list(missing_secrets(tools, environment.get, read_file)) == [
        ("tools[1].http.headers.Authorization", "${ENV:GONE} is not set"),
        (
            "tools[1].http.sign.secret",
            "${FILE:gone} cannot be read: No such file or directory",
        ),
        ("tools[2].mcp.env.TOKEN", "${ENV:EMPTY} is empty"),
    ]
