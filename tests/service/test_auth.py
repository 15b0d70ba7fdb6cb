"""Who may use the API and the console."""

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from agent.errors import ConfigError
from agent.service.auth import (
    SESSION_COOKIE,
    SESSION_S,
    close_session,
    open_session,
    require_token,
    settings_key,
)
from agent.service.settings import load_settings
from tests.service.house import settings_in

TOKEN = "a-token-of-some-length"
NOW = 1_800_000_000.0


def asked(
    folder: Path,
    headers: dict[str, str],
    *,
    token: str | None = TOKEN,
    local: bool = False,
    now: float = NOW,
) -> None:
    settings = replace(
        settings_in(folder, gemini_url="ws://127.0.0.1:1"), api_token=token, insecure_local=local
    )
    app = web.Application()
    app[settings_key] = settings
    headers = {"Host": "voice.example.com", **headers}
    require_token(make_mocked_request("GET", "/api/calls", headers=headers, app=app), now=now)


def session(token: str = TOKEN) -> str:
    response = web.Response()
    open_session(response, token, secure=True, now=NOW)
    cookie = response.cookies[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", True)
    return f"{SESSION_COOKIE}={cookie.value}"


def test_the_token_opens(tmp_path: Path) -> None:
    asked(tmp_path, {"Authorization": f"Bearer {TOKEN}"})
    asked(tmp_path, {"Authorization": f"bearer  {TOKEN} "})


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"],
)
def test_nothing_else_does(value: str, tmp_path: Path) -> None:
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Authorization": value} if value else {})


def test_a_session_opens_until_it_is_too_old(tmp_path: Path) -> None:
    asked(tmp_path, {"Cookie": session()})
    asked(tmp_path, {"Cookie": session()}, now=NOW + SESSION_S - 1)
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Cookie": session()}, now=NOW + SESSION_S)


@pytest.mark.parametrize(
    "cookie",
    ["", ".", "x.y", "1900000000.", "1900000000." + "0" * 64, "²." + "0" * 64, "9" * 5000 + ".0"],
)
def test_a_session_cannot_be_made_up(cookie: str, tmp_path: Path) -> None:
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Cookie": f"{SESSION_COOKIE}={cookie}"})


def test_a_session_cannot_be_prolonged(tmp_path: Path) -> None:
    _, _, mac = session().partition(".")
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Cookie": f"{SESSION_COOKIE}={int(NOW) + 2 * SESSION_S}.{mac}"})


def test_a_new_token_ends_the_sessions(tmp_path: Path) -> None:
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Cookie": session("another-token-than-ours")})


def test_a_page_of_another_site_cannot_use_a_session(tmp_path: Path) -> None:
    asked(tmp_path, {"Cookie": session(), "Origin": "https://voice.example.com"})
    for origin in ("https://evil.example", "null", "https://voice.example.com.evil.example"):
        with pytest.raises(web.HTTPForbidden):
            asked(tmp_path, {"Cookie": session(), "Origin": origin})


def test_without_a_token_nobody_may(tmp_path: Path) -> None:
    with pytest.raises(web.HTTPNotFound):
        asked(tmp_path, {"Authorization": "Bearer "}, token=None)
    with pytest.raises(web.HTTPNotFound):
        asked(tmp_path, {"Cookie": session()}, token=None)


def test_on_the_desk_all_may_but_pages_of_other_sites(tmp_path: Path) -> None:
    asked(tmp_path, {"Host": "127.0.0.1:8080"}, token=None, local=True)
    asked(tmp_path, {"Host": "localhost", "Origin": "http://localhost"}, token=None, local=True)
    with pytest.raises(web.HTTPForbidden):
        asked(tmp_path, {"Host": "localhost", "Origin": "http://evil"}, token=None, local=True)
    with pytest.raises(web.HTTPForbidden):  # a name of theirs that leads to this machine
        asked(tmp_path, {"Host": "evil.example"}, token=None, local=True)


def test_a_token_counts_on_the_desk_too(tmp_path: Path) -> None:
    with pytest.raises(web.HTTPUnauthorized):
        asked(tmp_path, {"Host": "localhost"}, local=True)


def test_a_session_is_taken_away() -> None:
    response = web.Response()
    close_session(response)
    assert response.cookies[SESSION_COOKIE]["max-age"] == "0"


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigError, match="can be guessed"):
        load_settings(None, {"SEAMLINE_API_TOKEN": "hunter2"})
    assert load_settings(None, {"SEAMLINE_API_TOKEN": " "}).api_token is None
    assert load_settings(None, {"SEAMLINE_API_TOKEN": TOKEN}).api_token == TOKEN
