"""How a server knows that a request comes from this service: an HMAC with the time; without I/O.

The header (`X-Seamline-Signature`, unless the tool names another) is

    t=1795278600,v1=5257a869e7...

`t` is the time of sending, in whole seconds since 1970, UTC. `v1` is the HMAC-SHA256, in lower-case
hexadecimal, with the shared secret (its UTF-8 bytes) as key, of these bytes:

    t, line feed, method, line feed, host, line feed, target, line feed, body

`t` as in the header; the method in capitals; the host as in the `Host` header (with its port if it
is not the scheme's own); the target as in the request line, path and query; the body as sent, empty
if there is none. In Python:

    text = f"{t}\\n{method}\\n{host}\\n{target}\\n".encode() + body
    expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    genuine = hmac.compare_digest(expected, v1) and abs(time.time() - int(t)) <= 300

A server compares in constant time and refuses a `t` more than five minutes from its own clock. A
request that is sent again is signed anew: to recognise it, there is the idempotency header.
"""

import hashlib
import hmac


def signature(secret: str, at_utc: float, method: str, host: str, target: str, body: bytes) -> str:
    """The value of the header; see above.

    Args:
        at_utc: seconds since 1970.
    """
    t = int(at_utc)
    text = f"{t}\n{method}\n{host}\n{target}\n".encode() + body
    return f"t={t},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"
