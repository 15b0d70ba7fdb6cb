"""Structured logs: one JSON object per line, without personal data and without secrets.

Event names are static (`call.ended`); what varies stands in keys. `call_id` and `tenant` are bound
once per call, through contextvars, and appear on every line that is written for it. Personal data
stands under keys that begin with `pii.`, and those are dropped unless they are asked for; the text
of an exception counts as personal, since it may quote a caller.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from agent.errors import ConfigError

PII = "pii."
REDACTED = "(redacted)"

# Parts of a key that make its value a bearer's secret; resumption handles are such, too.
_SECRET_WORDS = frozenset(
    {"key", "apikey", "token", "secret", "password", "authorization", "handle", "signature"}
)


def configure(level: str = "info", *, pii: bool = False, stream: TextIO | None = None) -> None:
    """Set up the logs of this process; the last call holds.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        pii: keep keys that begin with `pii.`: numbers, transcripts, arguments of tools.
        stream: where lines go; the standard error stream when left out.

    Raises:
        ConfigError: the level is unknown.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigError(f'log level "{level}" is unknown; debug, info, warning or error')
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _name_exception,
        _add_time,
        _redact,
        *([] if pii else [_drop_personal]),
        structlog.processors.JSONRenderer(serializer=_json),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    _take_over(number)


def _take_over(level: int) -> None:
    """Let what libraries write to the standard logging appear as lines of ours."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Libraries)]:
        root.removeHandler(handler)
    root.addHandler(_Libraries(level))
    root.setLevel(level)
    # In debug mode asyncio tells of every server it starts; what it warns of is worth a line.
    logging.getLogger("asyncio").setLevel(max(level, logging.WARNING))


class _Libraries(logging.Handler):
    """Passes records of libraries on; a formatted message may hold anything, so it is personal."""

    def emit(self, record: logging.LogRecord) -> None:
        template = record.msg if record.args else None
        structlog.get_logger().log(
            record.levelno,
            "library.logged",
            logger=record.name,
            template=template,
            exc_info=record.exc_info,
            **{"pii.message": record.getMessage()},
        )


@contextmanager
def call_bound(tenant: str, call_id: str) -> Iterator[None]:
    """Name the call on every line written inside, also by tasks begun inside."""
    with bound_contextvars(tenant=tenant, call_id=call_id):
        yield


def _add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["at_utc"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return event


def _name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An exception's type and place for everyone; its text and traceback as personal data."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["error_at"] = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
        event["pii.exception"] = "".join(traceback.format_exception(error))
    return event


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: object, value: Any) -> Any:
    if isinstance(name, str) and _is_secret(name):
        return REDACTED
    if isinstance(value, dict):
        return {inner: _without_secrets(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", item) for item in value]
    return value


def _is_secret(name: str) -> bool:
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return not _SECRET_WORDS.isdisjoint(words)


def _drop_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if not name.startswith(PII)}


def _json(event: EventDict, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
