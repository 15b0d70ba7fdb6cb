"""The `seamline` command as a person types it: help, refusals with exit code 2, findings."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import agent
from agent import __version__
from agent.cli import main
from agent.cli.runtime import loop_factory
from agent.errors import ConfigError
from tests.cli.wav import written
from tests.service.house import captured_log, settings_in

VARIABLES = [
    "GEMINI_API_KEY",
    "TWILIO_AUTH_TOKEN",
    "SEAMLINE_PUBLIC_URL",
    "SEAMLINE_GEMINI_URL",
    "SEAMLINE_DATA",
    "SEAMLINE_VERTEX_TOKEN",
    "SEAMLINE_VERTEX_TOKEN_FILE",
]


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is configured, and the folder is empty; the log is as before when a test is over."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    with captured_log():
        yield


def seamline(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["seamline", *arguments])
    with pytest.raises(SystemExit) as exit:
        main()
    return int(exit.value.code or 0)


class Seamline:
    """Runs the command and keeps what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = seamline(*arguments, monkeypatch=self._monkeypatch)
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        return code

    def refused(self, *arguments: str) -> list[str]:
        """The lines on standard error of a command that ends with exit code 2."""
        assert self(*arguments) == 2
        assert self.out == ""
        return self.err.splitlines()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Seamline:
    return Seamline(monkeypatch, capsys)


def test_help_lists_the_commands(run: Seamline) -> None:
    assert run("--help") == 0
    for command in ("serve", "check", "explain", "schema", "new", "demo", "call", "doctor"):
        assert f" {command} " in run.out
    assert run("serve", "--help") == 0
    for option in ("--config", "--tenants", "--gemini-url", "--public-url", "--insecure-local"):
        assert option in run.out


def test_the_version(run: Seamline) -> None:
    assert run("--version") == 0
    assert run.out == f"seamline {__version__}\n"


def test_a_command_that_is_not_there_is_a_usage_error(run: Seamline) -> None:
    assert run("sing") == 2
    assert run("serve", "--port", "70000") == 2


def test_serving_says_all_that_is_missing(run: Seamline) -> None:
    lines = run.refused("serve")
    assert [line.split()[:2] for line in lines] == [
        ["seamline:", "GEMINI_API_KEY"],
        ["seamline:", "TWILIO_AUTH_TOKEN"],
        ["seamline:", "the"],
    ]


def test_an_open_service_does_not_listen_to_the_world(run: Seamline, tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "203.0.113.7", "voice.example.com", ""):
        [line] = run.refused("serve", "--insecure-local", "--host", host)
        assert line.startswith("seamline: --insecure-local asks for no signatures: ")


def test_wrong_files_are_named_with_their_place(run: Seamline, tmp_path: Path) -> None:
    local = ("serve", "--insecure-local", "--gemini-url", "ws://127.0.0.1:1")
    (tmp_path / "service.yaml").write_text("calls: many\n")
    assert run.refused("serve", "--config", "no.yaml") == [
        "seamline: no.yaml: there is no such file"
    ]
    [line] = run.refused("serve", "--config", "service.yaml")
    assert line.startswith("seamline: service.yaml:1:8: calls: ")
    [line] = run.refused(*local)
    assert line == "seamline: config/tenants: there is no such folder of tenant files"
    (tmp_path / "shop.yaml").write_text("tenant: shop\nnumbers: [one]\nagent: {}\n")
    lines = run.refused(*local, "--tenants", str(tmp_path))
    assert any(":2:11: numbers[0]: " in line for line in lines)


def test_a_public_url_without_encryption_is_refused(run: Seamline) -> None:
    [line] = run.refused("serve", "--public-url", "http://voice.example.com")
    assert "is not encrypted" in line


def with_service(folder: Path, text: str = "") -> tuple[str, ...]:
    """A folder with tenants and a service file; the arguments to serve it."""
    settings = settings_in(folder)
    file = folder / "config" / "service.yaml"
    file.parent.mkdir()
    file.write_text(f"tenants: {folder}\nfunctions: {settings.functions}\n{text}")
    return ("serve", "--insecure-local", "--config", str(file))


def test_a_log_that_cannot_be_written_is_named(run: Seamline, tmp_path: Path) -> None:
    arguments = with_service(tmp_path, "log: {file: no/such/folder.log}")
    [line] = run.refused(*arguments, "--gemini-url", "ws://127.0.0.1:1")
    assert line.startswith(f"seamline: log.file: {tmp_path}/config/no/such/folder.log: No such")


@pytest.mark.socket
def test_a_port_in_use_is_named(run: Seamline, tmp_path: Path) -> None:
    arguments = with_service(tmp_path, "log: {file: calls.log}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        url = ("--gemini-url", "ws://127.0.0.1:1")
        [line] = run.refused(*arguments, "--port", port, *url)
    assert line.startswith(f"seamline: cannot listen on 127.0.0.1:{port}: ")


def test_a_model_url_that_is_none_is_refused(run: Seamline, tmp_path: Path) -> None:
    [line] = run.refused(*with_service(tmp_path), "--gemini-url", "nonsense")
    assert line.startswith("seamline: 'nonsense' is no address like ws://")


def test_a_call_needs_something_to_say_and_somebody_to_call(run: Seamline, tmp_path: Path) -> None:
    assert run.refused("call") == [
        "seamline: say whom to call, as +15550100199, or --local to call the service"
    ]
    [line] = run.refused("call", "--local")
    assert line.startswith("seamline: give the caller something to say: ")
    [line] = run.refused("call", "--local", "--wav", "no.wav")
    assert "no.wav" in line
    (tmp_path / "file").touch()
    path = written(tmp_path / "a.wav", 8000)
    [line] = run.refused("call", "--local", "--wav", str(path), "--out", "file/folder")
    assert line.startswith("seamline: --out file/folder: ")


@pytest.mark.socket
def test_a_call_to_nobody_is_refused(run: Seamline, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    path = written(tmp_path / "a.wav", 8000)
    for url in (f"ws://127.0.0.1:{port}/twilio/media/local", "nonsense"):
        [line] = run.refused("call", "--local", "--wav", str(path), "--media", url)
        assert line.startswith(f"seamline: {url}: ")


def test_doctor_says_what_is_missing_and_prints_the_figures(
    run: Seamline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("doctor", "--offline") == 1
    assert "GEMINI_API_KEY is not set" in run.out
    assert "TWILIO_AUTH_TOKEN is not set" in run.out
    rows = [re.findall(r"([\d.]+) dB", line) for line in run.out.splitlines()]
    figures = [row for row in rows if row]
    assert len(figures) == 4
    for rejection_db, ripple_db in figures:
        assert float(rejection_db) >= 80
        assert float(ripple_db) <= 0.05
    with_service(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-secret-value")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another-secret-value")
    monkeypatch.setenv("SEAMLINE_PUBLIC_URL", "https://voice.example.com")
    assert run("doctor", "--offline") == 0
    assert "2 tenants, 2 numbers" in run.out
    assert "secret-value" not in run.out


def started(command: list[str]) -> subprocess.Popen[str]:
    """A service, without asyncio's remarks about what is slow on a busy machine."""
    root, quick = Path(agent.__file__).parents[1], {**os.environ, "PYTHONASYNCIODEBUG": ""}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root, env=quick)


@pytest.mark.socket
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_serves_until_a_signal(number: int, tmp_path: Path) -> None:
    arguments = with_service(tmp_path, "log: {file: calls.log}")
    command = [sys.executable, "-m", "agent", *arguments, "--port", "0"]
    url = ("--gemini-url", "ws://127.0.0.1:1")
    with started([*command, *url]) as service:
        assert service.stderr is not None
        line = service.stderr.readline()
        origin = line.split(" on ")[1].split()[0]
        assert line.startswith("seamline serves 2 tenants with 2 numbers on http://127.0.0.1:")
        assert line.endswith("  (console at /console/; Ctrl-C ends)\n")
        with urllib.request.urlopen(f"{origin}/readyz", timeout=5) as response:
            assert response.read() == b"ready, 0 calls\n"
        service.send_signal(number)
        assert service.wait(timeout=10) == 0
        assert service.stderr.read() == ""
    log = [json.loads(line) for line in (tmp_path / "config/calls.log").read_text().splitlines()]
    assert [line["event"] for line in log] == ["service.started", "service.stopped"]


@pytest.mark.parametrize(("option", "wanted"), [((), True), (("--no-reload",), False)])
def test_changed_files_are_taken_over_unless_it_is_switched_off(
    run: Seamline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: tuple[str, ...],
    wanted: bool,
) -> None:
    asked: list[bool] = []

    def make_app(*_: object, reload: bool) -> NoReturn:
        asked.append(reload)
        raise ConfigError("enough")

    monkeypatch.setattr("agent.cli.serve.make_app", make_app)
    arguments = with_service(tmp_path, "log: {file: calls.log}")
    run.refused(*arguments, "--gemini-url", "ws://127.0.0.1:1", *option)
    assert asked == [wanted]


@pytest.mark.socket
def test_a_refused_change_is_told_at_the_console_and_the_service_goes_on(tmp_path: Path) -> None:
    arguments = with_service(tmp_path, "log: {file: calls.log}")
    command = [sys.executable, "-m", "agent", *arguments, "--port", "0"]
    url = ("--gemini-url", "ws://127.0.0.1:1")
    with started([*command, *url]) as service:
        assert service.stderr is not None
        service.stderr.readline()
        (tmp_path / "office.yaml").write_text("tenant: office\nagnet: x\n")
        assert service.stderr.readline() == "seamline goes on with the tenants of before:\n"
        assert service.stderr.readline().startswith(f"seamline: {tmp_path}/office.yaml:")
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=10) == 0
    log = [json.loads(line) for line in (tmp_path / "config/calls.log").read_text().splitlines()]
    events = [line["event"] for line in log]
    assert events == ["service.started", "tenants.refused", "service.stopped"]
    assert len(log[1]["problems"]) == 3


def test_a_faster_loop_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = loop_factory()
    assert factory is not None
    loop = factory()
    loop.close()
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None
