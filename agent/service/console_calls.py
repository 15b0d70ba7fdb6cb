"""Calls as the console reads them: the list of past ones, one with everything, and its sound."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import MultiMapping

from agent.errors import StoreError
from agent.observe.call_record import call_record
from agent.observe.record_schema import CallRecord
from agent.service.auth import require_token
from agent.service.console_files import GUARDS
from agent.service.console_requests import answer_json
from agent.service.peaks import MOST_PEAKS, read_peaks
from agent.service.service import Service, service_key
from agent.store.wanted import CallFilter, PastCalls

store_key = web.AppKey("store", PastCalls)
"""Where past calls are, if they are kept."""

PAGE = 50
MOST_PAGE = 200
LONGEST_FIELD = 200
PEAKS = 1200
_TEXTS = ("tenant", "outcome", "number", "words")
_MOMENTS = ("since", "until")


def add_call_routes(app: web.Application) -> None:
    """Let the console read calls."""
    app.router.add_get("/api/calls", _calls)
    app.router.add_get("/api/calls/{id}", _call)
    app.router.add_get("/api/calls/{id}/peaks", _peaks)
    app.router.add_get("/api/calls/{id}/recording.wav", _recording)


async def _calls(request: web.Request) -> web.Response:
    """A page of past calls, newest first."""
    require_token(request)
    query = request.query
    wanted, limit = filter_of(query), number_of(query, "limit", PAGE, MOST_PAGE)
    before = number_of(query, "before", 0, 2**63 - 1) or None
    try:
        found = await _store(request).calls(wanted, before, limit)
    except StoreError as error:
        raise _unavailable(error) from None
    return answer_json(
        {
            "calls": [asdict(call) for call in found],
            "next": str(found[-1].cursor) if len(found) == limit else None,
        }
    )


def filter_of(query: MultiMapping[str]) -> CallFilter:
    """What a query asks for.

    Raises:
        HTTPBadRequest: a field is too long, or no moment.
    """
    found: dict[str, Any] = {}
    for name in (*_TEXTS, *_MOMENTS):
        value = query.get(name, "").strip()
        if not value:
            continue
        if len(value) > LONGEST_FIELD or not value.isprintable():
            raise web.HTTPBadRequest(text=f"{name} cannot be looked for\n")
        found[name] = moment_of(name, value) if name in _MOMENTS else value
    return CallFilter(**found)


def moment_of(name: str, value: str) -> datetime:
    """A moment with its time zone, as 2026-11-21T17:00:00Z.

    Raises:
        HTTPBadRequest: it is none.
    """
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text=f"{name} is no moment\n") from None


def number_of(query: MultiMapping[str], name: str, default: int, most: int) -> int:
    """A whole number from 1 on.

    Raises:
        HTTPBadRequest: it is none, or too large.
    """
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= most):
        raise web.HTTPBadRequest(text=f"{name} is not from 1 to {most}\n")
    return int(text)


async def _call(request: web.Request) -> web.Response:
    """One call with everything that is known of it; also one that goes on."""
    require_token(request)
    record, running = await _find(request)
    path = recording_of(request.app[service_key], record)
    content = msgspec.to_builtins(record, builtin_types=(datetime, Decimal))
    content["running"] = running
    content["recording"] = None
    if path is not None and record.recording is not None:
        content["recording"] = {"starts_s": record.recording.starts_s}
    return answer_json(content)


async def _peaks(request: web.Request) -> web.Response:
    """The outline of its sound."""
    require_token(request)
    n = number_of(request.query, "n", PEAKS, MOST_PEAKS)
    record, _ = await _find(request)
    path = recording_of(request.app[service_key], record)
    if path is None or record.recording is None:
        raise web.HTTPNotFound(text="there is no recording\n")
    try:
        outline = await asyncio.to_thread(read_peaks, path, n)
    except (OSError, ValueError):
        raise web.HTTPNotFound(text="the recording cannot be read\n") from None
    return answer_json({**outline, "starts_s": record.recording.starts_s})


async def _recording(request: web.Request) -> web.StreamResponse:
    """Its sound, whole or in the ranges that a player asks for."""
    require_token(request)
    record, _ = await _find(request)
    path = recording_of(request.app[service_key], record)
    if path is None:
        raise web.HTTPNotFound(text="there is no recording\n")
    headers = {**GUARDS, hdrs.CONTENT_TYPE: "audio/wav", hdrs.CACHE_CONTROL: "private, no-cache"}
    return web.FileResponse(path, headers=headers)


async def _find(request: web.Request) -> tuple[CallRecord, bool]:
    """The record of a call, and whether the call goes on."""
    id, service = request.match_info["id"], request.app[service_key]
    if (running := service.call_of(id)) is not None:
        now = asyncio.get_running_loop().time()
        return call_record(running, running.call.report(now), datetime.now(UTC)), True
    try:
        record = await _store(request).call(id) if len(id) <= LONGEST_FIELD else None
    except StoreError as error:
        raise _unavailable(error) from None
    if record is None:
        raise web.HTTPNotFound(text="there is no such call\n")
    return record, False


def recording_of(service: Service, record: CallRecord) -> Path | None:
    """Where the sound of a call lies, if it does: inside the folder of recordings, or nowhere."""
    if record.recording is None:
        return None
    data = service.settings.data.resolve()
    path = (data / record.recording.path).resolve()
    if path.suffix == ".wav" and path.is_relative_to(data / "recordings") and path.is_file():
        return path
    return None


def _store(request: web.Request) -> PastCalls:
    store = request.app.get(store_key)
    if store is None:
        raise web.HTTPNotFound(text="past calls are not kept\n")
    return store


def _unavailable(error: StoreError) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=f"the store does not answer: {error}\n")
