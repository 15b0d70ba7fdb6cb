"""One request to the carrier's REST API: bounded in time, repeated only where that is safe.

A request is made again only where that cannot do anything twice. A 429 was not processed, so
everything may be repeated after one. After a 5xx, a time-out or a broken connection only what is
idempotent is: looking up, hanging up, redirecting. Making a call, an SMS or a participant is not,
and the carrier knows no idempotency key for it: `CarrierError.unclear` says that it may have
happened. Source: docs/protocols/twilio.md section 5, R23.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from agent.errors import AgentError, ConfigError

CARRIER_URL = "https://api.twilio.com"
TIMEOUT_S = 10.0
"""For one request with all its repetitions."""
TRIES = 5
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
MOST_BYTES = 1024 * 1024
"""Of an answer; a resource has some kilobytes."""

SID = re.compile(r"[A-Za-z]{2}[0-9a-f]{32}")

type Fields = Mapping[str, str | int | bool | Sequence[str] | None]
"""Of a form: None is left out, a sequence is the same key several times."""


class CarrierError(AgentError):
    """The carrier did not do what was asked.

    Attributes:
        status: of its answer; None: there was none.
        code: its own number for the error, such as 21211 for a number that is none.
        unclear: the carrier may have done it all the same.
        retry_after_s: before that it wants no repetition.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        unclear: bool,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.unclear = unclear
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account, and as whom.

    Attributes:
        sid: `AC...`.
        user: the account's sid again, or an API key's, `SK...`.
        secret: the auth token, or the key's secret.
        base_url: replaces scheme, host and port; `http` on loopback only.

    Raises:
        ConfigError: a sid or an address that is none.
    """

    sid: str
    user: str
    secret: str = field(repr=False)
    base_url: str = CARRIER_URL

    def __post_init__(self) -> None:
        problems = []
        if not (self.sid.startswith("AC") and SID.fullmatch(self.sid)):
            problems.append(f"account sid {self.sid!r}: is AC and 32 hexadecimal digits")
        local = re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", self.base_url)
        if not (local or re.fullmatch(r"https://[^/?#@\s]+", self.base_url)):
            problems.append(f"base url {self.base_url!r}: must be https://host, without a path")
        if problems:
            raise ConfigError(*problems)


class _Refusal(msgspec.Struct, frozen=True):
    code: int | None = None
    message: str = ""


class TwilioHttp:
    """Requests on behalf of one account, over a client session that others may share.

    Args:
        random: a number from 0 to 1, for jitter.
    """

    def __init__(
        self,
        account: Account,
        session: aiohttp.ClientSession,
        *,
        random: Callable[[], float],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._account = account
        self._session = session
        self._random = random
        self._timeout_s = timeout_s
        self._auth = aiohttp.encode_basic_auth(account.user, account.secret)

    async def ask[R](
        self,
        method: str,
        path: str,
        form: Fields | None,
        kind: type[R],
        *,
        repeatable: bool = False,
    ) -> R:
        """Make a request.

        Args:
            path: below the account, without `.json`; empty: the account itself.
            form: fields of the body; of the query, when something is looked up.
            kind: of the answer.
            repeatable: doing it twice is doing it once; so is looking something up.
        Raises:
            CarrierError: see there.
        """
        repeatable = repeatable or method == "GET"
        pause_s = FIRST_PAUSE_S
        tries = 0
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    tries += 1
                    try:
                        return await self._once(method, path, form, kind)
                    except CarrierError as error:
                        safe = error.status == 429 or (repeatable and error.unclear)
                        if not safe or tries == TRIES:
                            raise
                        wait_s = max(pause_s, error.retry_after_s)
                    await asyncio.sleep(wait_s * (0.9 + 0.2 * self._random()))
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        except TimeoutError:
            text = f"{method} {path}: no answer within {self._timeout_s:g} s"
            raise CarrierError(text, unclear=True) from None

    async def _once[R](self, method: str, path: str, form: Fields | None, kind: type[R]) -> R:
        account = self._account
        below = f"/{path}" if path else ""
        url = f"{account.base_url}/2010-04-01/Accounts/{account.sid}{below}.json"
        what = f"{method} {path or 'the account'}"
        looks_up, fields = method == "GET", _form(form)
        try:
            async with self._session.request(
                method,
                url,
                params=fields if looks_up else None,
                data=None if looks_up else fields,
                headers={"Authorization": self._auth},
                allow_redirects=False,
            ) as response:
                body = await _read(response)
                status, after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError) as error:
            text = f"{what}: {type(error).__name__}"
            raise CarrierError(text, unclear=not _never_left(error)) from None
        if status == 204:
            return kind()
        if 200 <= status < 300:
            try:
                return msgspec.json.decode(body, type=kind)
            except msgspec.DecodeError as error:
                raise CarrierError(f"{what}: {error}", status=status, unclear=True) from None
        raise _refused(what, status, body, after)


def _refused(what: str, status: int, body: bytes, after: str) -> CarrierError:
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        refusal = _Refusal()
    text = f"{what}: HTTP {status}" + (f", {refusal.message}" if refusal.message else "")
    wait_s = float(after) if re.fullmatch(r"\d{1,4}", after) else 0.0
    return CarrierError(
        text, status=status, code=refusal.code, unclear=status >= 500, retry_after_s=wait_s
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            raise aiohttp.ClientPayloadError("an answer without end")
    return bytes(body)


def _never_left(error: BaseException) -> bool:
    """Whether the request surely did not reach anybody."""
    return isinstance(error, aiohttp.ClientConnectorError)


def _form(fields: Fields | None) -> list[tuple[str, str]] | None:
    if fields is None:
        return None
    pairs: list[tuple[str, Any]] = []
    for name, value in fields.items():
        several = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, one) for one in several if one is not None]
    return [(name, _text(value)) for name, value in pairs]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
