import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.client_reqrep import ConnectionKey

from agent.tools.http_client import (
    CONNECT_S,
    Bounds,
    look_up,
)
from agent.tools.http_guard import networks
from agent.tools.http_url import Origin
from tests.support.patient_loop import run_on_loopback
from tests.support.tls import contexts
from tests.tools.http_desk import (
    BOUNDS,
    INSIDE,
    Names,
    client_of,
    echo,
    outgoing,
    reason,
    served,
)

pytestmark = pytest.mark.socket


def case(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_on_loopback(main())


def test_a_name_is_looked_up_and_the_address_that_was_checked_is_called() -> None:
    async def main() -> None:
        names = Names(shop_example=[["127.0.0.1"], ["10.0.0.1"]])
        async with served(echo) as port, client_of(look_up=names) as client:
            answer = await client.send(outgoing(port, "shop.example"), BOUNDS, None)
            assert f'"host": "shop.example:{port}"'.encode() in answer.content
            assert names.asked == ["shop.example"]

    case(main)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "100.64.0.1"]
)
def test_an_address_of_this_network_is_not_called(host: str) -> None:
    async def main() -> None:
        async with client_of() as client:
            answer = client.send(outgoing(80, host), INSIDE, None)
            assert await reason(answer) == ("forbidden_address", False)

    case(main)


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["169.254.169.254", "fd00:ec2::254"], ["::ffff:127.0.0.1"], [], ["nonsense"]],
)
def test_a_name_that_leads_inside_is_not_called(found: list[str]) -> None:
    async def main() -> None:
        async with client_of(look_up=Names(shop_example=[found])) as client:
            answer = client.send(outgoing(80, "shop.example"), INSIDE, None)
            assert await reason(answer) == ("forbidden_address", False)

    case(main)


def test_a_name_that_changes_its_mind_is_caught_though_a_connection_is_kept() -> None:
    """Rebinding: first an address that may be reached, then one that may not."""

    async def main() -> None:
        names = Names(shop_example=[["127.0.0.1"], ["127.0.0.2"]])
        bounds = Bounds(networks(["127.0.0.1/32"]), 1000)
        async with served(echo) as port, client_of(look_up=names) as client:
            assert (await client.send(outgoing(port, "shop.example"), bounds, None)).status == 200
            answer = client.send(outgoing(port, "shop.example"), bounds, None)
            assert await reason(answer) == ("forbidden_address", False)

    case(main)


def test_what_one_tool_may_reach_another_may_not() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            await client.send(outgoing(port), BOUNDS, None)  # its connection is kept open
            answer = client.send(outgoing(port), INSIDE, None)
            assert await reason(answer) == ("forbidden_address", False)

    case(main)


def test_digits_are_a_name_to_be_looked_up_and_not_a_short_address() -> None:
    async def main() -> None:
        names = Names()
        async with served(echo) as port, client_of(look_up=names) as client:
            answer = client.send(outgoing(port, "2130706433"), BOUNDS, None)
            assert await reason(answer) == ("unknown_host", False)
            assert names.asked == ["2130706433"]

    case(main)


def test_of_several_addresses_the_first_that_answers_is_used() -> None:
    async def main() -> None:
        names = Names(shop_example=[["127.0.0.2", "127.0.0.2", "127.0.0.1"]])
        async with served(echo) as port, client_of(look_up=names) as client:
            answer = await client.send(outgoing(port, "shop.example"), BOUNDS, None)
            assert answer.status == 200

    case(main)


def test_where_nobody_listens_there_is_no_connection() -> None:
    async def main() -> None:
        async with served(echo) as port:
            pass
        async with client_of() as client:
            answer = client.send(outgoing(port), BOUNDS, None)
            assert await reason(answer) == ("no_connection", False)

    case(main)


def test_an_address_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(1000)

    async def main() -> None:
        monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", hang)
        time = asyncio.get_running_loop().time
        began = time()
        async with client_of() as client:
            answer = client.send(outgoing(80), BOUNDS, None)
            assert await reason(answer) == ("no_connection", False)
        assert time() - began < 2 * CONNECT_S

    case(main)


def test_the_connections_look_up_no_name_themselves() -> None:
    async def main() -> None:
        async with client_of() as client:
            resolver = client._open().connector._resolver  # type: ignore[union-attr]
            with pytest.raises(OSError, match="looked up before"):
                await resolver.resolve("shop.example")
            await resolver.close()

    case(main)


def test_the_systems_resolver_finds_this_machine() -> None:
    async def main() -> None:
        assert "127.0.0.1" in await look_up("127.0.0.1", 80)
        assert {"127.0.0.1", "::1"} & {*await look_up("localhost", 80)}

    case(main)


# TLS.


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return contexts(tmp_path)


def test_a_certificate_is_for_the_name_though_the_address_is_called(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, trusting = tls
    names = Names(shop_example=[["127.0.0.1"]])

    async def main() -> None:
        async with served(echo, server) as port, client_of(look_up=names, tls=trusting) as client:
            by_address = replace(outgoing(port), origin=Origin("https", "127.0.0.1", port))
            assert (await client.send(by_address, BOUNDS, None)).status == 200
            # The certificate holds for 127.0.0.1, where the name leads, and not for the name;
            # nor is the connection of before used for it.
            by_name = replace(by_address, origin=Origin("https", "shop.example", port))
            answer = client.send(by_name, BOUNDS, None)
            assert await reason(answer) == ("certificate", False)

    case(main)


def test_a_server_that_nobody_vouches_for_is_not_told_anything(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async def main() -> None:
        async with served(echo, tls[0]) as port, client_of() as client:
            made = replace(outgoing(port), origin=Origin("https", "127.0.0.1", port))
            assert await reason(client.send(made, BOUNDS, None)) == ("certificate", False)

    case(main)


def test_connections_are_kept_apart_by_the_name_they_were_checked_for() -> None:
    """What the pinning of TLS connections relies on in aiohttp."""
    assert "server_hostname" in ConnectionKey._fields
