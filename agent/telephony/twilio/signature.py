"""The carrier's request signatures; without I/O.

A signature is the HMAC-SHA1, under the account's auth token, of the URL exactly as the carrier
was given it, followed by the form's fields in order of their names, each name run together with
its value. An upgrade to a websocket signs its `wss://` URL alone, and so does a body that is no
form, whose hash is part of its URL. The fragment is never signed.

Source: docs/protocols/twilio.md section 4.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def sign(token: str, url: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """The signature of one request.

    Args:
        token: the account's primary auth token.
        url: scheme, host, path and query, byte for byte as requested; no fragment.
        params: the form's fields as name-value pairs, blank ones and repeated names included;
            none for GET and for an upgrade. A pair that comes twice counts once.
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    # What a stranger sends may hold lone surrogates: a wrong signature, not an exception.
    digest = hmac.digest(token.encode(), text.encode(errors="surrogatepass"), "sha1")
    return base64.b64encode(digest).decode()


def valid(
    tokens: Iterable[str],
    url: str,
    params: Iterable[tuple[str, str]],
    signature: str,
) -> bool:
    """Whether a request was signed with one of our tokens; both, while one is being replaced.

    The carrier signs https URLs now with the port and now without, so both are tried. For an
    upgrade, ask for each of `upgrade_candidates`. Without a token nothing is valid.
    """
    fields = tuple(params)
    given = signature.encode(errors="surrogatepass")
    # Every candidate is computed and compared: the time taken tells nothing of which one fitted.
    matches = [
        hmac.compare_digest(sign(token, candidate, fields).encode(), given)
        for token in tokens
        if token
        for candidate in _with_and_without_port(url)
    ]
    return any(matches)


def body_fits(given: str, body: bytes) -> bool:
    """Whether a body that is no form is the one whose hash the signed URL names.

    Args:
        given: `bodySHA256` of the query, in hexadecimal; empty: there was none.
    """
    digest = hashlib.sha256(body).hexdigest()
    return hmac.compare_digest(digest.encode(), given.lower().encode(errors="surrogatepass"))


def upgrade_candidates(url: str) -> tuple[str, ...]:
    """The forms of a media URL that the signature of an upgrade may have been made over.

    Args:
        url: the stream's URL as our TwiML gave it, `wss://`, without a slash at its end.
    """
    candidates = [url, f"{url}/"]
    if urlsplit(url).port is None:
        candidates.append(_at_port(url, 443))
    return tuple(candidates)


def _with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        return (url,)
    port = parts.port or _PORTS[parts.scheme]
    return (_at_port(url, None), _at_port(url, port))


def _at_port(url: str, port: int | None) -> str:
    """The same URL, byte for byte, with this port or with none."""
    parts = urlsplit(url)
    host = parts.netloc
    if parts.port is not None:
        host = host.rpartition(":")[0]
    before = len(parts.scheme) + len("://")
    after = before + len(parts.netloc)
    return url[:before] + (host if port is None else f"{host}:{port}") + url[after:]
