"""The settings of the service: a file, the environment over it, the command line over both."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import load_settings, store_file
from tests.service.configured import PLAIN, SECRETS, load


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    settings = load(tmp_path, "tenants: who\nlog: {file: calls.log, personal_data: yes}")
    assert settings.tenants == tmp_path / "who"
    assert settings.functions == tmp_path / "functions"
    assert settings.data == tmp_path / "../var"
    assert settings.log.file == str(tmp_path / "calls.log")
    assert settings.log.personal_data is True


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {})
    assert settings.tenants == Path("config/tenants")
    assert settings.log.file is None
    assert settings.calls == 200


def test_phrases_are_spoken_by_the_models_own_service_unless_the_file_says_otherwise(
    tmp_path: Path,
) -> None:
    elsewhere = {**SECRETS, "SEAMLINE_GEMINI_URL": "ws://127.0.0.1:1"}
    assert load(tmp_path, "calls: 3").speak_phrases
    assert not load(tmp_path, "calls: 3", elsewhere).speak_phrases
    assert not load(tmp_path, "speak_phrases: no").speak_phrases
    assert load(tmp_path, "speak_phrases: yes", elsewhere).speak_phrases


def test_the_environment_goes_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    text = "public_url: https://file.example.com\ndata: here"
    environment = {
        **SECRETS,
        "SEAMLINE_PUBLIC_URL": "https://env.example.com/",
        "SEAMLINE_GEMINI_URL": "ws://127.0.0.1:1",
        "SEAMLINE_DATA": "/data",
    }
    assert load(tmp_path, text).public_url == "https://file.example.com"
    settings = load(tmp_path, text, environment)
    assert settings.public_url == "https://env.example.com"
    assert settings.gemini_url == "ws://127.0.0.1:1"
    assert settings.data == Path("/data")
    assert settings.carrier_tokens == ("old-secret", "new-secret")
    given = load(
        tmp_path,
        text,
        environment,
        public_url="https://line.example.com",
        gemini_url="ws://127.0.0.1:2",
    )
    assert given.public_url == "https://line.example.com"
    assert given.gemini_url == "ws://127.0.0.1:2"


def test_secrets_stay_out_of_the_repr(tmp_path: Path) -> None:
    shown = repr(load(tmp_path, PLAIN, SECRETS))
    assert not [value for value in SECRETS.values() if value.split(",")[0] in shown]


def test_a_store_is_a_file_or_a_server() -> None:
    assert store_file("sqlite:////var/lib/calls.sqlite3") == Path("/var/lib/calls.sqlite3")
    assert store_file("postgresql://db/calls") is None


def test_prices_and_traces_are_named_in_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.prices, settings.traces) == (None, None)
    settings = load(tmp_path, "prices: own.yaml\ntraces: http://127.0.0.1:4318/v1/traces\n")
    assert settings.prices == tmp_path / "own.yaml"
    assert settings.traces == "http://127.0.0.1:4318/v1/traces"


def test_keys_for_wires_come_from_the_environment(tmp_path: Path) -> None:
    settings = load_settings(None, {"SEAMLINE_WIRE_KEY": f"{'1f' * 32},{'2e' * 32}"})

    assert len(settings.wire_keys) == 2
    assert "1f1f" not in repr(settings)
    assert load_settings(None, {}).wire_keys == ()
    with pytest.raises(ConfigError, match="SEAMLINE_WIRE_KEY, key 1: not 32 bytes"):
        load_settings(None, {"SEAMLINE_WIRE_KEY": "secret"})
