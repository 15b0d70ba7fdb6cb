"""`seamline serve`: the service itself."""

import gc
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import TextIO

import structlog
from aiohttp import web
from rich.console import Console

from agent.cli.runtime import run, stop_signal
from agent.errors import ConfigError
from agent.observe import logs
from agent.service.app import make_app, read_tenants, serve
from agent.service.auth import has_console
from agent.service.loopback import is_loopback
from agent.service.reload import TenantStore
from agent.service.settings import Settings, load_settings
from agent.service.start_needs import check_for_service

GC_THRESHOLD = 20_000
SWITCH_S = 0.001
"""A thread that computes, for a reload or for a function, lets go of the interpreter so soon after
the loop asks for it; Python's own 5 ms would be heard."""

type During = Callable[[web.Application], AbstractAsyncContextManager[bool]]

_log = structlog.stdlib.get_logger()


def run_service(
    config: Path | None,
    *,
    tenants: Path | None,
    host: str,
    port: int,
    gemini_url: str | None,
    public_url: str | None,
    insecure_local: bool,
    reload: bool,
    during: During | None = None,
) -> None:
    """Serve until a signal.

    Args:
        reload: whether changed files of tenants and functions are taken over meanwhile.
        during: entered once it serves, left before it stops; gives whether to go on serving.

    Raises:
        ConfigError: with everything that is missing or wrong; nothing has been started.
    """
    settings = load_settings(
        config,
        tenants=tenants,
        public_url=public_url,
        gemini_url=gemini_url,
        insecure_local=insecure_local,
    )
    if insecure_local and not is_loopback(host):
        raise ConfigError(f"--insecure-local asks for no signatures: it does not listen on {host}")
    check_for_service(settings)
    tenants_read = read_tenants(settings, _show)
    with ExitStack() as stack:
        stream = sys.stderr
        if settings.log.file is not None:
            stream = stack.enter_context(_open_log(settings.log.file))
        logs.configure(settings.log.level, pii=settings.log.personal_data, stream=stream)
        run(_serve(settings, tenants_read, host, port, reload=reload, during=during or _plainly))


@asynccontextmanager
async def _plainly(app: web.Application) -> AsyncIterator[bool]:
    yield True


def _open_log(path: str) -> TextIO:
    try:
        return Path(path).open("a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"log.file: {path}: {error.strerror}") from None


def _show(problems: Sequence[str]) -> None:
    """Tell the person at the console why a change was refused."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("seamline goes on with the tenants of before:")
    for problem in problems:
        console.print(f"seamline: {problem}", markup=False)


async def _serve(
    settings: Settings,
    tenants: TenantStore,
    host: str,
    port: int,
    *,
    reload: bool,
    during: During,
) -> None:
    app = make_app(settings, tenants, reload=reload)
    ready = tenants.current
    # Everything made so far lives as long as the process: spare the collector the look. A frame's
    # path makes no cycles, so the young generation may grow before it is searched for them.
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    runner, port = await serve(app, host, port)
    numbers = len(ready.directory.numbers)
    _log.info("service.started", host=host, port=port, tenants=len(ready.by_name), numbers=numbers)
    Console(stderr=True, highlight=False).print(
        f"seamline serves {len(ready.by_name)} tenants with {numbers} numbers "
        f"on http://{host}:{port}  "
        f"({'console at /console/; ' if has_console(settings) else ''}Ctrl-C ends)",
        soft_wrap=True,
    )
    try:
        async with during(app) as goes_on:
            if goes_on:
                await stop_signal()
    finally:
        await runner.cleanup()
        _log.info("service.stopped")
