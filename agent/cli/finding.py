"""What `seamline doctor` finds, and how long it may look for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

from agent.errors import ConfigError
from agent.tools.threads import Threads

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
    except Exception as error:  # the other findings are told all the same
        found = Finding(name, "failed", f"{type(error).__name__}: the check itself went wrong")
    return replace(found, seconds=round(time.monotonic() - began, 3))


async def in_daemon[T](work: Callable[[], T]) -> T:
    """Do something that may hang, such as importing a tenant's functions.

    A thread of the loop's own pool would be waited for at the end of the program.
    """
    return await asyncio.get_running_loop().run_in_executor(Threads(), work)
