from dataclasses import replace
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.tools.function import ArgumentsError
from agent.tools.http_request import MOST_BODY, Outgoing, RequestPlan, plan_request
from agent.tools.http_sign import signature
from tests.tools.http_desk import CONTEXT, SECRET, http_tool, secret

URL = "https://api.example.com/orders/{n}"
PARAMETERS = {"n": "string", "note": {"type": "string", "optional": True}}


def plan(**keys: Any) -> RequestPlan:
    keys = {"query": {"note": "{note}"}, "parameters": PARAMETERS, **keys}
    return plan_request(http_tool(URL, **keys), secret)


def request(note: object = None, **keys: Any) -> Outgoing:
    return plan(**keys).request({"n": "7", "note": note}, CONTEXT)


def test_a_request_says_who_sends_it_and_what() -> None:
    made = request("a b")
    assert (made.method, made.origin.authority) == ("GET", "api.example.com")
    assert made.target == "/orders/7?note=a%20b"
    assert made.headers["User-Agent"].startswith("seamline/")
    assert "Content-Type" not in made.headers
    assert made.body == b""


def test_headers_hold_values_and_secrets() -> None:
    headers = {
        "Authorization": "Bearer ${ENV:KEY}",
        "X-Note": "re {note}",
        "x-caller": "{call.caller}",
    }
    made = request(" a ", headers=headers)
    assert made.headers["Authorization"] == f"Bearer {SECRET}"
    assert made.headers["X-Note"] == "re a"
    assert made.headers["x-caller"] == "+15550100199"
    assert "X-Note" not in request(None, headers=headers).headers


@pytest.mark.parametrize("note", ["a\r\nX: b", "a\nb", "\0"])
def test_a_value_cannot_add_a_header(note: str) -> None:
    with pytest.raises(ArgumentsError, match="line break") as caught:
        request(note, headers={"X-Note": "{note}"})
    assert note not in str(caught.value)


def test_a_secret_cannot_add_a_header() -> None:
    tool = http_tool("https://api.example.com/", headers={"X-Key": "${ENV:KEY}"})
    with pytest.raises(ConfigError) as caught:
        plan_request(tool, lambda text: text.replace("${ENV:KEY}", "sesame\r\nX: y"))
    assert str(caught.value) == "a header holds a line break, once its secret is filled in"


def test_the_tenants_content_type_is_the_one_that_is_sent() -> None:
    made = request(method="POST", body={"n": "{n}"}, headers={"content-type": "application/x+json"})
    assert made.headers["content-type"] == "application/x+json"
    assert "Content-Type" not in made.headers
    assert request(method="POST", body={"n": "{n}"}).headers["Content-Type"] == "application/json"


def test_a_request_made_again_is_known_by_its_key() -> None:
    keys: dict[str, Any] = {"method": "POST", "idempotency_header": "Idempotency-Key"}
    assert request(**keys).headers["Idempotency-Key"] == CONTEXT.idempotency_key
    without = plan(**keys).request({"n": "7", "note": None}, replace(CONTEXT, idempotency_key=""))
    assert "Idempotency-Key" not in without.headers


def test_a_very_long_body_is_refused() -> None:
    with pytest.raises(ArgumentsError, match="too long"):
        request("x" * (MOST_BODY + 1), method="POST", body="{note}", query={})


def test_a_request_can_be_signed() -> None:
    made = request(method="POST", body="{n}")
    signer = plan(sign={"secret": "${ENV:KEY}"}).signer
    assert signer is not None
    expected = signature(SECRET, 12.7, "POST", "api.example.com", "/orders/7", b"7")
    assert signer(made, 12.7) == {"X-Seamline-Signature": expected}
    assert plan().signer is None


def test_a_redirect_keeps_the_request_or_makes_it_a_get() -> None:
    made = request(method="POST", body="{n}")
    assert made.moved_to("/x", "POST") == replace(made, target="/x")
    assert made.moved_to("/x", "GET") == replace(made, target="/x", method="GET", body=b"")


def test_secrets_are_known_to_be_hidden_and_shown_nowhere() -> None:
    made = plan(
        headers={"X-Key": "${ENV:KEY}", "X-Short": "${ENV:SHORT}"}, sign={"secret": "${ENV:KEY}"}
    )
    assert set(made.secrets) == {SECRET.encode(), b"${ENV:SHORT}"}
    short = plan_request(
        http_tool(URL, parameters={"n": "string"}, headers={"X": "${ENV:A}"}),
        lambda text: text.replace("${ENV:A}", "abc"),
    )
    assert short.secrets == ()
    for value in (made, made.signer, made.request({"n": "7", "note": None}, CONTEXT)):
        assert SECRET not in repr(value)
