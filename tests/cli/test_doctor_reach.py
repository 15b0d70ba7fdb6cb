"""What `seamline doctor` says of what is elsewhere: the store, the model, the public URL."""

import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from agent.cli import doctor_reach
from agent.service.app import read_tenants
from agent.service.settings import Settings
from tests.service.house import settings_in
from tests.service.model_side import ModelSide, fake_model, polite
from tests.support.patient_loop import run_on_loopback
from tests.support.tls import contexts

pytestmark = pytest.mark.socket


def test_a_store_is_known_by_the_version_of_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite3"
    settings = replace(settings_in(tmp_path), store=f"sqlite:///{path}")

    async def main() -> None:
        from agent.store.store import Store

        found = await doctor_reach.store(replace(settings, store=None))
        assert found.state == "skipped"
        found = await doctor_reach.store(settings)
        assert (found.state, "is not there yet" in found.text) == ("warning", True)
        assert not path.exists()
        path.touch()
        found = await doctor_reach.store(settings)
        assert (found.state, "has no tables yet" in found.text) == ("warning", True)
        store = Store(str(settings.store))
        await store.open()
        await store.close()
        assert (await doctor_reach.store(settings)).state == "ok"
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.close()
        assert "has version 0000" in (await doctor_reach.store(settings)).text
        broken = replace(settings, store=f"sqlite:///{tmp_path}")
        assert (await doctor_reach.store(broken)).state == "failed"

    run_on_loopback(main())


async def refuses(side: ModelSide) -> None:
    await side.until(lambda message: "setup" in message)
    await side.ws.close(code=1007, message=b"no such voice")


async def hangs_up(side: ModelSide) -> None:
    transport = side.transport()
    await side.until(lambda message: "setup" in message)
    transport.abort()


@pytest.mark.parametrize("behaviour", [refuses, hangs_up])
def test_a_setup_that_is_refused_is_told(
    tmp_path: Path, behaviour: Callable[[ModelSide], Awaitable[None]]
) -> None:
    async def main() -> None:
        async with fake_model(behaviour) as model:
            settings = settings_in(tmp_path, gemini_url=model.url)
            found = await doctor_reach.model(settings, read_tenants(settings))
        assert found.state == "failed"
        assert "gemini-3.8-live: the setup was refused" in found.text

    run_on_loopback(main())


def test_a_service_that_answers_nonsense_is_told(tmp_path: Path) -> None:
    async def nonsense(side: ModelSide) -> None:
        await side.until(lambda message: "setup" in message)
        for _ in range(20):
            await side.ws.send_bytes(b"{")
        await side.until_closed()

    async def main() -> None:
        async with fake_model(nonsense) as model:
            settings = settings_in(tmp_path, gemini_url=model.url)
            found = await doctor_reach.model(settings, read_tenants(settings))
        assert found.state == "failed"

    run_on_loopback(main())


def test_a_service_that_is_not_there_or_says_no_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path)
        found = await doctor_reach.model(settings, read_tenants(settings))
        assert found.text == "127.0.0.1:1 does not take connections: Connect call failed" or (
            "127.0.0.1:1" in found.text
        )
        assert found.state == "failed"
        async with fake_model(polite, status=401) as model:
            settings = settings_in(tmp_path, gemini_url=model.url)
            found = await doctor_reach.model(settings, read_tenants(settings))
        assert "401" in found.text

    run_on_loopback(main())


@asynccontextmanager
async def front_end(
    folder: Path, status: int = 403, *, date: str | None = None, tls: bool = True
) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """What stands before a service, with a certificate that the returned context trusts."""

    async def answer(request: web.Request) -> web.Response:
        headers = {} if date is None else {"Date": date}
        return web.Response(status=status, headers=headers)

    server, client = contexts(folder)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server if tls else None)
    await site.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}", client
    finally:
        await runner.cleanup()


def with_url(folder: Path, url: str) -> Settings:
    return replace(settings_in(folder), public_url=url)


def test_a_public_url_that_asks_for_a_signature_is_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_reach, "EXPIRES_WARNING_DAYS", 0)

    async def main() -> None:
        async with front_end(tmp_path) as (url, trusted):
            found = await doctor_reach.public_url(with_url(tmp_path, url), trusted)
        assert found.state == "ok"
        assert found.text == (
            "answers 403 as it should to what is not signed, certificate for 0 more days"
        )

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "answers 404, is the path passed on?"),
        (502, "answers 502, does the service run?"),
        (301, "answers 301, which is not the service"),
    ],
)
def test_a_front_end_that_does_not_pass_on_is_told(tmp_path: Path, status: int, text: str) -> None:
    async def main() -> None:
        async with front_end(tmp_path, status, tls=False) as (url, _):
            found = await doctor_reach.public_url(with_url(tmp_path, url))
        assert (found.state, found.text) == ("warning", text)

    run_on_loopback(main())


def test_a_certificate_that_ends_soon_or_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with front_end(tmp_path) as (url, trusted):
            found = await doctor_reach.public_url(with_url(tmp_path, url), trusted)
            assert (found.state, "certificate for 0 more days" in found.text) == ("warning", True)
            found = await doctor_reach.public_url(with_url(tmp_path, url))
            assert found.state == "failed"
            assert "self-signed certificate" in found.text

    run_on_loopback(main())


def test_a_public_url_that_is_not_there_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        assert (await doctor_reach.public_url(settings_in(tmp_path))).state == "skipped"
        found = await doctor_reach.public_url(with_url(tmp_path, "http://127.0.0.1:1"))
        assert found.state == "failed"
        assert found.text.startswith("127.0.0.1 cannot be reached: ")

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("off_s", "state", "text"),
    [(0, "ok", "s off the clock of"), (10, "warning", "s off"), (-100, "failed", "set it, or")],
)
def test_the_clock_is_compared_with_the_model_s(
    tmp_path: Path, off_s: int, state: str, text: str
) -> None:
    async def main() -> None:
        date = formatdate(time.time() + off_s, usegmt=True)
        async with front_end(tmp_path, date=date, tls=False) as (url, _):
            found = await doctor_reach.clock(replace(settings_in(tmp_path), gemini_url=url))
        assert (found.state, text in found.text) == (state, True)

    run_on_loopback(main())


def test_a_service_that_does_not_tell_the_time_is_no_failure(tmp_path: Path) -> None:
    async def main() -> None:
        found = await doctor_reach.clock(settings_in(tmp_path))
        assert found.state == "warning"
        async with front_end(tmp_path, date="some day", tls=False) as (url, _):
            settings = replace(settings_in(tmp_path), gemini_url=url)
            assert (await doctor_reach.clock(settings)).state == "warning"

    run_on_loopback(main())
