"""A service to be loaded, with a model made of tones, in processes of their own.

It is what `seamline serve` is by default, on real sockets and with signatures, but for its limits,
which leave room; its files are temporary, and nothing of the operator's settings is in it.
"""

import asyncio
import os
import secrets
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.cli.demo import free_port
from agent.cli.local_call import NOBODY
from agent.errors import ConfigError
from agent.sim.exchange.plan import Account

COMMAND = (sys.executable, "-m", "agent")
NUMBER = "+15550100999"
OPENS_S = 30.0
CONNECTS_S = 5.0
PARTING_S = 10.0
LOOK_S = 0.05
NOT_FOR_IT = ("SEAMLINE_", "TWILIO_", "GEMINI_", "GOOGLE_")
TENANT = f"""\
tenant: load
numbers: [{NUMBER}]
agent:
  greeting: Hello, how can I help you?
  instructions: You answer the telephone.
tools:
  - builtin: end_call
limits: {{call: 4h, concurrent: 10000, per_minute: 100000, per_caller: 10000}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call.

    Attributes:
        service: its origin. public: the origin that its requests are signed for.
    """

    service: str
    public: str
    account: Account
    number: str


@asynccontextmanager
async def own_service(calls: int) -> AsyncIterator[Target]:
    """Start one that has room for so many calls; when the block ends, nothing of it is left.

    Raises:
        ConfigError: it does not start.
    """
    account = Account(NOBODY, secrets.token_hex(16))
    model, service = free_port(), free_port()
    origin = f"http://127.0.0.1:{service}"
    with tempfile.TemporaryDirectory(prefix="seamline-load-") as name:
        folder = Path(name)
        (folder / "tenants").mkdir()
        (folder / "tenants" / "load.yaml").write_text(TENANT)
        (folder / "service.yaml").write_text(f"data: data\ncalls: {calls}\n")
        environment = environment_of(os.environ, account)
        emulate = ("emulate", "gemini", "--scripted", "--profile", "dev-3.8", "--port", str(model))
        serve = (
            *("serve", "--config", str(folder / "service.yaml"), "--port", str(service)),
            *("--public-url", origin, "--gemini-url", f"ws://127.0.0.1:{model}", "--no-reload"),
        )
        async with (
            program(emulate, model, folder / "model.log", environment),
            program(serve, service, folder / "service.log", environment),
        ):
            yield Target(origin, origin, account, NUMBER)


def environment_of(mine: Mapping[str, str], account: Account) -> dict[str, str]:
    """The environment without anybody's keys, stores and addresses."""
    rest = {name: value for name, value in mine.items() if not name.startswith(NOT_FOR_IT)}
    return rest | {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.token}


@asynccontextmanager
async def program(
    arguments: tuple[str, ...], port: int, log: Path, environment: Mapping[str, str]
) -> AsyncIterator[None]:
    """Run a command of ours until the block ends; it listens on that port.

    Raises:
        ConfigError: it does not.
    """
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=out,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us: it is ended once the calls are
        )
    try:
        if not await _opens(process, port):
            raise ConfigError(f"seamline {arguments[0]} does not start; it said: {_last(log)}")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(PARTING_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _last(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return lines[-1] if lines else "nothing"


async def _opens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Whether it listens before it ends, and in good time."""
    try:
        async with asyncio.timeout(OPENS_S):
            while process.returncode is None:
                if await listens("127.0.0.1", port) is None:
                    return True
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        pass
    return False


async def listens(host: str, port: int) -> str | None:
    """None if somebody listens there; else why not."""
    try:
        async with asyncio.timeout(CONNECTS_S):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no connection within {CONNECTS_S:g} s"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)
    writer.close()
    return None
