"""`seamline call --local`: the whole way of a call, with signatures, between three programs."""

import re
import wave
from pathlib import Path

import pytest

from agent.audio.pcm import to_bytes
from agent.cli.local_call import NOBODY, account_of, call_number, number_of, origin_of
from agent.errors import ConfigError
from agent.sim.scripted import marker
from tests.cli.command import Command
from tests.cli.test_call import program
from tests.support.ports import free_port

NUMBER, CALLER = "+15550100100", "+15550123456"
VARIABLES = ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "SEAMLINE_PUBLIC_URL")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def question(folder: Path) -> Path:
    path = folder / "ask.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(to_bytes(marker(3, 1.0)))
    return path


@pytest.mark.socket
def test_a_service_that_asks_for_signatures_answers_a_call_of_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "the token")
    monkeypatch.setenv("SEAMLINE_PUBLIC_URL", service)
    monkeypatch.setenv("SEAMLINE_DATA", str(tmp_path / "data"))
    with program("emulate", "gemini", "--port", "0", "--scripted") as line:
        url = re.search(r"ws://\S+", line)
        assert url is not None
        with program("serve", "--port", str(port), "--gemini-url", url.group()):
            call_number(service, None, CALLER, [], [question(tmp_path)], tmp_path, seed=1)
            out = capsys.readouterr().out
            with pytest.raises(ConfigError, match="11200: HTTP 403"):
                call_number(
                    *(service, NUMBER, CALLER, [], [question(tmp_path)], tmp_path),
                    seed=2,
                    token="another",
                )
            call_number(
                *(service, NUMBER, CALLER, [], [question(tmp_path)], tmp_path / "bad"),
                seed=3,
                troubles=["silenced=5", "stall=1:0.5"],
            )
            assert re.search(r"ask\.wav.*answered after", capsys.readouterr().out)
    assert re.search(r"ask\.wav.*answered after \d\.\d\d s", out)
    assert re.search(r"gaps inside speech\s+0 ms", out)
    [recording] = tmp_path.glob("CA*.wav")
    with wave.open(str(recording), "rb") as file:
        assert file.getnchannels() == 2


def test_nobody_at_the_services_address_is_a_plain_message(tmp_path: Path) -> None:
    service = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ConfigError, match=rf"{service}: .*11205: no connection"):
        call_number(service, NUMBER, CALLER, [], [question(tmp_path)], tmp_path, seed=1)


def test_a_trouble_that_nobody_knows_is_a_plain_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--trouble 'rain': one of stall=AT:SECONDS"):
        call_number(
            *("http://127.0.0.1:9", NUMBER, CALLER, [], [question(tmp_path)], tmp_path),
            seed=1,
            troubles=["rain"],
        )


@pytest.mark.parametrize("arguments", [["+15550100199"], ["--local", "--media", "ws://x/"]])
def test_troubles_are_for_calls_through_the_exchange(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Command(monkeypatch, capsys)("call", *arguments, "--trouble", "twice")
    assert done.code == 2
    assert done.err == ["seamline: --trouble is for a call of --local, through the exchange"]


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:8080", "ftp://a", "http://", "http://a:b", "http://a/twilio", "http://a?b"],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--service .*: write it as http://"):
        origin_of(text, "--service")


def test_an_origin_loses_the_slash_at_its_end() -> None:
    assert origin_of("http://127.0.0.1:8080/", "--service") == "http://127.0.0.1:8080"


def test_a_tenants_number_is_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert number_of("bella-vista") == NUMBER
    with pytest.raises(ConfigError, match="--tenant nobody: there is none"):
        number_of("nobody")
    tenants = tmp_path / "config" / "tenants"
    tenants.mkdir(parents=True)
    agent = "agent: {greeting: Hello., instructions: Be kind.}"
    (tenants / "any.yaml").write_text(f"tenant: any\nnumbers: [default]\n{agent}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="it has no number of its own; say which"):
        number_of("any")


def test_the_account_is_the_one_that_is_set_or_any() -> None:
    given = account_of({"TWILIO_AUTH_TOKEN": "new, old", "TWILIO_ACCOUNT_SID": "AC1"}, None)
    assert (given.sid, given.token) == ("AC1", "new")
    assert account_of({"TWILIO_AUTH_TOKEN": "new"}, "mine").token == "mine"
    keyed = account_of({"TWILIO_API_KEY": "SK1", "TWILIO_API_SECRET": "s"}, None)
    assert keyed.keys == {"SK1": "s"}
    assert keyed.sid == NOBODY
    assert account_of({}, None).token != account_of({}, None).token
