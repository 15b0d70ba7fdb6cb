"""The two subjects of the continuity cases, each in a process of its own.

    python -m bench.continuity_subjects ours|naive FOLDER    < {"case": ["ws://...", null]}

Serves each case on a port of its own, against the model's stand-in that belongs to it, and prints
the ports as JSON once all listen. Ends when its input does.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from agent.cli.runtime import loop_factory
from agent.observe import logs
from agent.service.app import make_app, read_tenants, serve
from agent.service.settings import load_settings
from agent.service.tenant_files import ReadyTenant

DESK = Path(__file__).parent / "continuity_desk"


def our_app(gemini_url: str, data: Path, age_s: float | None) -> web.Application:
    """The service as `seamline serve --insecure-local` runs it.

    Args:
        age_s: replaces the age at which the model's connections are left.
    """
    settings = load_settings(None, {}, tenants=DESK, gemini_url=gemini_url, insecure_local=True)
    settings = replace(settings, functions=DESK, data=data)
    tenants = read_tenants(settings)
    if age_s is not None:
        aged = {name: _aged(one, age_s) for name, one in tenants.current.by_name.items()}
        tenants.current = replace(tenants.current, by_name=aged)
    return make_app(settings, tenants)


def _aged(ready: ReadyTenant, age_s: float) -> ReadyTenant:
    profile = replace(ready.prepared.profile, connection_age_s=age_s)
    return replace(ready, prepared=replace(ready.prepared, profile=profile))


def naive_app(gemini_url: str, data: Path, age_s: float | None) -> web.Application:
    """The bridge as people write it."""
    from bench.naive import (
        make_app as make_bridge,
    )  # needs Google's SDK, which the service does not

    return make_bridge(gemini_url, data / "bookings")


type Urls = dict[str, tuple[str, float | None]]

APPS: dict[str, Callable[[str, Path, float | None], web.Application]] = {
    "ours": our_app,
    "naive": naive_app,
}


async def _serve_plainly(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """As aiohttp does it: our own way turns strangers' sockets away at the door."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])


async def run(subject: str, folder: Path, urls: Urls) -> None:
    """Serve all cases until the input ends."""
    ports = {}
    async with AsyncExitStack() as stack:
        for case, (url, age_s) in urls.items():
            data = folder / case
            data.mkdir(parents=True, exist_ok=True)
            listen = serve if subject == "ours" else _serve_plainly
            runner, ports[case] = await listen(APPS[subject](url, data, age_s), "127.0.0.1", 0)
            stack.push_async_callback(runner.cleanup)
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


def main(arguments: Iterable[str]) -> None:
    subject, folder = arguments
    urls = json.loads(sys.stdin.buffer.readline())
    log = (Path(folder) / f"{subject}.jsonl").open("w", encoding="utf-8")
    logs.configure("info", stream=log)  # the naive bridge's last words come when all is over
    factory = loop_factory() if subject == "ours" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run(subject, Path(folder), urls))


if __name__ == "__main__":
    main(sys.argv[1:])
