"""What `seamline doctor` finds, and how long it may look for it."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from agent.errors import ConfigError

CHECK_S = 10.0
"""How long one check may take; they run side by side."""

type State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: of the check.
        state: `failed`: a service cannot be started, or would not work, as things stand.
        text: what was found; never a secret.
        seconds: how long it took.
    """

    name: str
    state: State
    text: str
    seconds: float = 0.0


type Check = Callable[[], Awaitable[Finding]]


async def looked_at(name: str, check: Check, within_s: float = CHECK_S) -> Finding:
    """The finding of one check, which may neither hang nor raise."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(within_s):
            found = await check()
    except TimeoutError:
        found = Finding(name, "failed", f"no end within {within_s:g} s")
    except ConfigError as error:
        found = Finding(name, "failed", "\n".join(error.problems))
    except Exception as error:
        found = Finding(name, "failed", f"{type(error).__name__}: the check itself went wrong")
    return replace(found, seconds=round(time.monotonic() - began, 3))


async def in_daemon[T](work: Callable[[], T]) -> T:
    """Do something that may hang, such as importing a tenant's functions.

    A thread of the loop's own pool would be waited for at the end of the program.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(act: Callable[[], None]) -> None:
        if not done.done():
            act()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            act = partial(done.set_exception, error)
        else:
            act = partial(done.set_result, result)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, act)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return await done
