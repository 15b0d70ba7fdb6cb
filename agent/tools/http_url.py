"""The URL of an HTTP tool: the host and the shape of the path are the tenant's, never the model's.

Without I/O. Arguments are percent-encoded, so none can add a segment, a query or a host. Servers
in front of others decode a path before they route it, so what would then climb (`..`) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from agent.errors import ConfigError
from agent.tenants.urls import url_problem
from agent.tools.function import ArgumentsError
from agent.tools.http_template import (
    Resolve,
    Template,
    Values,
    percent,
    read_template,
    text_of,
)

MOST_TARGET = 8_000
"""Characters of path and query; servers refuse longer ones."""
_AS_WRITTEN = "/?&=;:@!$'()*+,~%[]"
_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes.

    Attributes:
        scheme: `http` or `https`.
        host: a name in small letters, or an address without brackets.
    """

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """As the `Host` header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, repr=False)
class UrlTemplate:
    """A URL with places.

    Attributes:
        segments: of the path.
        query: names, encoded, and values.
    """

    origin: Origin
    segments: tuple[Template, ...]
    query: tuple[tuple[str, Template], ...]

    def target(self, values: Values) -> str:
        """Path and query of one request; an entry of the query whose value is left out is, too.

        Raises:
            ArgumentsError: a value cannot stand where the tool puts it.
        """
        path = "/".join(_segment(template, values) for template in self.segments)
        entries = [(name, template.fill(values, percent)) for name, template in self.query]
        query = "&".join(f"{name}={value}" for name, value in entries if value is not None)
        target = f"{path}?{query}" if query else path
        if len(target) > MOST_TARGET:
            raise ArgumentsError("It was not run: an argument is too long. Shorten it.")
        return target


def read_url(
    url: str, query: Mapping[str, str], resolve: Resolve, allow: tuple[str, ...] = ()
) -> UrlTemplate:
    """Take a tool's URL apart.

    Args:
        url: as the file has it.
        query: further entries: names and templates, as text that is not encoded.
        allow: networks that may be called although they are private.

    Raises:
        ConfigError: it cannot be called. A secret in it is not told.
    """
    whole = _filled(url, resolve)
    problem = url_problem(whole, allow)
    if problem is not None:
        secret = whole != _filled(url, str)
        raise ConfigError(
            f"{url} cannot be called, once its secret is filled in" if secret else problem
        )
    parts = urlsplit(whole)
    path = parts.path or "/"
    segments = tuple(read_template(text, _as_written) for text in path.split("/"))
    if any(segment.literals in {(".",), ("..",)} for segment in segments):
        raise ConfigError("the path holds . or ..; write where it leads")
    entries = [
        (_as_written(name), read_template(value, _as_written))
        for name, _, value in (entry.partition("=") for entry in parts.query.split("&") if entry)
    ]
    entries += (
        (quote(name, safe=""), read_template(value, lambda text: quote(resolve(text), safe="")))
        for name, value in query.items()
    )
    host = (parts.hostname or "").rstrip(".")
    origin = Origin(parts.scheme, host, parts.port or _PORTS[parts.scheme])
    return UrlTemplate(origin, segments, tuple(entries))


def _filled(url: str, resolve: Resolve) -> str:
    """The URL with its secrets, and braces only where a place is."""
    template = read_template(
        url, lambda text: resolve(text).replace("{", "%7B").replace("}", "%7D")
    )
    places = (f"{{{name}}}" for name in template.places)
    return "".join(
        piece + place for piece, place in zip(template.literals, [*places, ""], strict=True)
    )


def _as_written(text: str) -> str:
    """Text of a URL, with what a URL cannot hold encoded, and nothing else."""
    return quote(text, safe=_AS_WRITTEN)


def _segment(template: Template, values: Values) -> str:
    for name in template.places:
        _check(name, values[name])
    segment = template.fill(values, percent) or ""
    if template.places and segment in {"", ".", ".."}:
        raise ArgumentsError(f"It was not run: {template.places[0]} cannot be used. Correct it.")
    return segment


def _check(name: str, value: object) -> None:
    """A value for the path: something, and nothing that leads elsewhere once it is decoded."""
    if value is None:
        raise ArgumentsError(f"It was not run: {name} is not known, and it cannot do without.")
    text = text_of(value)
    for read in (text, unquote(text), unquote(unquote(text))):
        if _CONTROL.search(read) or {".", ".."} & set(re.split(r"[/\\]", read)):
            raise ArgumentsError(f"It was not run: {name} cannot be used. Correct it.")
