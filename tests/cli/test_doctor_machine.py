"""What `seamline doctor` says of the machine that it runs on, and of prices."""

import asyncio
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from agent.cli import doctor_machine
from agent.cli.doctor import examined
from tests.cli.doctored import a_service, named
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.usefixtures("quiet_environment")


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
