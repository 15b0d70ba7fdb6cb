"""A tool that is a request to a server: checked, sent in time, sent again only where that is safe.

What goes wrong is told to the model in plain words, and to the log by a static one. Neither holds
a URL, a header or a body.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from math import inf
from types import MappingProxyType
from typing import Any, Literal

import structlog

from agent.errors import ToolError
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.scalars import size_text
from agent.tenants.secrets import resolve
from agent.tenants.tools import HttpParameter, HttpTool
from agent.tools.arguments import Parameter, parameter_of, read_arguments
from agent.tools.context import CallContext
from agent.tools.http_answer import TOO_MANY, UNAVAILABLE, refused, result_of, without_secrets
from agent.tools.http_client import Bounds, HttpClient, NoAnswer, Received
from agent.tools.http_guard import networks
from agent.tools.http_request import Outgoing, RequestPlan, plan_request
from agent.tools.http_template import Resolve
from agent.tools.plain_file import read_plain_file
from agent.tools.results import OUTCOME_UNKNOWN
from agent.tools.schema import object_schema, schema_of

BACK_OFF_S = 0.2
"""Before the second attempt, doubled for each further one, and up to as much again by chance."""
MOST_SECRET_BYTES = 64 * 1024
"""Far above any key or token."""
_REQUEST = "request"
_PASSING = {500, 502, TOO_MANY, UNAVAILABLE, 504}
"""Statuses after which the same request may go well."""
_PASSING_REASONS = {"no_connection", "unknown_host", "disconnected"}
_UNREADABLE = {"too_large", "malformed", "unknown_encoding", "redirected", "redirects"}
_EMPTY = inspect.Parameter.empty
_TYPES: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": date,
    "time": time,
    "datetime": datetime,
}

_log = structlog.stdlib.get_logger()


def read_secret_file(path: str) -> str:
    """The content of a file that a secret refers to.

    Raises:
        OSError: it cannot be read, is no file, or holds more than a secret.
        UnicodeError: it is not text.
    """
    raw = read_plain_file(path, MOST_SECRET_BYTES + 1)
    if len(raw) > MOST_SECRET_BYTES:
        raise OSError(errno.EFBIG, f"larger than {size_text(MOST_SECRET_BYTES)}", path)
    return raw.decode("utf-8")


def from_environment(text: str) -> str:
    """A text with its secrets, from this process's environment and its machine's files."""
    return resolve(text, os.environ.get, read_secret_file)


@dataclass(frozen=True, slots=True, repr=False)
class HttpFunction:
    """An HTTP tool, ready to be declared and run; see `ToolFunction`.

    Attributes:
        declaration: what the model is told.
        timeout_s: for everything, further attempts and what lies between them included.
        repeatable: it is a GET.
        parameters: what the model fills in, by name.
    """

    declaration: FunctionDeclaration
    timeout_s: float
    repeatable: bool
    parameters: Mapping[str, Parameter]
    _tool: HttpTool
    _plan: RequestPlan
    _bounds: Bounds
    _client: HttpClient
    _chance: Callable[[], float]

    def __repr__(self) -> str:
        return f"HttpFunction({self.declaration.name!r})"

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """The request of one run.

        Raises:
            ArgumentsError: what the model sent does not fit, in words for the model.
        """
        values = read_arguments(self.declaration.name, self.parameters, given)
        return {_REQUEST: self._plan.request(values, context)}

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """Send the request, and again while that is safe and there is time.

        Raises:
            ToolError: it did not work, in words for the model.
        """
        try:
            async with asyncio.timeout(self.timeout_s) as limit:
                answer = await self._send(keywords[_REQUEST], limit.when() or 0.0)
        except TimeoutError:
            answer = NoAnswer("timed_out", sent=True)
        if isinstance(answer, NoAnswer):
            raise self._no_answer(answer)
        return self._result(answer)

    async def _send(self, outgoing: Outgoing, deadline: float) -> Received | NoAnswer:
        """The answer to the first attempt that has one to stay with, or what became of the last."""
        clock, attempt = asyncio.get_running_loop().time, 0
        while True:
            answer: Received | NoAnswer
            try:
                answer = await self._client.send(outgoing, self._bounds, self._plan.signer)
            except NoAnswer as error:
                answer = error
            pause = self._pause(answer, attempt)
            if pause is None or clock() + pause >= deadline:
                return answer
            attempt += 1
            self._client.counters["retried"] += 1
            await asyncio.sleep(pause)

    def _pause(self, answer: Received | NoAnswer, attempt: int) -> float | None:
        """How long to wait before the next attempt; None: there is none."""
        if attempt >= self._tool.retries:
            return None
        asked = 0.0
        if isinstance(answer, NoAnswer):
            if answer.reason not in _PASSING_REASONS:
                return None
        elif answer.status not in _PASSING:
            return None
        elif answer.retry_after is not None:
            # A date in its place is further away than any caller waits.
            asked = float(answer.retry_after) if answer.retry_after.isdecimal() else inf
        return max(asked, BACK_OFF_S * 2.0**attempt * (1 + self._chance()))

    # What came, in words for the model.

    def _result(self, answer: Received) -> object:
        content = without_secrets(answer.content, self._plan.secrets)
        if 200 <= answer.status < 300:
            return result_of(content, answer.content_type, answer.charset, self._tool.result)
        self._failed(f"status_{answer.status // 100}xx", status=answer.status)
        said = refused(answer.status, content, answer.charset)
        if answer.status == TOO_MANY:
            raise ToolError(f"The server has too much to do: {said}", retryable=True)
        if answer.status < 500:
            raise ToolError(f"The server refused it: {said}")
        raise self._unclear(f"The server failed: {said}")

    def _no_answer(self, error: NoAnswer) -> ToolError:
        self._failed(error.reason)
        if error.reason in _UNREADABLE:
            return ToolError("The server answered, but its answer cannot be used.")
        if error.reason == "timed_out":
            return self._unclear("The server did not answer in time.")
        if error.sent:
            return self._unclear("The connection to the server was lost.")
        passing = error.reason in _PASSING_REASONS
        message = "It was not done: the server cannot be reached."
        return ToolError(message, retryable=passing)

    def _unclear(self, what: str) -> ToolError:
        """Nobody knows whether it was done; what only looks something up may just be repeated."""
        if self.repeatable:
            return ToolError(what, retryable=True)
        return ToolError(f"{what} {OUTCOME_UNKNOWN}")

    def _failed(self, reason: str, **values: object) -> None:
        self._client.counters[reason] += 1
        _log.warning("tool.http_failed", tool=self.declaration.name, reason=reason, **values)


def http_function(
    tool: HttpTool,
    client: HttpClient,
    resolve: Resolve = from_environment,
    chance: Callable[[], float] = random.random,
) -> HttpFunction:
    """Prepare an HTTP tool.

    Args:
        client: sends its requests.
        resolve: fills in secrets; they are read now, and again when the file is read again.
        chance: between 0 and 1, for the time between attempts.

    Raises:
        ConfigError: a secret is not there, or what it makes of the request cannot be sent.
    """
    parameters = {name: _parameter(name, told) for name, told in tool.parameters.items()}
    properties = {
        name: schema_of(_hint(told), told.description) for name, told in tool.parameters.items()
    }
    required = [name for name, found in parameters.items() if found.default is _EMPTY]
    schema = object_schema(properties, required) if properties else None
    return HttpFunction(
        FunctionDeclaration(tool.name, tool.description, schema),
        tool.timeout,
        tool.method == "GET",
        MappingProxyType(parameters),
        tool,
        plan_request(tool, resolve),
        Bounds(networks(tool.allow), tool.most_bytes),
        client,
        chance,
    )


def _hint(told: HttpParameter) -> Any:
    """The Python type that declares and checks a parameter."""
    kind = Literal[told.enum] if told.enum else _TYPES[told.type]
    return kind | None if told.optional or told.default is not None else kind


def _parameter(name: str, told: HttpParameter) -> Parameter:
    default = _EMPTY if told.default is None else told.default
    return parameter_of(name, _hint(told), default)
