"""The request of an HTTP tool, from what its file says and what the model fills in; without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import agent
from agent.errors import ConfigError
from agent.tenants.secrets import references
from agent.tenants.tools import HttpTool
from agent.tools.context import CallContext
from agent.tools.function import ArgumentsError
from agent.tools.http_body import Body, read_body
from agent.tools.http_sign import signature
from agent.tools.http_template import Resolve, Template, read_template, text_of, values_of
from agent.tools.http_url import Origin, UrlTemplate, read_url

MOST_BODY = 256 * 1024
"""Bytes; what a caller says in a telephone call is far less."""
SHORTEST_SECRET = 6
"""A shorter one is no secret, and its letters may stand in any answer."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """A request, ready but for its signature. Never shown: it holds secrets and a caller's words.

    Attributes:
        target: path and query.
        body: empty: none is sent.
    """

    method: str
    origin: Origin
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    def moved_to(self, target: str, method: str) -> Outgoing:
        """The request that follows a redirect on the same host."""
        body = self.body if method == self.method else b""
        return replace(self, target=target, method=method, body=body)


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs requests; see `agent.tools.http_sign`."""

    secret: str
    header: str

    def __call__(self, outgoing: Outgoing, at_utc: float) -> dict[str, str]:
        """The header that proves a request."""
        host = outgoing.origin.authority
        value = signature(
            self.secret, at_utc, outgoing.method, host, outgoing.target, outgoing.body
        )
        return {self.header: value}


@dataclass(frozen=True, slots=True, repr=False)
class RequestPlan:
    """How the requests of one tool are made. Never shown: it holds the secrets of its tenant.

    Attributes:
        secrets: those in it, as bytes, to be kept out of answers.
    """

    method: str
    url: UrlTemplate
    headers: tuple[tuple[str, Template], ...]
    body: Body | None
    idempotency_header: str | None
    signer: Signer | None
    secrets: tuple[bytes, ...]

    def request(self, arguments: Mapping[str, Any], context: CallContext) -> Outgoing:
        """Make one request.

        Args:
            arguments: checked, None for what was left out.

        Raises:
            ArgumentsError: a value cannot stand where the tool puts it.
        """
        values = values_of(arguments, context)
        headers = {"User-Agent": f"seamline/{agent.__version__}", "Accept": "application/json, */*"}
        body = self.body.fill(values) if self.body else b""
        if self.body:
            headers["Content-Type"] = self.body.content_type
        for name, template in self.headers:
            text = template.fill(values, _in_header)
            if text is not None:
                headers = {n: v for n, v in headers.items() if n.lower() != name.lower()}
                headers[name] = text
        if self.idempotency_header and context.idempotency_key:
            headers[self.idempotency_header] = context.idempotency_key
        if len(body) > MOST_BODY:
            raise ArgumentsError("It was not run: an argument is too long. Shorten it.")
        return Outgoing(self.method, self.url.origin, self.url.target(values), headers, body)


def plan_request(tool: HttpTool, resolve: Resolve) -> RequestPlan:
    """Take a tool's request apart and fill in its secrets.

    Raises:
        ConfigError: a secret is not there, or what it makes of the request cannot be sent.
    """
    secrets: list[bytes] = []

    def known(text: str) -> str:
        for reference in references(text):
            value = resolve(str(reference)).encode()
            if len(value) >= SHORTEST_SECRET:
                secrets.append(value)
        return resolve(text)

    headers = tuple((name, read_template(value, known)) for name, value in tool.headers.items())
    if any(_UNFIT.search(text) for _, template in headers for text in template.literals):
        raise ConfigError("a header holds a line break, once its secret is filled in")
    content_type = next((v for n, v in tool.headers.items() if n.lower() == "content-type"), "")
    return RequestPlan(
        tool.method,
        read_url(tool.url, tool.query, known, tool.allow),
        headers,
        None if tool.body is None else read_body(tool.body, content_type, known),
        tool.idempotency_header,
        Signer(known(tool.sign.secret), tool.sign.header) if tool.sign else None,
        tuple(secrets),
    )


def _in_header(value: Any) -> str:
    text = text_of(value)
    if _UNFIT.search(text):
        raise ArgumentsError("It was not run: an argument holds a line break. Correct it.")
    return text.strip()
