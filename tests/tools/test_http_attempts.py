from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from tests.support.patient_loop import run_on_loopback
from tests.tools.http_desk import (
    CONTEXT,
    IDEMPOTENT,
    Names,
    Server,
    asked,
    client_of,
    failed,
    http_tool,
    made,
    now,
    raw_served,
    served,
)

pytestmark = pytest.mark.socket


def case(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_on_loopback(main())


def test_what_may_be_repeated_is_sent_again_with_more_and_more_time_between() -> None:
    async def main() -> None:
        server = Server(503, 500, 200, text="fine")
        async with served(server.answer) as port, client_of() as client:
            tool = http_tool(f"http://127.0.0.1:{port}/", retries=3, **IDEMPOTENT)
            assert await asked(made(tool, client)) == "fine"
            times = [at for at, _ in server.requests]
            between = [round(b - a, 2) for a, b in pairwise(times)]
            assert between == [0.3, 0.6]
            assert {key for _, key in server.requests} == {CONTEXT.idempotency_key}
            assert client.counters == {"requests": 3, "retried": 2}

    case(main)


def test_without_leave_nothing_is_sent_again() -> None:
    async def main() -> None:
        server = Server(503)
        async with served(server.answer) as port, client_of() as client:
            await failed(made(http_tool(f"http://127.0.0.1:{port}/", **IDEMPOTENT), client))
            assert len(server.requests) == 1

    case(main)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 501])
def test_what_will_not_change_is_not_sent_again(status: int) -> None:
    async def main() -> None:
        server = Server(status)
        async with served(server.answer) as port, client_of() as client:
            await failed(made(http_tool(f"http://127.0.0.1:{port}/", retries=3), client))
            assert len(server.requests) == 1

    case(main)


def test_an_answer_that_cannot_be_used_is_not_asked_for_again() -> None:
    async def main() -> None:
        async with raw_served(b"nonsense\r\n\r\n") as port, client_of() as client:
            await failed(made(http_tool(f"http://127.0.0.1:{port}/", retries=3), client))
            assert client.counters == {"requests": 1, "malformed": 1}

    case(main)


def test_a_server_that_asks_for_time_gets_it() -> None:
    async def main() -> None:
        server = Server(429, 200, headers={"Retry-After": "2"})
        async with served(server.answer) as port, client_of() as client:
            await asked(made(http_tool(f"http://127.0.0.1:{port}/", retries=1), client))
            (first, _), (second, _) = server.requests
            assert second - first == pytest.approx(2.0, abs=0.1)

    case(main)


@pytest.mark.parametrize("asked_for", ["60", "Fri, 27 Nov 2026 19:00:00 GMT", "9" * 400])
def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for(asked_for: str) -> None:
    async def main() -> None:
        server = Server(429, headers={"Retry-After": asked_for})
        async with served(server.answer) as port, client_of() as client:
            began = now()
            error = await failed(made(http_tool(f"http://127.0.0.1:{port}/", retries=3), client))
            assert error.retryable
            assert now() - began < 0.1
            assert len(server.requests) == 1

    case(main)


def test_attempts_end_with_the_time_for_all_of_them() -> None:
    async def main() -> None:
        server = Server(503)
        async with served(server.answer) as port, client_of() as client:
            tool = http_tool(f"http://127.0.0.1:{port}/", retries=3, timeout=0.8)
            began = now()
            await failed(made(tool, client))
            assert now() - began < 0.8
            assert len(server.requests) == 2

    case(main)


def test_a_server_that_cannot_be_reached_is_tried_again() -> None:
    async def main() -> None:
        names = Names(shop_example=[["127.0.0.2"], ["127.0.0.1"]])
        async with (
            served(Server(200, text="fine").answer) as port,
            client_of(look_up=names) as client,
        ):
            tool = http_tool(f"http://shop.example:{port}/", retries=1)
            assert await asked(made(tool, client)) == "fine"

    case(main)
