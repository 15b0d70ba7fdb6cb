import asyncio
import subprocess
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from agent.errors import ConfigError
from tests.support.patient_loop import run_on_loopback
from tests.tools.mcp_files import KIND, Desk, desk, run
from tests.tools.mcp_web import (
    Web,
    away,
    broken,
    endless,
    failure,
    hang,
    huge,
    packed,
    page,
    serving,
)

pytestmark = pytest.mark.socket


def entry(url: str, *allow: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "allow": list(allow), **more}


async def when_back(at: Desk, tool: str) -> dict[str, Any]:
    """Ask again until the server is there."""
    for _ in range(100):
        if "cannot be reached" not in str(answer := await at.ask(tool)):
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(answer)


def test_a_server_made_with_the_protocols_library_is_used() -> None:
    async def main(url: str) -> list[dict[str, Any]]:
        async with desk(entry(url, "find_order", "refuse", "meet", "key")) as at:
            return [
                await at.ask("find_order", number=3),
                await at.ask("refuse", why="no"),
                await at.ask("key"),
                *await asyncio.gather(*(at.ask("meet", people=5) for _ in range(5))),
            ]

    with subprocess.Popen([*KIND, "http", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            answers = run(main(f"http://127.0.0.1:{process.stdout.readline().strip()}/mcp"))
        finally:
            process.terminate()
    assert answers == [
        {"output": {"number": 3, "state": "on its way"}},
        {"error": "Error executing tool refuse", "retryable": False},
        {"output": {"result": "key3"}},
        *[{"output": {"result": "met"}}] * 5,
    ]


def test_a_session_that_the_server_has_forgotten_is_begun_anew() -> None:
    async def main() -> None:
        server = Web()
        async with serving(server) as url, desk(entry(url, "echo")) as at:
            assert await at.ask("echo") == {"output": "echo"}
            server.session += 1
            assert (await at.ask("echo"))["retryable"] is False
            assert await when_back(at, "echo") == {"output": "echo"}
            assert at.servers.counters["opened"] == 2
            assert at.servers.counters["lost"] == 1

    run_on_loopback(main())


def test_a_server_that_goes_is_looked_for_until_it_is_back() -> None:
    async def main() -> None:
        server, stack = Web(), AsyncExitStack()
        async with serving(server) as url:
            at = await stack.enter_async_context(desk(entry(url, "echo")))
            assert await at.ask("echo") == {"output": "echo"}
        assert "went away while it ran" in (await at.ask("echo"))["error"]
        await asyncio.sleep(60)
        assert "cannot be reached" in (await at.ask("echo"))["error"]
        assert at.servers.counters["failed"] >= 5
        async with serving(server, int(url.split(":")[2].split("/")[0])), stack:
            await asyncio.sleep(31)
            assert await at.ask("echo") == {"output": "echo"}

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (hang, "s_echo did not answer in time. It is not known whether it took effect"),
        (packed, "s_echo did not work: Server returned an error response"),
        (huge, "s_echo ran, but its answer cannot be read."),
        (endless, "s_echo ran, but its answer cannot be read."),
        (broken, "s_echo ran, but its answer cannot be read."),
        (away, "s_echo did not work: Redirect to http://127.0.0.1:1/elsewhere not followed"),
        (page, "s_echo did not work: Unexpected content type: text/html"),
        (failure, "s_echo did not work: Server returned an error response"),
    ],
)
def test_what_goes_wrong_with_one_request_stays_with_it(reply: Any, error: str) -> None:
    async def main() -> dict[str, Any]:
        server = Web()
        async with serving(server) as url, desk(entry(url, "echo", "pid")) as at:
            server.replies["echo"] = reply
            other = asyncio.create_task(at.ask("pid"))
            answer = await at.ask("echo")
            assert "output" in await other
            assert "output" in await at.ask("pid")
            assert "GET" not in server.requests
        return answer

    answer = run_on_loopback(main())
    assert answer["error"].startswith(error)
    assert answer["retryable"] is False


def test_a_notification_that_hangs_holds_up_no_call_for_long() -> None:
    async def main() -> float:
        server = Web()
        time = asyncio.get_running_loop().time
        async with serving(server) as url, desk(entry(url, "hang", "echo", timeout="3s")) as at:
            server.replies |= {"hang": hang, "notifications/cancelled": hang}
            await at.ask("hang")
            began = time()
            assert await at.ask("echo") == {"output": "echo"}
            return time() - began

    assert run_on_loopback(main()) <= 1.1


def test_headers_of_the_file_go_with_every_request() -> None:
    async def main() -> dict[str, str]:
        server = Web()
        headers = {"Authorization": "Bearer ${ENV:KEY}"}
        async with serving(server) as url, secretive(entry(url, "echo", headers=headers)) as at:
            await at.ask("echo")
            return server.headers

    secretive = partial(desk, read_env={"KEY": "k"}.get)
    headers = run_on_loopback(main())
    assert headers["Authorization"] == "Bearer k"
    assert headers["Accept-Encoding"] == "identity"


def test_a_server_that_is_not_there_is_refused_at_the_start() -> None:
    async def main() -> None:
        async with serving(Web()) as url:
            pass
        async with desk(entry(url, "echo")):
            pass

    with pytest.raises(ConfigError, match="server s: it cannot be reached: ConnectError"):
        run_on_loopback(main())


def test_requests_leave_no_line_in_the_log_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(Web()) as url, desk(entry(url, "echo")) as at:
            await at.ask("echo")
            caplog.clear()
            await at.ask("echo")
            assert not [record for record in caplog.records if record.name != "asyncio"]

    caplog.set_level("INFO")
    run_on_loopback(main())
