"""`seamline doctor`: what it finds, and that it neither hangs nor tells a secret."""

import asyncio
import json
import sqlite3
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from aiohttp import web

from agent.cli import doctor_machine, doctor_reach
from agent.cli.doctor import examined
from agent.cli.finding import Finding, in_daemon, looked_at
from agent.errors import ConfigError
from agent.service.app import read_tenants
from agent.service.settings import Settings
from tests.cli.command import Command
from tests.service.house import settings_in
from tests.service.model_side import ModelSide, fake_model, polite
from tests.support.patient_loop import run_on_loopback
from tests.support.tls import contexts

pytestmark = pytest.mark.socket

SECRETS = {
    "GEMINI_API_KEY": "AIza-secret-value",
    "TWILIO_AUTH_TOKEN": "another-secret-value",
    "SEAMLINE_API_TOKEN": "a-third-secret-value",
    "SEAMLINE_PUBLIC_URL": "https://voice.example.com",
}
FILE = "tenant: bella\nnumbers: [+15550100100]\nagent: {instructions: Be kind.}\n"


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*SECRETS, "SEAMLINE_GEMINI_URL", "SEAMLINE_STORE", "SEAMLINE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor_machine, "LAG_LOOKS", 3)


def a_service(folder: Path, lines: str = "", tenant: str = FILE) -> Path:
    (folder / "tenants").mkdir()
    (folder / "functions").mkdir()
    (folder / "tenants" / "bella.yaml").write_text(tenant)
    (folder / "service.yaml").write_text(f"data: data\n{lines}")
    return folder / "service.yaml"


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


# One check.


def test_a_check_that_hangs_has_failed() -> None:
    async def hangs() -> Finding:
        await asyncio.sleep(60)
        raise AssertionError

    found = run_on_loopback(looked_at("x", hangs, 10.0))
    assert (found.name, found.state, found.text) == ("x", "failed", "no end within 10 s")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("a: wrong", "b: wrong"), "a: wrong\nb: wrong"),
        (ZeroDivisionError("secret"), "ZeroDivisionError: the check itself went wrong"),
    ],
)
def test_a_check_that_raises_has_failed(error: Exception, text: str) -> None:
    async def fails() -> Finding:
        raise error

    found = run_on_loopback(looked_at("x", fails))
    assert (found.state, found.text) == ("failed", text)


def test_what_may_hang_is_done_aside_and_not_waited_for() -> None:
    never = threading.Event()

    async def main() -> None:
        assert await in_daemon(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await in_daemon(lambda: 1 // 0)
        waits = asyncio.ensure_future(in_daemon(never.wait))
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits

    run_on_loopback(main())
    never.set()  # its result comes after all, and is nobody's


def test_a_thread_that_outlives_the_loop_harms_nobody() -> None:
    never = threading.Event()

    async def leaves() -> None:
        task = asyncio.ensure_future(in_daemon(never.wait))
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(leaves())
    never.set()


# The machine.


def test_the_machine_this_runs_on_is_well() -> None:
    async def main() -> None:
        assert (await doctor_machine.python()).state == "ok"
        assert (await doctor_machine.clock()).state == "ok"
        found = await doctor_machine.packages()
        assert found.state == "ok"
        assert "aiohttp 3." in found.text
        lag = await doctor_machine.loop_lag()
        assert "of 3 looks" in lag.text

    run_on_loopback(main())


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "numpy":
            raise PackageNotFoundError
        return "1.0"

    def nothing(name: str) -> None:
        if "." in name:
            raise ModuleNotFoundError
        return None

    monkeypatch.setattr("importlib.metadata.version", version)
    monkeypatch.setattr(doctor_machine, "find_spec", nothing)

    async def main() -> None:
        found = await doctor_machine.packages()
        assert found.state == "failed"
        assert found.text.startswith("missing: numpy; ")
        assert found.text.endswith("extras: none")
        assert (await doctor_machine.uvloop()).state == "warning"
        assert "seamline[sim]" in (await doctor_machine.stand_ins()).text

    run_on_loopback(main())


def test_a_machine_that_is_late_and_one_with_a_wrong_clock_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor_machine, "LAG_WARNING_S", -1.0)
    monkeypatch.setattr(doctor_machine, "BUILT", 9999)

    async def main() -> None:
        assert (await doctor_machine.loop_lag()).state == "warning"
        assert (await doctor_machine.clock()).state == "failed"

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("lines", "state", "text"),
    [
        ("", "warning", "9 are examples: set your own"),
        ("prices: own.yaml\n", "ok", "2 rows, the oldest of 2026-01-02"),
        ("prices: other.yaml\n", "warning", "none for gemini-3.8-live"),
        ("prices: none.yaml\n", "failed", "No such file"),
    ],
)
def test_prices_are_looked_at(tmp_path: Path, lines: str, state: str, text: str) -> None:
    row = (
        "models: [{{model: {}, surface: developer, date: 2026-01-02, source: x, "
        "input: {{text: 1}}, output: {{text: 1}}}}]\n"
    )
    carrier = (
        "carrier: [{direction: inbound, number: default, date: 2026-01-03, source: x, "
        "per_minute: 1}]\n"
    )
    config = a_service(tmp_path, lines)
    (tmp_path / "own.yaml").write_text(row.format("gemini-3.8-live") + carrier)
    (tmp_path / "other.yaml").write_text(row.format("m") + carrier)
    found = named(asyncio.run(examined(config, offline=True)))["prices"]
    assert found.state == state
    assert text in found.text


# All together.


def test_all_is_well_and_no_secret_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config = a_service(tmp_path)
    done = Command(monkeypatch, capsys)("doctor", "--offline", "--json", "--config", str(config))
    assert done.code == 0
    said = json.loads("\n".join(done.out))
    states = {one["name"]: one["state"] for one in said["findings"]}
    assert states["tenants"] == states["keys"] == states["service"] == "ok"
    assert not {"store", "model", "public URL"} & states.keys()
    assert len(said["resamplers"]) == 4
    assert all(row["rejection_db"] >= 80 for row in said["resamplers"])
    assert "secret-value" not in "\n".join(done.out + done.err)


def test_without_a_token_nobody_may_look_in_which_is_only_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        if name != "SEAMLINE_API_TOKEN":
            monkeypatch.setenv(name, value)
    found = named(asyncio.run(examined(a_service(tmp_path), offline=True)))
    assert found["keys"].state == "warning"
    assert "SEAMLINE_API_TOKEN is not set: no console" in found["keys"].text


def test_a_settings_file_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    config = a_service(tmp_path, "calls: many\n")
    found = named(asyncio.run(examined(config, offline=False)))
    assert found["settings"].state == "failed"
    assert "2:8: calls" in found["settings"].text
    assert found["clock"].state == "ok"
    assert "tenants" not in found


def test_tenants_with_mistakes_are_told_with_all_of_them(tmp_path: Path) -> None:
    config = a_service(tmp_path, tenant=FILE + "what: is this\n")
    found = named(asyncio.run(examined(config, offline=False)))
    assert found["tenants"].state == "failed"
    assert "unknown key" in found["tenants"].text
    assert "model" not in found
    assert "prices" not in found


def test_everything_is_reached_when_nobody_says_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with fake_model(polite) as model:
            monkeypatch.setenv("SEAMLINE_GEMINI_URL", model.url)
            monkeypatch.setenv("SEAMLINE_PUBLIC_URL", model.url.replace("ws", "http"))
            found = named(await examined(a_service(tmp_path), offline=False))
        assert found["model"].state == "ok"
        assert "ms to set up" in found["model"].text
        assert found["clock"].state == "ok"
        assert found["store"].state == "warning"
        assert found["public URL"].state == "warning"

    asyncio.run(main())  # the tenants are read in a thread that no test's loop knows of


# Elsewhere.


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
