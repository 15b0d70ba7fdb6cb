"""Signing in and out."""

from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from agent.service.auth import SESSION_COOKIE
from agent.service.console_session import MOST_WRONG, WRONG_WITHIN_S, Attempts
from tests.service.console_house import SIGNED_IN, TOKEN, Desk, at_the_desk

pytestmark = pytest.mark.socket

CLOSED: dict[str, Any] = {"insecure_local": False, "api_token": TOKEN}
PATH = "/console/session"


async def sign_in(desk: Desk, token: str = TOKEN, **headers: str) -> tuple[int, SimpleCookie]:
    response = await desk.ask("POST", PATH, json={"token": token}, headers=headers)
    return response.status, response.cookies


def test_the_token_becomes_a_cookie_that_opens_the_api(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, cookies = await sign_in(desk)
        assert status == 200
        cookie = cookies[SESSION_COOKIE]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Strict")
        assert TOKEN not in cookie.value
        headers = {"Cookie": f"{SESSION_COOKIE}={cookie.value}"}
        assert (await desk.ask("GET", "/api/tenants")).status == 401
        assert (await desk.ask("GET", "/api/tenants", headers=headers)).status == 200
        told = await (await desk.ask("GET", PATH, headers=headers)).json()
        assert told == {"signed_in": True, "needed": True}

    at_the_desk(tmp_path, test, **CLOSED)


def test_on_loopback_without_a_token_nobody_has_to_sign_in(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        told = await (await desk.ask("GET", PATH)).json()
        assert told == {"signed_in": True, "needed": False}
        status, cookies = await sign_in(desk, "anything")
        assert (status, len(cookies)) == (200, 0)

    at_the_desk(tmp_path, test)


@pytest.mark.parametrize(
    ("settings", "secure"),
    [
        ({}, False),
        ({"insecure_local": False, "public_url": "http://127.0.0.1:8000"}, False),
        ({"insecure_local": False, "public_url": "https://voice.example.com"}, True),
        ({"insecure_local": False}, True),
    ],
)
def test_the_cookie_travels_by_https_only_except_on_this_machine(
    settings: dict[str, Any], secure: bool, tmp_path: Path
) -> None:
    async def test(desk: Desk) -> None:
        _, cookies = await sign_in(desk)
        assert bool(cookies[SESSION_COOKIE]["secure"]) is secure

    at_the_desk(tmp_path, test, api_token=TOKEN, **settings)


@pytest.mark.parametrize(
    "token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "é" * 20, "\0", "x" * 9000]
)
def test_what_is_not_the_token_opens_nothing(token: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, cookies = await sign_in(desk, token)
        assert (status, len(cookies)) == (403, 0)
        told = await (await desk.ask("GET", PATH)).json()
        assert told == {"signed_in": False, "needed": True}

    at_the_desk(tmp_path, test, **CLOSED)


def test_a_session_is_not_renewed_without_the_token(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await sign_in(desk, "wrong", **SIGNED_IN))[0] == 403

    at_the_desk(tmp_path, test, **CLOSED)


def test_a_page_of_another_site_cannot_sign_in(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for origin in ("https://elsewhere.example", "null", desk.origin + "0"):
            assert (await sign_in(desk, Origin=origin))[0] == 403
        assert (await sign_in(desk, Origin=desk.origin))[0] == 200

    at_the_desk(tmp_path, test, **CLOSED)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"token": "x"}', "text/plain", 415),
        (b"token=x", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"token": 5}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b" " * 20_000, "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(
    body: bytes, kind: str, status: int, tmp_path: Path
) -> None:
    async def test(desk: Desk) -> None:
        response = await desk.ask("POST", PATH, data=body, headers={"Content-Type": kind})
        assert response.status == status

    at_the_desk(tmp_path, test, **CLOSED)


def test_after_many_wrong_tokens_none_is_looked_at_for_a_while(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for _ in range(MOST_WRONG):
            assert (await sign_in(desk, "wrong"))[0] == 403
        assert (await sign_in(desk))[0] == 429
        assert (await desk.ask("GET", "/api/tenants", headers=SIGNED_IN)).status == 200

    at_the_desk(tmp_path, test, **CLOSED)


def test_wrong_tokens_are_forgotten_in_time() -> None:
    attempts = Attempts()
    for k in range(MOST_WRONG):
        assert attempts.wait_s(float(k)) == 0
        attempts.wrong(float(k))
    assert attempts.wait_s(10.0) == WRONG_WITHIN_S - 10.0
    assert attempts.wait_s(WRONG_WITHIN_S) == 0


def test_who_signs_out_has_no_cookie_any_more(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask("DELETE", PATH)).status == 401
        response = await desk.ask("DELETE", PATH, headers=SIGNED_IN)
        assert response.status == 200
        assert response.cookies[SESSION_COOKIE].value == ""

    at_the_desk(tmp_path, test, **CLOSED)
