"""One MCP server that many calls share: opened once, opened again when it goes.

A task of its own keeps the connection, since the library wants to be left where it was entered.
While there is none, calls are answered at once with an error that the model can tell the caller.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import asynccontextmanager
from random import random
from typing import Any, cast

import mcp_types as types
import structlog
from mcp import Client, MCPError
from mcp.client import Transport
from pydantic import TypeAdapter, ValidationError

from agent import __version__
from agent.errors import ConfigError, ToolError
from agent.tools.mcp_bounds import ANSWER_BYTES, LISTING_BYTES, OPEN_S, PAGES, PATIENCE_S, Bounds
from agent.tools.mcp_http import http_streams
from agent.tools.mcp_lines import TOO_LONG
from agent.tools.mcp_process import process_streams
from agent.tools.mcp_results import result_of
from agent.tools.mcp_target import Target

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
HEALTHY_S = 60.0
"""A connection that has lived so long did not fail at its beginning."""
UNANSWERED = 3
"""Calls in a row whose time ran out, after which a server counts as gone."""
KEY = "seamline/idempotency_key"
"""In `_meta` of a call: the same for one request, however often it is made."""

_Result: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    types.CallToolResult | types.InputRequiredResult
)
_log = structlog.stdlib.get_logger()
for _library in ("mcp", "client", "httpx2"):  # which tell of every request
    logging.getLogger(_library).setLevel(logging.WARNING)


class McpServer:
    """A server, with the connection to it.

    Args:
        name: for the log and for messages.
        target: what to run or whom to call, with its secrets.
        open_s: see `OPEN_S`.

    Attributes:
        counters: `opened`, `lost` (connections), `failed` (attempts to open one), `unavailable`
            (calls while there was none), `unanswered` (calls whose time ran out).
    """

    def __init__(self, name: str, target: Target, *, open_s: float = OPEN_S) -> None:
        self.counters: Counter[str] = Counter()
        self._name = name
        self._target = target
        self._open_s = open_s
        self._bounds = Bounds()
        self._client: Client | None = None
        self._running = 0
        self._quiet = asyncio.Event()
        self._unanswered = 0
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the first connection.

        Raises:
            ConfigError: the server cannot be used, and why.
        """
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(opened))
        await opened

    async def stop(self) -> None:
        """End the connection, and the process if it is ours."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def tools(self, wanted: Set[str]) -> dict[str, types.Tool]:
        """Ask for tools by name; those that the server does not have are missing in the result.

        Raises:
            ConfigError: it does not answer as it should.
        """
        client, bounds, found = self._client, self._bounds, dict[str, types.Tool]()
        if client is None:
            raise ConfigError("it cannot be reached at the moment")
        bounds.message_bytes = LISTING_BYTES
        try:
            async with asyncio.timeout(self._open_s):
                cursor = None
                for _ in range(PAGES):
                    page = await client.list_tools(cursor=cursor)
                    found |= {tool.name: tool for tool in page.tools if tool.name in wanted}
                    cursor = page.next_cursor
                    if cursor is None or found.keys() == wanted:
                        break
        except (MCPError, ValidationError, TimeoutError) as error:
            raise ConfigError(f"its tools cannot be listed: {_reason(error, bounds)}") from error
        finally:
            bounds.message_bytes = ANSWER_BYTES
        return found

    async def call(
        self, name: str, tool: str, arguments: Mapping[str, Any], key: str, *, repeatable: bool
    ) -> object:
        """Call a tool, for as long as the caller of this waits.

        Args:
            name: as the model knows the tool.
            tool: as the server does.
            key: of the request; handed on.
            repeatable: it changes nothing, so a failure left no effect.

        Returns:
            What `agent.tools.results.answer_with` can tell.
        Raises:
            ToolError: it did not work, in words for the model.
        """
        client, bounds = self._client, self._bounds
        if client is None:
            self.counters["unavailable"] += 1
            raise ToolError(
                f"The service behind {name} cannot be reached at the moment. Nothing was done; "
                "tell the caller, or try once more later in the call.",
                retryable=True,
            )
        params = types.CallToolRequestParams(
            name=tool, arguments=dict(arguments), _meta=cast(types.RequestParamsMeta, {KEY: key})
        )
        self._running += 1
        self._quiet.clear()
        try:
            request = types.CallToolRequest(params=params)
            result = await client.session.send_request(request, _Result)
            self._unanswered = 0
        except MCPError as error:
            raise self._refusal(name, error, bounds, repeatable=repeatable) from error
        except ValidationError as error:
            raise _unreadable(name) from error
        finally:
            self._running -= 1
            if not self._running:
                self._quiet.set()
        return result_of(name, result)

    def timed_out(self) -> None:
        """A call was given up because its time had run out."""
        self.counters["unanswered"] += 1
        self._unanswered += 1
        if self._unanswered >= UNANSWERED:
            self._bounds.lose("it does not answer")

    def _refusal(
        self, name: str, error: MCPError, bounds: Bounds, *, repeatable: bool
    ) -> ToolError:
        if bounds.lost.is_set():
            return ToolError(
                f"The service behind {name} went away while it ran. It is not known whether it "
                "took effect: tell the caller so.",
                retryable=repeatable,
            )
        self._unanswered = 0
        if error.code in {types.PARSE_ERROR, TOO_LONG}:
            return _unreadable(name)
        return ToolError(f"{name} did not work: {error.message}")

    # The connection.

    async def _keep(self, opened: asyncio.Future[None]) -> None:
        """Have a connection, whenever that is possible; without the first one, give up."""
        time, failures = asyncio.get_running_loop().time, 0
        while True:
            began, bounds = time(), Bounds()
            try:
                await self._live(bounds, opened)
                self.counters["lost"] += 1
                _log.warning("mcp.lost", server=self._name, why=bounds.why)
            except Exception as error:  # whatever the library raises, the server is tried again
                self.counters["failed"] += 1
                why = _reason(error, bounds)
                _log.warning("mcp.failed", server=self._name, why=why)
                if not opened.done():
                    opened.set_exception(ConfigError(why))
                    return
            finally:
                self._client = None
            failures = 0 if time() - began >= HEALTHY_S else failures + 1
            pause_s = min(FIRST_PAUSE_S * 2.0 ** (failures - 1), LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s * (1 - 0.5 * random()))

    async def _live(self, bounds: Bounds, opened: asyncio.Future[None]) -> None:
        """One connection, from its beginning until it is lost."""
        async with asyncio.timeout(self._open_s) as limit, self._client_of(bounds) as client:
            limit.reschedule(None)
            bounds.message_bytes = ANSWER_BYTES
            self.counters["opened"] += 1
            self._client, self._bounds, self._unanswered = client, bounds, 0
            if opened.done():
                _log.info("mcp.opened", server=self._name)
            else:
                opened.set_result(None)
            await bounds.lost.wait()
            self._client = None
            if self._running:  # calls that the loss has not ended get their time
                limit.reschedule(asyncio.get_running_loop().time() + PATIENCE_S)
                await self._quiet.wait()

    @asynccontextmanager
    async def _client_of(self, bounds: Bounds) -> AsyncIterator[Client]:
        target = self._target
        transport: Transport
        if target.command:
            transport = process_streams(self._name, target.command, dict(target.env), bounds)
        else:
            transport = http_streams(
                target.url, dict(target.headers), bounds, patience_s=PATIENCE_S
            )
        info = types.Implementation(name="seamline", version=__version__)
        async with Client(transport, client_info=info, cache=None) as client:
            yield client


def _unreadable(name: str) -> ToolError:
    return ToolError(
        f"{name} ran, but its answer cannot be read. It may have taken effect: tell the caller so."
    )


def _reason(error: BaseException, bounds: Bounds) -> str:
    """Why it did not work, in words that quote nothing that a server says of callers."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if bounds.why:
        return bounds.why
    match error:
        case TimeoutError():
            return "it does not answer in time"
        case OSError():
            return f"it cannot be started: {error.strerror}"
        case MCPError():
            return f"it says: {error.message}"[:300]
        case _:
            return f"it breaks the protocol: {type(error).__name__}"
