"""Where access tokens for Vertex come from."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent.errors import ConfigError, DialError
from agent.service.vertex_token import SCOPE, vertex_tokens
from tests.service.test_gemini_dial import run


def test_a_token_in_the_environment_is_given_as_it_is() -> None:
    assert run(vertex_tokens({"SEAMLINE_VERTEX_TOKEN": "ya29.abc"})()) == "ya29.abc"


def test_a_token_file_is_read_for_each_dial(tmp_path: Path) -> None:
    file = tmp_path / "token"
    source = vertex_tokens({"SEAMLINE_VERTEX_TOKEN_FILE": str(file)})
    with pytest.raises(DialError, match="FileNotFoundError") as caught:
        run(source())
    assert not caught.value.retryable
    for token in ("one", "two"):
        file.write_text(f"{token}\n")
        assert run(source()) == token


class Credentials:
    """What `google.auth.default` gives."""

    def __init__(self) -> None:
        self.valid = False
        self.token = ""
        self.refreshes = 0

    def refresh(self, request: object) -> None:
        self.refreshes += 1
        self.token = f"token-{self.refreshes}"
        self.valid = True


class GoogleAuthError(Exception):
    retryable = True


@pytest.fixture
def google_auth(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A google-auth of our own, in the place of the real one, which would ask the network."""
    auth: Any = ModuleType("google.auth")
    auth.credentials = Credentials()
    auth.__spec__ = sys.__spec__
    auth.default = lambda scopes: (auth.credentials, "project") if scopes == [SCOPE] else None
    errors: Any = ModuleType("google.auth.exceptions")
    errors.GoogleAuthError = GoogleAuthError
    requests: Any = ModuleType("google.auth.transport.requests")
    requests.Request = object
    package: Any = ModuleType("google")
    package.__spec__ = sys.__spec__
    for name, module in (
        ("google", package),
        ("google.auth", auth),
        ("google.auth.exceptions", errors),
        ("google.auth.transport", ModuleType("google.auth.transport")),
        ("google.auth.transport.requests", requests),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    return auth


def test_default_credentials_are_refreshed_only_when_they_must_be(google_auth: Any) -> None:
    async def main() -> list[str]:
        source = vertex_tokens({})
        tokens = [await source(), await source()]
        google_auth.credentials.valid = False
        return [*tokens, await source()]

    assert run(main()) == ["token-1", "token-1", "token-2"]


def test_missing_default_credentials_are_a_dial_error(google_auth: Any) -> None:
    def default(scopes: list[str]) -> None:
        raise GoogleAuthError("secret path")

    google_auth.default = default
    with pytest.raises(DialError, match="default credentials: GoogleAuthError") as caught:
        run(vertex_tokens({})())
    assert caught.value.retryable
    assert "secret" not in str(caught.value)


def test_google_auth_without_requests_says_what_to_install(
    google_auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth.transport.requests", None)
    with pytest.raises(DialError, match=r"install google-auth\[requests\]"):
        run(vertex_tokens({})())


def test_without_any_way_to_a_token_the_operator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="SEAMLINE_VERTEX_TOKEN_FILE"):
        vertex_tokens({})
