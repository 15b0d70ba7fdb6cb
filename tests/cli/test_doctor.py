"""`seamline doctor` as a whole: what it finds, and that it tells no secret."""

import asyncio
import json
from pathlib import Path

import pytest

from agent.cli.doctor import examined
from tests.cli.command import Command
from tests.cli.doctored import FILE, SECRETS, a_service, named
from tests.service.model_side import fake_model, polite

pytestmark = [pytest.mark.socket, pytest.mark.usefixtures("quiet_environment")]


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


def test_what_was_found_is_printed_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = a_service(tmp_path, tenant=FILE + '"[/red]": 1\n')
    done = Command(monkeypatch, capsys)("doctor", "--offline", "--config", str(config))
    assert done.code == 1
    assert any("[/red]" in line for line in done.out)


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
