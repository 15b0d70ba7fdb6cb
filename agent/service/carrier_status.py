"""What the carrier tells us afterwards: thin, since it may come late, twice, or not at all.

Nothing here is waited for. What is told of a call that nobody knows, or that is over, changes
nothing; only that the caller has hung up is news for a call that is without its phone, or that has
not come to the agent yet.

Source: docs/protocols/twilio.md 1.5, 5.2, R24.
"""

from collections.abc import Mapping

import structlog
from aiohttp import web

from agent.call.effects import Outcome
from agent.observe.carrier_news import LONGEST_ERROR
from agent.service.carrier_requests import add_webhook, signed_form
from agent.service.continuation import MOST_CALLS
from agent.service.latest import Latest
from agent.service.service import Service, service_key

STATUS_PATH = "/twilio/status"
STREAM_STATUS_PATH = "/twilio/stream-status"

FINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress"}) | FINAL
STREAM_EVENTS = frozenset({"stream-started", "stream-stopped", "stream-error"})

_log = structlog.stdlib.get_logger()


class Statuses:
    """What is known of the latest calls and streams."""

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._calls: Latest[str, str] = Latest(most)
        self._streams: Latest[tuple[str, str], None] = Latest(most)

    def call(self, call_id: str, status: str) -> bool:
        """Take the status of a call; returns whether it is news. One that is final stays."""
        known = self._calls.get(call_id)
        if known == status or known in FINAL:
            return False
        self._calls[call_id] = status
        return True

    def stream(self, stream_id: str, event: str) -> bool:
        """Take an event of a stream; returns whether it is news."""
        if (stream_id, event) in self._streams:
            return False
        self._streams[stream_id, event] = None
        return True


statuses_key = web.AppKey("statuses", Statuses)


def add_status_routes(app: web.Application) -> None:
    """Add the two callbacks."""
    app[statuses_key] = Statuses()
    add_webhook(app, STATUS_PATH, _status)
    add_webhook(app, STREAM_STATUS_PATH, _stream_status)


async def _status(request: web.Request) -> web.Response:
    """A call has another status."""
    service, fields = request.app[service_key], await signed_form(request)
    call_id, status = fields.get("CallSid", ""), fields.get("CallStatus", "")
    if call_id and status in STATUSES and request.app[statuses_key].call(call_id, status):
        service.counters[f"status_{status}"] += 1
        if status in FINAL:
            note_end(service, fields)
            if (running := service.call_of(call_id)) is not None:
                running.supervisor.finish(Outcome.CALLER_HUNG_UP)
            else:
                service.missed.over(call_id)
    return web.Response(status=204)


def note_end(service: Service, fields: Mapping[str, str]) -> None:
    """Note how the carrier says that a call has ended; the rest of a callback is of no interest."""
    service.facts.call_over(
        fields.get("CallSid", ""),
        fields.get("CallStatus", ""),
        fields.get("CallDuration", ""),
        fields.get("SipResponseCode", ""),
    )


async def _stream_status(request: web.Request) -> web.Response:
    """A media stream began, ended or failed."""
    service, fields = request.app[service_key], await signed_form(request)
    stream_id, event = fields.get("StreamSid", ""), fields.get("StreamEvent", "")
    if event in STREAM_EVENTS and request.app[statuses_key].stream(stream_id, event):
        service.counters[event.replace("-", "_")] += 1
        if event == "stream-error":
            error = fields.get("StreamError", "")[:LONGEST_ERROR]
            service.facts.stream_failed(fields.get("CallSid", ""), error)
            _log.warning(
                "stream.error", call_id=fields.get("CallSid"), stream_id=stream_id, error=error
            )
    return web.Response(status=204)
