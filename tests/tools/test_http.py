import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.errors import ConfigError
from agent.tools.function import ArgumentsError
from agent.tools.http import MOST_SECRET_BYTES, from_environment, http_function
from agent.tools.http_client import HttpClient
from agent.tools.registry import ToolSet
from agent.tools.runner import ToolRunner
from tests.support.patient_loop import run_on_loopback
from tests.tools.http_desk import (
    CONTEXT,
    IDEMPOTENT,
    SECRET,
    Names,
    Server,
    asked,
    client_of,
    echo,
    failed,
    http_tool,
    made,
    now,
    raw_served,
    secret,
    served,
)

pytestmark = pytest.mark.socket


def case(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_on_loopback(main())


# Declaration and arguments.


def test_a_tool_declares_what_the_model_fills_in() -> None:
    tool = http_tool(
        "https://api.example.com/tables",
        query={name: f"{{{name}}}" for name in ("day", "people", "size", "at", "sure", "wine")},
        parameters={
            "day": {"type": "date", "description": "the day of the visit."},
            "people": {"type": "integer", "default": "2"},
            "size": {"enum": ["small", "large"]},
            "at": {"type": "time", "optional": True},
            "sure": "boolean",
            "wine": {"type": "number", "optional": True},
        },
    )
    function = http_function(tool, HttpClient(), secret)
    assert function.declaration.name == "order"
    assert function.declaration.description == "Find an order."
    assert function.declaration.parameters == {
        "type": "OBJECT",
        "properties": {
            "day": {"type": "STRING", "description": "the day of the visit. A date as YYYY-MM-DD."},
            "people": {"type": "INTEGER", "nullable": True},
            "size": {"type": "STRING", "enum": ["small", "large"]},
            "at": {
                "type": "STRING",
                "description": "A time of day as HH:MM, 24 hours.",
                "nullable": True,
            },
            "sure": {"type": "BOOLEAN"},
            "wine": {"type": "NUMBER", "nullable": True},
        },
        "required": ["day", "size", "sure"],
    }
    given = {"day": "2026-11-27", "size": "small", "sure": "yes"}
    request = function.arguments(given, CONTEXT)["request"]
    assert request.target == "/tables?day=2026-11-27&people=2&size=small&sure=true"
    with pytest.raises(ArgumentsError, match='"huge" is not one of small, large'):
        function.arguments({**given, "size": "huge"}, CONTEXT)


def test_a_tool_without_parameters_declares_none() -> None:
    assert made(http_tool("https://api.example.com/"), HttpClient()).declaration.parameters is None


def test_only_a_look_up_is_repeatable() -> None:
    client = HttpClient()
    assert made(http_tool("https://api.example.com/"), client).repeatable
    assert not made(http_tool("https://api.example.com/", method="DELETE"), client).repeatable


def test_a_function_shows_its_name_and_no_secret() -> None:
    tool = http_tool("https://api.example.com/", headers={"X-Key": "${ENV:KEY}"})
    assert repr(made(tool, HttpClient())) == "HttpFunction('order')"


def test_secrets_come_from_the_environment_and_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", SECRET)
    (tmp_path / "key").write_text("other-secret\n")
    text = f"${{ENV:SHOP_KEY}} ${{FILE:{tmp_path / 'key'}}}"
    assert from_environment(text) == f"{SECRET} other-secret"
    with pytest.raises(ConfigError, match=r"\$\{ENV:NOT_SET_HERE\} is not set"):
        from_environment("${ENV:NOT_SET_HERE}")


# What goes well.


def test_an_answer_is_told_as_the_tool_asks() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            tool = http_tool(
                f"http://127.0.0.1:{port}/orders/{{n}}",
                parameters={"n": "string"},
                result={"where": "/path", "none": "/none"},
            )
            result = await asked(made(tool, client), {"n": "7/8"})
            assert result == {"where": "/orders/7%2F8", "none": None}

    case(main)


def test_a_body_that_says_nothing_is_no_result() -> None:
    async def main() -> None:
        async with served(Server(204).answer) as port, client_of() as client:
            assert await asked(made(http_tool(f"http://127.0.0.1:{port}/"), client)) is None

    case(main)


def test_a_secret_that_comes_back_is_hidden() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            headers = {"Authorization": "Bearer ${ENV:KEY}"}
            tool = http_tool(f"http://127.0.0.1:{port}/", headers=headers)
            result = await asked(made(tool, client))
            assert isinstance(result, dict)
            assert result["headers"]["authorization"] == "Bearer (hidden)"

    case(main)


# What goes wrong, in words for the model.


UNKNOWN = "It is not known whether it took effect"


@pytest.mark.parametrize(
    ("status", "keys", "words", "retryable"),
    [
        (404, {}, "The server refused it: 404 (Not Found): no such order", False),
        (409, IDEMPOTENT, "The server refused it: 409 (Conflict): no such order", False),
        (429, {}, "The server has too much to do: 429 (Too Many Requests): no such order", True),
        (429, IDEMPOTENT, "The server has too much to do", True),
        (500, {}, "The server failed: 500 (Internal Server Error): no such order", True),
        (500, {"method": "DELETE"}, UNKNOWN, False),
        (302, {}, "The server refused it: 302 (Found)", False),
    ],
)
def test_a_status_that_says_no_is_told(
    status: int, keys: dict[str, Any], words: str, retryable: bool
) -> None:
    async def main() -> None:
        async with (
            served(Server(status, text="no such order").answer) as port,
            client_of() as client,
        ):
            error = await failed(made(http_tool(f"http://127.0.0.1:{port}/", **keys), client))
            assert words in str(error)
            assert error.retryable is retryable
            assert client.counters[f"status_{status // 100}xx"] == 1

    case(main)


@pytest.mark.parametrize(
    ("pieces", "keys", "words", "retryable", "reason"),
    [
        ((), {}, "The connection to the server was lost.", True, "disconnected"),
        ((), {"method": "DELETE"}, UNKNOWN, False, "disconnected"),
        ((b"nonsense\r\n\r\n",), {}, "its answer cannot be used", False, "malformed"),
        ((b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 2000), {}, "cannot be used", False, "too_large"),
    ],
)
def test_an_answer_that_is_none_is_told(
    pieces: tuple[bytes, ...], keys: dict[str, Any], words: str, retryable: bool, reason: str
) -> None:
    async def main() -> None:
        async with raw_served(*pieces) as port, client_of() as client:
            tool = http_tool(f"http://127.0.0.1:{port}/", most_bytes="1KiB", **keys)
            error = await failed(made(tool, client))
            assert words in str(error)
            assert error.retryable is retryable
            assert client.counters[reason] == 1

    case(main)


@pytest.mark.parametrize(
    ("found", "reason", "retryable"),
    [(["10.0.0.1"], "forbidden_address", False), (None, "unknown_host", True)],
)
def test_a_server_that_must_not_be_reached_gets_nothing(
    found: list[str] | None, reason: str, retryable: bool
) -> None:
    async def main() -> None:
        names = Names() if found is None else Names(shop_example=[found])
        async with client_of(look_up=names) as client:
            error = await failed(made(http_tool("https://shop.example/", **IDEMPOTENT), client))
            assert str(error) == "It was not done: the server cannot be reached."
            assert error.retryable is retryable
            assert client.counters[reason] == 1

    case(main)


@pytest.mark.parametrize(("keys", "retryable"), [({}, True), ({"method": "DELETE"}, False)])
def test_a_server_that_trickles_is_given_up_in_time(keys: dict[str, Any], retryable: bool) -> None:
    async def main() -> None:
        trickle = raw_served(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 1000, every_s=0.1)
        async with trickle as port, client_of() as client:
            function = made(http_tool(f"http://127.0.0.1:{port}/", timeout=2, **keys), client)
            began = now()
            error = await failed(function)
            assert now() - began == pytest.approx(2.0, abs=0.2)
            assert "did not answer in time" in str(error)
            assert (UNKNOWN in str(error)) is not retryable
            assert error.retryable is retryable
            assert client.counters["timed_out"] == 1

    case(main)


# In its place.


def test_nothing_of_a_request_is_in_the_log_outside_personal_data() -> None:
    async def main() -> None:
        async with served(Server(500, text=f"Anna {SECRET}").answer) as port, client_of() as client:
            tool = http_tool(
                f"http://127.0.0.1:{port}/orders/{{who}}",
                parameters={"who": "string"},
                headers={"Authorization": "Bearer ${ENV:KEY}"},
                retries=1,
            )
            runner = ToolRunner(ToolSet.load([tool], [], http=client, secrets=secret))
            with structlog.testing.capture_logs() as lines:
                answer = await runner.run("1", "order", {"who": "Anna"}, "k", CONTEXT)
            assert "Anna (hidden)" in answer["error"]
            assert [line["event"] for line in lines] == ["tool.http_failed", "tool.finished"]
            open_part = [
                {name: value for name, value in line.items() if not name.startswith("pii.")}
                for line in lines
            ]
            assert "Anna" not in str(open_part)
            assert SECRET not in str(lines)
            assert lines[0]["reason"] == "status_5xx"
            assert lines[0]["status"] == 500
            assert runner.counters == {"refused": 1}

    case(main)


def test_a_call_that_ends_takes_its_request_along() -> None:
    async def main() -> None:
        async with raw_served(b"", every_s=100.0) as port, client_of() as client:
            task = asyncio.create_task(asked(made(http_tool(f"http://127.0.0.1:{port}/"), client)))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    case(main)


def test_fifty_at_once_are_all_answered() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            tool = http_tool(f"http://127.0.0.1:{port}/", result="/method", method="DELETE")
            runner = ToolRunner(ToolSet.load([tool], [], http=client, secrets=secret))
            calls = (runner.run(str(n), "order", {}, str(n), CONTEXT) for n in range(50))
            assert await asyncio.gather(*calls) == [{"output": "DELETE"}] * 50
            assert runner.counters == {"done": 50}

    case(main)


def test_a_secrets_file_is_a_file_of_a_secrets_size(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    assert from_environment(f"${{FILE:{tmp_path}/secret}}") == "hunter2"
    (tmp_path / "secret").write_bytes(b"x" * (MOST_SECRET_BYTES + 1))
    (tmp_path / "binary").write_bytes(b"\xff")
    for path, reason in (
        (f"{tmp_path}/secret", "larger than 64KiB"),
        (f"{tmp_path}/binary", "it is not text"),
        ("/dev/zero", "Not a regular file"),
    ):
        with pytest.raises(ConfigError) as caught:
            from_environment(f"${{FILE:{path}}}")
        assert caught.value.problems == (f"${{FILE:{path}}} cannot be read: {reason}",)
