from typing import Any

import pytest
from pydantic import ValidationError

from agent.tenants.http_tool import HttpParameter, HttpTool
from agent.tenants.strict import Misfit


def tool(**changes: Any) -> HttpTool:
    given = {"name": "order_status", "description": "d", "url": "https://api.example.com/"}
    return HttpTool.model_validate({**given, **changes})


def problems(**changes: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        tool(**changes)
    found = []
    for error in caught.value.errors():
        raised = error.get("ctx", {}).get("error")
        if isinstance(raised, Misfit):
            for path, message in raised.problems:
                found.append(f"{'.'.join(map(str, (*error['loc'], *path)))}: {message}")
        else:
            place = ".".join(map(str, error["loc"]))
            found.append(f"{place}: {error['msg'].removeprefix('Value error, ')}")
    return found


def test_three_keys_make_a_tool() -> None:
    made = tool()
    assert (made.method, made.timeout, made.retries) == ("GET", 4.0, 0)
    assert (made.most_bytes, made.allow, made.result) == (64 * 1024, (), None)


def test_every_key_is_read() -> None:
    made = tool(
        method="POST",
        url="http://10.1.2.3/orders/{order_id}",
        headers={"Authorization": "Bearer ${ENV:KEY}", "X-Day": "{day}"},
        query={"n": "{n}"},
        body={"lines": [{"name": "{name}"}]},
        parameters={
            "order_id": "string",
            "day": {"type": "date", "description": "which day", "optional": "yes"},
            "n": {"type": "integer", "default": "3"},
            "name": {"enum": ["a", "b"], "default": "a"},
        },
        result={"status": "/order/status"},
        timeout="2s",
        retries="3",
        sign={"secret": "${ENV:SIGN}", "header": "X-Sign"},
        idempotency_header="Idempotency-Key",
        most_bytes="1MiB",
        allow=["10.1.0.0/16"],
    )
    assert made.parameters["n"].default == 3
    assert made.parameters["day"].optional is True
    assert made.body == {"lines": [{"name": "{name}"}]}
    assert made.result == {"status": "/order/status"}
    assert made.sign is not None
    assert (made.sign.header, made.most_bytes, made.retries) == ("X-Sign", 1024 * 1024, 3)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "1e3", "1e3"),
        ("integer", "12", 12),
        ("number", "1e3", 1000.0),
        ("boolean", "No", False),
        ("date", "2026-12-25", "2026-12-25"),
    ],
)
def test_a_default_has_the_type_of_its_parameter(kind: Any, text: str, value: object) -> None:
    assert HttpParameter(type=kind, default=text).default == value
    assert HttpParameter(type=kind, default=value).default == value


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "order-status"}, 'name: "order-status" is not a tool\'s name; use up to 64'),
        ({"url": "http://127.0.0.1/"}, 'url: "127.0.0.1" is a private address'),
        ({"url": "ftp://x"}, "url: should begin with https:// or http://"),
        ({"headers": {"a b": "x"}}, 'headers.a b: "a b" is not a header\'s name'),
        (
            {"headers": {"HOST": "x"}},
            "headers.HOST: the header HOST is set by the service; remove it",
        ),
        ({"headers": {"X": "a\r\nB: c"}}, "headers.X: holds a line break; a header is one line"),
        (
            {"headers": {"Authorization": "Bearer hunter2"}},
            "headers.Authorization: looks like a secret written out; "
            "write ${ENV:NAME} or ${FILE:path}",
        ),
        ({"query": {"api_key": "hunter2"}}, "query.api_key: looks like a secret written out"),
        ({"body": "x"}, "body: a GET has no body; use query, or another method"),
        ({"body": ["x"], "method": "POST"}, "body: should be text or hold keys of its own"),
        (
            {"method": "POST", "retries": "1"},
            "retries: a POST sent twice may act twice; give it an idempotency_header",
        ),
        ({"retries": "4"}, "retries: 4 is not between 0 and 3"),
        ({"url": "https://a.example/{id}"}, "url: {id} is not one of the parameters"),
        (
            {"url": "https://a.example/{oder}{order}", "parameters": {"order": "string"}},
            "url: {oder} is not one of the parameters; did you mean {order}?",
        ),
        (
            {"method": "PUT", "body": {"a": [{"b": "{c}"}]}},
            "body.a.0.b: {c} is not one of the parameters",
        ),
        (
            {"parameters": {"id": "string"}},
            "parameters.id: is not used; put {id} in url, query, headers or body",
        ),
        ({"parameters": {"a-b": "string"}}, 'parameters.a-b: "a-b" is not a parameter\'s name'),
        (
            {"parameters": {"a": {"type": "integer", "enum": ["1"]}}},
            "parameters.a.enum: lists texts, but the type is integer",
        ),
        (
            {"parameters": {"a": {"enum": ["x"], "default": "y"}}},
            'parameters.a.default: "y" is not one of enum',
        ),
        (
            {"parameters": {"a": {"type": "boolean", "default": "maybe"}}},
            'parameters.a.default: "maybe" is not of type boolean',
        ),
        (
            {"parameters": {"a": {"type": "number", "default": "x"}}},
            'parameters.a.default: "x" is not of type number',
        ),
        ({"parameters": {"a": {"default": ["x"]}}}, "parameters.a.default: should be one value"),
        (
            {"result": "order"},
            'result: "order" is not a JSON pointer; write it as /order/status',
        ),
        ({"result": {"a": "/b~2"}}, 'result: "/b~2" is not a JSON pointer'),
        ({"result": ["/a"]}, "result: should be a JSON pointer, or a name and a JSON pointer"),
        ({"result": {"a": ["/b"]}}, "result: should be a JSON pointer, or a name and a JSON"),
        ({"idempotency_header": "Content-Length"}, "idempotency_header: the header Content-Length"),
        (
            {"allow": ["10.0.0.1/8"]},
            'allow.0: "10.0.0.1/8" is not a network; write it as 10.1.0.0/16 or fd00::/8',
        ),
        ({"most_bytes": "1GiB"}, 'most_bytes: "1GiB" is not a size; write 64KiB or 1MiB'),
        (
            {"sign": {"secret": "hunter2"}},
            "sign.secret: a secret does not stand in this file; write ${ENV:NAME} or ${FILE:path}",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_key(changes: dict[str, Any], problem: str) -> None:
    (found,) = problems(**changes)
    assert found.startswith(problem)
    assert "hunter2" not in found


def test_all_that_does_not_fit_is_told_at_once() -> None:
    assert problems(url="http://10.0.0.1/{a}", headers={"Host": "{b}"}, body="x") == [
        'url: "10.0.0.1" is a private address; to call it, list its network in allow',
        "headers.Host: the header Host is set by the service; remove it",
        "body: a GET has no body; use query, or another method",
        "url: {a} is not one of the parameters",
        "headers.Host: {b} is not one of the parameters",
    ]


def test_a_reference_to_a_secret_is_no_argument() -> None:
    made = tool(url="${ENV:BASE}/orders", headers={"A": "${FILE:key}"})
    assert made.url == "${ENV:BASE}/orders"
