"""The tenants as the console shows them: who answers which numbers, and what is wrong."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from agent.service.auth import require_token
from agent.service.console_requests import answer_json
from agent.service.service import Service, service_key
from agent.service.tenant_files import ReadyTenant
from agent.tenants.hours import Open

MOST_NUMBERS = 20
"""Of a tenant's numbers, shown; of more, it is told how many there are."""
AT_ONCE = 20
"""Tenants that are looked at before others get to run."""


def add_tenant_routes(app: web.Application) -> None:
    """Let the console read them."""
    app.router.add_get("/api/tenants", _tenants)


async def _tenants(request: web.Request) -> web.Response:
    require_token(request)
    service = request.app[service_key]
    return answer_json(await tenants_of(service, datetime.now(UTC)))


async def tenants_of(service: Service, now: datetime) -> dict[str, Any]:
    """All of them, with the reload's state; read with breaks for the calls."""
    calls: dict[str, int] = {}
    for running in service.running.values():
        calls[running.tenant] = calls.get(running.tenant, 0) + 1
    store = service.tenant_store
    tenants = []
    for n, (name, ready) in enumerate(sorted(service.tenants.by_name.items()), 1):
        tenants.append(_tenant(ready, calls.get(name, 0), now) | _money(service, ready))
        if n % AT_ONCE == 0:
            await asyncio.sleep(0)
    return {
        "generation": store.generation,
        "refused": [str(problem) for problem in store.refused],
        "draining": service.draining,
        "tenants": tenants,
    }


def _money(service: Service, ready: ReadyTenant) -> dict[str, Any]:
    """Today's, in dollars."""
    standing = service.spending.standing(ready.tenant)
    return {
        "spent_usd": float(standing.spent),
        "forecast_usd": float(standing.forecast),
        "per_day_usd": None if standing.limit is None else float(standing.limit),
    }


def _tenant(ready: ReadyTenant, calls: int, now: datetime) -> dict[str, Any]:
    tenant = ready.tenant
    state = tenant.hours.state(now)
    return {
        "name": tenant.tenant,
        "numbers": [str(number) for number in tenant.numbers[:MOST_NUMBERS]],
        "number_count": len(tenant.numbers),
        "model": tenant.agent.model,
        "language": tenant.agent.language,
        "tools": list(ready.tools.functions),
        "calls": calls,
        "most_calls": tenant.limits.concurrent,
        "open": isinstance(state, Open),
        "until": None if state.until is None else state.until.isoformat(),
        "timezone": str(tenant.hours.timezone),
        "recorded": tenant.record.audio,
    }
