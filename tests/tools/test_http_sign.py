import hashlib
import hmac

import agent.tools.http_sign
from agent.tools.http_sign import signature

PARTS = ("secret", 1_795_278_600.9, "POST", "api.example.com:8443", "/orders?a=1", b'{"a":1}')


def test_the_header_is_what_the_scheme_says() -> None:
    text = b'1795278600\nPOST\napi.example.com:8443\n/orders?a=1\n{"a":1}'
    expected = hmac.new(b"secret", text, hashlib.sha256).hexdigest()
    assert signature(*PARTS) == f"t=1795278600,v1={expected}"


def test_the_documented_check_takes_it() -> None:
    """The lines of Python in the module's text, run as they stand."""
    t, v1 = (part.partition("=")[2] for part in signature(*PARTS).split(","))
    lines = (agent.tools.http_sign.__doc__ or "").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("    text ="))
    code = "\n".join(line.strip() for line in lines[begin : begin + 3])
    clock = type("clock", (), {"time": staticmethod(lambda: 1_795_278_700)})
    known = {
        "hmac": hmac, "hashlib": hashlib, "time": clock, "secret": "secret", "t": t, "v1": v1,
        "method": "POST", "host": "api.example.com:8443", "target": "/orders?a=1",
        "body": b'{"a":1}',
    }  # fmt: skip
    exec(code, known)
    assert known["genuine"] is True


def test_every_part_is_signed() -> None:
    others = ("other", 1_795_278_601.0, "PUT", "api.example.com", "/orders?a=2", b"")
    signed = {signature(*PARTS)}
    for index, other in enumerate(others):
        signed.add(signature(*(other if i == index else part for i, part in enumerate(PARTS))))  # type: ignore[arg-type]
    assert len(signed) == 1 + len(others)
