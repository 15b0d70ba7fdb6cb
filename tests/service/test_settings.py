"""The settings of the service: a file, the environment over it, the command line over both."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import Settings, check_for_service, load_settings

PLAIN = "calls: 200\n"
SECRETS = {"GEMINI_API_KEY": "AIza-secret", "TWILIO_AUTH_TOKEN": "old-secret, new-secret,"}


def load(
    folder: Path,
    text: str = PLAIN,
    environment: Mapping[str, str] | None = None,
    **options: str | bool,
) -> Settings:
    file = folder / "service.yaml"
    file.write_text(text)
    return load_settings(file, environment or {}, **options)  # type: ignore[arg-type]


def problems_of(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def missing(settings: Settings) -> list[str]:
    """The first word of what the service cannot do without."""
    try:
        check_for_service(settings)
    except ConfigError as error:
        return [problem.split(" ")[0] for problem in error.problems]
    return []


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


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    for path, text in ((tmp_path / "no.yaml", "no such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=text):
            load_settings(path, {})


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


def test_every_mistake_of_the_file_has_its_place(tmp_path: Path) -> None:
    text = "tenant: config\ncalls: 0\ngemini: {surface: moon}\nlog: {level: loud}\n"
    problems = problems_of(tmp_path, text)
    assert [problem.split(" ")[0] for problem in problems] == [
        "service.yaml:1:1:",
        "service.yaml:2:8:",
        "service.yaml:3:19:",
        "service.yaml:4:14:",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "voice.example.com",
        "ftp://h",
        "https://h/path",
        "https://h?a=b",
        "https://",
        "https://u:p@h",
        "https://h:x",
        "https://h#f",
        "http://voice.example.com",
    ],
)
def test_a_public_url_must_be_an_origin_the_carrier_can_reach(url: str, tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, f"public_url: {url}")
    assert problem.startswith("service.yaml:1:13: public_url: ")
    [problem] = problems_of(tmp_path, PLAIN, {"SEAMLINE_PUBLIC_URL": url})
    assert problem.startswith("public URL: ")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Voice.Example.com", "https://voice.example.com"),
        ("https://voice.example.com:8443/", "https://voice.example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_written_in_one_way(url: str, origin: str, tmp_path: Path) -> None:
    assert load(tmp_path, PLAIN, {"SEAMLINE_PUBLIC_URL": url}).public_url == origin


def test_what_is_missing_is_said_at_once_and_with_its_remedy(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert missing(settings) == ["GEMINI_API_KEY", "TWILIO_AUTH_TOKEN", "the"]
    assert missing(load(tmp_path, PLAIN, SECRETS)) == ["the"]
    public = "public_url: https://voice.example.com\n"
    assert missing(load(tmp_path, public, SECRETS)) == []
    assert missing(load(tmp_path, insecure_local=True)) == ["GEMINI_API_KEY"]
    assert missing(load(tmp_path, insecure_local=True, gemini_url="ws://127.0.0.1:1")) == []


def test_vertex_needs_a_project(tmp_path: Path) -> None:
    text = "public_url: https://h.example\ngemini: {surface: vertex"
    assert missing(load(tmp_path, f"{text}}}", SECRETS)) == ["gemini.project"]
    assert missing(load(tmp_path, f"{text}, project: p}}", SECRETS)) == []


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("ws://127.0.0.1:9000", True),
        ("ws://localhost:9000", True),
        ("http://[::1]:9000", True),
        ("wss://gemini.example", True),
        ("ws://gemini.example", False),
        ("http://10.0.0.1:9000", False),
    ],
)
def test_a_key_never_travels_in_clear(url: str, safe: bool, tmp_path: Path) -> None:
    settings = load(tmp_path, PLAIN, SECRETS, insecure_local=True, gemini_url=url)
    assert missing(settings) == ([] if safe else ["--gemini-url"])
    without_key = load(tmp_path, PLAIN, insecure_local=True, gemini_url=url)
    assert missing(without_key) == []


def test_an_operator_says_how_sessions_move(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("gemini: {connection_age: 9m, predial: no, overlap: yes}\n")
    moves = load_settings(file, {}, insecure_local=True).gemini.moves
    assert (moves.age_s, moves.predial, moves.overlap) == (540.0, False, True)
    assert load_settings(None, {}, insecure_local=True).gemini.moves.age_s is None
