"""What `seamline doctor` looks at without leaving the machine."""

import asyncio
import importlib.metadata
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.util import find_spec

from agent import __version__
from agent.cli.finding import Finding, in_daemon
from agent.observe.prices import read_prices
from agent.service.app import read_tenants
from agent.service.reload import TenantStore
from agent.service.settings import Settings
from agent.service.start_needs import check_for_service

NEEDED = (
    "aiohttp", "msgspec", "numpy", "prometheus-client", "pydantic", "PyYAML", "SQLAlchemy",
    "structlog", "watchfiles",
)  # fmt: skip
EXTRAS = {
    "mcp": "mcp",
    "otel": "opentelemetry.sdk",
    "postgres": "asyncpg",
    "sim": "pocketsphinx",
    "vertex": "google.auth",
}
LAG_LOOKS = 50
LAG_EVERY_S = 0.01
LAG_WARNING_S = 0.01
BUILT = 2026
"""A clock that shows an earlier year than this program was written in is wrong."""
_SECRETS = ("GEMINI_API_KEY", "TWILIO_AUTH_TOKEN", "SEAMLINE_WIRE_KEY", "SEAMLINE_API_TOKEN")


async def python() -> Finding:
    """The interpreter."""
    text = f"CPython {platform.python_version()}, seamline {__version__}"
    return Finding("Python", "ok" if sys.version_info >= (3, 12) else "failed", text)


async def packages() -> Finding:
    """What the service stands on, and which extras are there."""
    found, missing = [], []
    for name in NEEDED:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    extras = [name for name, module in EXTRAS.items() if _installed(module)]
    text = ", ".join(found) + "; extras: " + (", ".join(extras) or "none")
    if missing:
        return Finding("packages", "failed", f"missing: {', '.join(missing)}; {text}")
    return Finding("packages", "ok", text)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package it would be in
        return False


async def uvloop() -> Finding:
    """The faster event loop."""
    if _installed("uvloop"):
        return Finding("uvloop", "ok", "installed")
    return Finding("uvloop", "warning", "not installed: asyncio's own loop is used")


async def stand_ins() -> Finding:
    """Ear and voice of the stand-ins, which a service needs none of."""
    if _installed("pocketsphinx") and _installed("espeakng_loader"):
        return Finding("stand-ins", "ok", "ear and voice installed")
    hint = "not installed: pip install 'seamline[sim]' for demo, emulate and call"
    return Finding("stand-ins", "warning", hint)


async def loop_lag() -> Finding:
    """How late this machine's event loop wakes up, with nothing to do."""
    late = []
    for _ in range(LAG_LOOKS):
        due = time.perf_counter() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        late.append(max(0.0, time.perf_counter() - due))
    late.sort()
    median_s, worst_s = late[LAG_LOOKS // 2], late[-1]
    text = f"median {median_s * 1000:.2f} ms, worst {worst_s * 1000:.2f} ms of {LAG_LOOKS} looks"
    return Finding("loop lag", "warning" if worst_s > LAG_WARNING_S else "ok", text)


async def clock() -> Finding:
    """The wall's clock by itself; the reach checks compare it with others."""
    now = datetime.now(UTC)
    resolution_s = time.get_clock_info("monotonic").resolution
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC, monotonic to {resolution_s * 1e9:.0f} ns"
    return Finding("clock", "ok" if now.year >= BUILT else "failed", text)


async def keys(settings: Settings) -> Finding:
    """Which secrets are set; none of them is shown."""
    said = [f"{name} {'set' if os.environ.get(name) else 'is not set'}" for name in _SECRETS]
    vertex = settings.gemini.surface == "vertex"
    model = vertex or settings.gemini_key is not None or settings.gemini_url is not None
    carrier = bool(settings.carrier_tokens) or settings.insecure_local
    if not (model and carrier):
        return Finding("keys", "failed", ", ".join(said))
    if settings.api_token is None:
        return Finding("keys", "warning", f"{', '.join(said)}: no console, no API, no metrics")
    return Finding("keys", "ok", ", ".join(said))


async def tenants(settings: Settings) -> tuple[Finding, TenantStore]:
    """Every tenant's file and its functions; raises `ConfigError` with all problems."""
    store = await in_daemon(lambda: read_tenants(settings))
    ready = store.current
    text = f"{len(ready.by_name)} tenants, {len(ready.directory.numbers)} numbers"
    return Finding("tenants", "ok", text), store


async def prices(settings: Settings, store: TenantStore) -> Finding:
    """Whether what calls cost is known; raises `ConfigError` for a table that cannot be read."""
    table = read_prices(settings.prices)
    rows = (*table.file.models, *table.file.carrier)
    examples = sum(row.example for row in rows)
    models = {ready.tenant.agent.model for ready in store.current.by_name.values()}
    missing = sorted(m for m in models if not table.has(m, settings.gemini.surface))
    text = f"{len(rows)} rows, the oldest of {min((row.date for row in rows), default='no day')}"
    if missing:
        return Finding("prices", "warning", f"{text}; none for {', '.join(missing)}")
    if examples:
        return Finding("prices", "warning", f"{text}; {examples} are examples: set your own")
    return Finding("prices", "ok", text)


async def service(settings: Settings) -> Finding:
    """Whether all is set that a service needs; raises `ConfigError` with what is missing."""
    check_for_service(settings)
    return Finding("service", "ok", "seamline serve can start")
