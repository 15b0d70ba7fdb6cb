import pytest

from agent.tenants.urls import url_problem

PRIVATE = "is a private address; to call it, list its network in allow"
METADATA = "is the address of a cloud's metadata or of this link"
SCHEME = "should begin with https:// or http://"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/orders/{order_id}?a={b}#c",
        "http://api.example.com:8080",
        "HTTPS://API.example.com./x",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "${ENV:BASE}/orders/{order_id}",
    ],
)
def test_a_public_server_may_be_called(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("api.example.com/orders", SCHEME),
        ("ftp://api.example.com/", SCHEME),
        ("file:///etc/passwd", SCHEME),
        ("", SCHEME),
        ("https://{host}/a", "the host is written out; an {argument} stands behind it"),
        ("https://x.example:${ENV:PORT}/", "the host is written out; an {argument} stands behind"),
        ("https://a:b@x.example/", "holds a user or password; use headers, with ${ENV:NAME}"),
        ("https://x.example:99999/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
        ("https:///path", '"" is not a host\'s name'),
        ("https://x.example/a b", "holds a space or a backslash"),
        ("https://x.example/a\\b", "holds a space or a backslash"),
        ("https://x.example/a\ab", "holds a character that nobody sees"),
        ("https://x_.-y/", '"x_.-y" is not a host\'s name'),
        ("http://127.0.0.1/", f'"127.0.0.1" {PRIVATE}'),
        ("http://10.1.2.3/", f'"10.1.2.3" {PRIVATE}'),
        ("http://100.64.0.1/", f'"100.64.0.1" {PRIVATE}'),
        ("http://0.0.0.0/", f'"0.0.0.0" {PRIVATE}'),
        ("http://224.0.0.251/", f'"224.0.0.251" {PRIVATE}'),
        ("http://[::1]:80/", f'"::1" {PRIVATE}'),
        ("http://[fd00::1]/", f'"fd00::1" {PRIVATE}'),
        ("http://[::ffff:10.0.0.1]/", PRIVATE),
        ("http://localhost/", f'"localhost" {PRIVATE}'),
        ("http://db.internal./", f'"db.internal" {PRIVATE}'),
        ("http://169.254.169.254/latest", f'"169.254.169.254" {METADATA}'),
        ("http://[fe80::1]/", f'"fe80::1" {METADATA}'),
        ("http://[fd00:ec2::254]/", f'"fd00:ec2::254" {METADATA}'),
        ("http://metadata.google.internal/", f'"metadata.google.internal" {METADATA}'),
        ("http://2130706433/", '"2130706433" is not a host\'s name'),
        ("http://0x7f.1/", '"0x7f.1" is not a host\'s name'),
        ("http://127.1/", '"127.1" is not a host\'s name'),
    ],
)
def test_what_only_the_inside_can_reach_is_refused(url: str, problem: str) -> None:
    found = url_problem(url)
    assert found is not None
    assert problem in found


@pytest.mark.parametrize(
    ("url", "allow", "problem"),
    [
        ("http://10.1.2.3/", ["10.1.0.0/16"], None),
        ("http://[fd00::1]/", ["10.1.0.0/16", "fd00::/8"], None),
        ("http://169.254.169.254/", ["169.254.0.0/16"], None),
        ("http://10.2.2.3/", ["10.1.0.0/16"], PRIVATE),
        ("http://orders.internal/", ["10.1.0.0/16"], None),
        ("http://metadata/", ["10.1.0.0/16"], METADATA),
    ],
)
def test_a_network_can_be_allowed(url: str, allow: list[str], problem: str | None) -> None:
    found = url_problem(url, allow)
    assert found is None if problem is None else found is not None and problem in found


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1:9000/mcp", None),
        ("http://localhost:9000/mcp", None),
        ("http://169.254.169.254/", METADATA),
        ("http://metadata.google.internal/", METADATA),
        ("gopher://localhost/", SCHEME),
    ],
)
def test_the_operators_own_server_may_stand_inside(url: str, problem: str | None) -> None:
    found = url_problem(url, inside=True)
    assert found is None if problem is None else found is not None and problem in found
