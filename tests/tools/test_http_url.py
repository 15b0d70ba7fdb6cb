from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from agent.errors import ConfigError
from agent.tools.function import ArgumentsError
from agent.tools.http_url import MOST_TARGET, Origin, UrlTemplate, read_url

KNOWN = {"${ENV:BASE}": "https://api.example.com/v2", "${ENV:KEY}": "a{b}&c"}


def secrets(text: str) -> str:
    for reference, value in KNOWN.items():
        text = text.replace(reference, value)
    return text


def template(url: str, **query: str) -> UrlTemplate:
    return read_url(url, query, secrets)


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("https://API.example.com", Origin("https", "api.example.com", 443), "api.example.com"),
        ("http://api.example.com:80/", Origin("http", "api.example.com", 80), "api.example.com"),
        ("https://a.example:8443/x", Origin("https", "a.example", 8443), "a.example:8443"),
        ("https://a.example./", Origin("https", "a.example", 443), None),
        ("https://[2606:4700::1111]:8443", Origin("https", "2606:4700::1111", 8443), None),
        ("${ENV:BASE}/orders", Origin("https", "api.example.com", 443), "api.example.com"),
    ],
)
def test_the_host_is_the_tenants(url: str, origin: Origin, authority: str | None) -> None:
    found = template(url).origin
    assert found == origin
    assert authority in {None, found.authority}


def test_an_ipv6_host_has_its_brackets() -> None:
    assert Origin("https", "::1", 443).authority == "[::1]"


@pytest.mark.parametrize(
    ("url", "query", "target"),
    [
        ("https://a.example", {}, "/"),
        ("https://a.example/orders/{n}", {}, "/orders/a%2Fb"),
        ("https://a.example/o-{n}/x", {}, "/o-a%2Fb/x"),
        ("https://a.example/o?n={n}&x=1#top", {}, "/o?n=a%2Fb&x=1"),
        ("https://a.example/o?none={none}&flag", {}, "/o?flag="),
        ("https://a.example/o", {"n": "{n}", "a b": "c&d"}, "/o?n=a%2Fb&a%20b=c%26d"),
        ("https://a.example/o", {"none": "x{none}"}, "/o"),
        ("https://a.example/a b/ü?x=ü", {}, None),
        ("https://a.example/ü%20x", {}, "/%C3%BC%20x"),
        ("https://a.example/o?key=${ENV:KEY}", {}, "/o?key=a%7Bb%7D&c="),
        ("https://a.example/o", {"key": "${ENV:KEY}"}, "/o?key=a%7Bb%7D%26c"),
        ("${ENV:BASE}/{n}", {}, "/v2/a%2Fb"),
    ],
)
def test_values_are_data_wherever_they_stand(
    url: str, query: dict[str, str], target: str | None
) -> None:
    values: dict[str, Any] = {"n": "a/b", "none": None}
    if target is None:
        with pytest.raises(ConfigError):
            template(url, **query)
    else:
        assert template(url, **query).target(values) == target


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../x",
        "a/../b",
        "..\\x",
        "%2e%2e",
        "%252e%252e/x",
        "a\r\nb",
        "\0",
        "%0d%0aX: y",
    ],
)
def test_a_value_that_would_climb_is_refused(value: str) -> None:
    with pytest.raises(ArgumentsError, match="n cannot be used") as caught:
        template("https://a.example/orders/{n}/lines").target({"n": value})
    assert value not in str(caught.value) or not value.strip(".")


def test_dots_put_together_are_refused() -> None:
    with pytest.raises(ArgumentsError):
        template("https://a.example/{n}./x").target({"n": "."})
    assert template("https://a.example/v{n}").target({"n": "1..2"}) == "/v1..2"


def test_a_path_cannot_do_without_its_value() -> None:
    with pytest.raises(ArgumentsError, match=r"call\.caller is not known"):
        template("https://a.example/{call.caller}").target({"call.caller": None})


def test_a_very_long_value_is_refused() -> None:
    with pytest.raises(ArgumentsError, match="too long"):
        template("https://a.example/o?n={n}").target({"n": "x" * MOST_TARGET})


@given(st.text())
def test_no_value_changes_host_or_path_structure(value: str) -> None:
    made = template("https://a.example/orders/{n}/lines?x={n}&y=1")
    try:
        target = made.target({"n": value})
    except ArgumentsError:
        return
    for url in (f"https://a.example{target}", str(URL(f"https://a.example{target}"))):
        parts = urlsplit(url)
        assert parts.netloc == "a.example"
        assert len(parts.path.split("/")) == 4
        assert parts.path.startswith("/orders/")
        assert parts.path.endswith("/lines")
        assert parts.query.count("&") == 1
        assert not parts.fragment
        assert unquote(parts.path.split("/")[2]) == value


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https://{host}/",
        "https://user:word@a.example/",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://bücher.example/",
        "https://a.example/../x",
        "https://a.example/./x",
    ],
)
def test_a_url_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        template(url)


def test_a_private_host_may_be_allowed() -> None:
    assert read_url("http://10.1.0.1/x", {}, secrets, ("10.1.0.0/16",)).origin.host == "10.1.0.1"


def test_a_secret_that_spoils_the_url_is_not_told() -> None:
    with pytest.raises(ConfigError) as caught:
        read_url("${ENV:BASE}/x", {}, lambda text: text.replace("${ENV:BASE}", "ftp://sesame"))
    assert str(caught.value) == "${ENV:BASE}/x cannot be called, once its secret is filled in"
