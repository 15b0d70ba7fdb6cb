"""What the service does not start without."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import Settings
from agent.service.start_needs import check_for_service
from tests.service.configured import PLAIN, SECRETS, load


def missing(settings: Settings) -> list[str]:
    """The first word of what the service cannot do without."""
    try:
        check_for_service(settings)
    except ConfigError as error:
        return [problem.split(" ")[0] for problem in error.problems]
    return []


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
