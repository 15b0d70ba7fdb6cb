"""`service.yaml`: what may stand in it, and how its mistakes are told."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import load_settings
from tests.service.configured import PLAIN, load, problems_of


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    for path, text in ((tmp_path / "no.yaml", "no such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=text):
            load_settings(path, {})


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


def test_an_operator_says_how_sessions_move(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("gemini: {connection_age: 9m, predial: no, overlap: yes}\n")
    moves = load_settings(file, {}, insecure_local=True).gemini.moves
    assert (moves.age_s, moves.predial, moves.overlap) == (540.0, False, True)
    assert load_settings(None, {}, insecure_local=True).gemini.moves.age_s is None


@pytest.mark.parametrize("address", ["mysql://u:secret@h/d", "sqlite:///here.db", "/a/b.db", "yes"])
def test_a_store_that_is_none_is_refused_without_its_password(address: str, tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, f"store: {address}")
    assert "store: this is no store; write sqlite, none, " in problem
    assert "secret" not in problem
    [problem] = problems_of(tmp_path, PLAIN, {"SEAMLINE_STORE": address})
    assert problem.startswith("SEAMLINE_STORE: this is no store; ")
    assert "secret" not in problem


@pytest.mark.parametrize("address", ["127.0.0.1:4318", "grpc://x", "http://", '"http://[::1"'])
def test_traces_go_to_a_web_address(tmp_path: Path, address: str) -> None:
    [problem] = problems_of(tmp_path, f"traces: {address}\n")
    assert problem.startswith("service.yaml:1:9: traces: ")
    assert problem.endswith("is not an address; write http://127.0.0.1:4318/v1/traces")
