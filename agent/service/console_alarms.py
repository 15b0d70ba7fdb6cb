"""What whoever is on duty has to know: the console shows it above every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiohttp import web

from agent.service.auth import require_token
from agent.service.console_requests import answer_json
from agent.service.keeping import RecordKeeper
from agent.service.service import Service, service_key

keepers_key = web.AppKey("keepers", Sequence[RecordKeeper])
"""Who writes the records of calls, if any are kept."""


def add_alarm_routes(app: web.Application) -> None:
    """Let the console ask."""
    app.router.add_get("/api/alarms", _alarms)


async def _alarms(request: web.Request) -> web.Response:
    require_token(request)
    keepers = request.app.get(keepers_key, ())
    return answer_json({"alarms": list(alarms_of(request.app[service_key], keepers))})


def alarms_of(service: Service, keepers: Sequence[RecordKeeper]) -> Iterator[str]:
    """What is wrong now, a sentence each."""
    if service.draining:
        yield "The service is being stopped: no call is taken any more."
    for keeper in keepers:
        if keeper.failing:
            yield (
                "The store does not work. Records of calls, and what the carrier tells of them "
                "afterwards, are kept and written later: "
                f"{keeper.spooled} wait in the spool, {keeper.waiting} in memory."
            )
        if lost := keeper.counters["records_lost"]:
            yield f"Records that are lost since the start: {lost}. The log has their calls."
        if lost := keeper.counters["news_lost"]:
            yield (
                f"News of the carrier that are lost since the start: {lost}. "
                "The log has their calls."
            )
        if refused := keeper.counters["records_refused"] + keeper.counters["news_refused"]:
            yield (
                f"Records and news that the store refused since the start: {refused}. "
                "See spool/refused."
            )
    if service.tenant_store.refused:
        yield "Changed files of tenants were refused: the page Tenants says why."
