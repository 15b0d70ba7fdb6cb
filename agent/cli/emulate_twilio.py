"""`seamline emulate twilio`: the carrier's stand-in as a server of its own."""

import os
import re
import secrets
from collections.abc import Sequence

from rich.console import Console

from agent.cli.local_call import STATUS_PATH, VOICE_PATH, account_of, origin_of, with_trouble
from agent.cli.runtime import run, stop_signal
from agent.errors import ConfigError
from agent.service.settings import load_settings
from agent.sim.exchange.plan import Account, CallbackManners, Party, World
from agent.sim.exchange.switchboard import switchboard

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
PARTIES = {
    "human": Party(),
    "machine": Party(answered_by="machine", known_after_s=3.0),
    "fax": Party(answered_by="fax"),
    "unknown": Party(answered_by="unknown"),
    "busy": Party(outcome="busy"),
    "no-answer": Party(outcome="no-answer", after_s=20.0),
    "failed": Party(outcome="failed"),
}


def run_twilio(
    port: int,
    *,
    service: str | None,
    numbers: Sequence[str],
    token: str | None,
    parties: Sequence[str] = (),
    late_callbacks: bool = False,
    troubles: Sequence[str] = (),
) -> None:
    """Serve until a signal.

    Args:
        service: the origin of the service whose webhooks the numbers have; None: they have none
            until it sets them.
        parties: whom calls reach, `+15550100199=busy`.
        late_callbacks: callbacks come late, out of order and twice.
        troubles: what goes wrong with every call, see `agent.sim.exchange.troubles`.
    Raises:
        ConfigError: something is no number, no party or no trouble, or the port is taken.
    """
    for number in numbers:
        if not NUMBER.fullmatch(number):
            raise ConfigError(f"--number {number}: write it as +15550100100")
    world = World(parties=parties_of(parties))
    if late_callbacks:
        world.callbacks = CallbackManners(delay_s=0.2, spread_s=2.0, doubled=True)
    world.options = with_trouble(world.options, troubles)
    account = account_of(os.environ, token)
    run(_serve(port, service, numbers, account, world))


def parties_of(texts: Sequence[str]) -> dict[str, Party]:
    """Whom calls reach.

    Raises:
        ConfigError: a text that says no such thing.
    """
    found = {}
    for text in texts:
        number, _, kind = text.partition("=")
        if not NUMBER.fullmatch(number) or kind not in PARTIES:
            raise ConfigError(
                f"--party {text}: write NUMBER=KIND, of the kinds {', '.join(PARTIES)}"
            )
        found[number] = PARTIES[kind]
    return found


async def _serve(
    port: int, service: str | None, numbers: Sequence[str], account: Account, world: World
) -> None:
    reach = {}
    public = None
    if service is not None:
        service = origin_of(service, "--service")
        public = load_settings(None).public_url or service
        reach[public] = service
    seed = secrets.randbits(32)
    try:
        async with switchboard(account, world, reach=reach, port=port, seed=seed) as board:
            for number in numbers:
                if public is None:
                    board.exchange.add_number(number)
                    continue
                status = public + STATUS_PATH
                board.exchange.add_number(number, public + VOICE_PATH, status_callback=status)
            Console(stderr=True, highlight=False).print(
                f"Twilio's stand-in listens on {board.url}  (Ctrl-C ends)\n"
                f"  export SEAMLINE_TWILIO_URL={board.url} TWILIO_ACCOUNT_SID={account.sid} "
                f"TWILIO_AUTH_TOKEN={account.token}\n"
                f"  curl -d To={numbers[0]} {board.url}/stand-in/calls",
                soft_wrap=True,
            )
            await stop_signal()
    except OSError as error:
        raise ConfigError(f"cannot listen on port {port}: {error.strerror}") from None
