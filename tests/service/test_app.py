"""The application: ready or not, where the model's service is, and what keeps it from starting."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest

from agent.errors import ConfigError
from agent.service.app import endpoint_of, make_app, read_tenants, serve
from agent.service.service_file import Gemini
from tests.service.house import House, settings_in
from tests.service.webhook_side import ask, with_house
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_health_and_readiness(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        async def get(path: str) -> tuple[int, str]:
            async with session.get(f"{home.origin}{path}") as response:
                return response.status, await response.text()

        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (200, "ready, 0 calls\n")
        await home.service.drain()
        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (503, "draining\n")
        _, document = await ask(home, session)
        assert isinstance(document, Element)
        assert [child.tag for child in document] == ["Say", "Hangup"]

    with_house(tmp_path, test)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"insecure_local": False}, "TWILIO_AUTH_TOKEN is not set"),
        ({"gemini_url": "nonsense"}, "'nonsense' is no address"),
        ({"gemini_url": None}, "GEMINI_API_KEY is not set"),
    ],
)
def test_what_cannot_work_is_not_made(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, **changes)
    with pytest.raises(ConfigError, match=why):
        make_app(settings, read_tenants(settings))


def test_an_address_that_cannot_be_had_is_a_configuration_error(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    tenants = read_tenants(settings)

    async def main() -> None:
        runner, port = await serve(make_app(settings, tenants), "127.0.0.1", 0)
        for host in ("127.0.0.1", "203.0.113.7", "a..b"):
            with pytest.raises(ConfigError, match=f"cannot listen on {host}:{port}: "):
                await serve(make_app(settings, tenants), host, port)
        await runner.cleanup()

    run_on_loopback(main())


def test_the_models_service_is_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    developer = settings_in(tmp_path, gemini_url=None, gemini_key="k")
    assert str(endpoint_of(developer).url).startswith("wss://generativelanguage.googleapis.com/")
    assert endpoint_of(developer).key == "k"
    monkeypatch.setenv("SEAMLINE_VERTEX_TOKEN", "t")
    gemini = Gemini(surface="vertex", project="p", location="europe-west4")
    vertex = endpoint_of(settings_in(tmp_path, gemini=gemini, gemini_url=None, gemini_key="k"))
    assert vertex.url.host == "europe-west4-aiplatform.googleapis.com"
    assert vertex.key is None
    assert vertex.token is not None
