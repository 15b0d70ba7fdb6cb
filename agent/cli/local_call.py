"""`seamline call --local`: a call through the stand-in exchange to a service on this machine.

The whole way of a call: the exchange asks the number's webhook, signs that, follows the document to
the media socket, and goes on asking when the socket is gone.
"""

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from agent.cli.call import clips_of, keep_and_show, make_folder, script_of
from agent.cli.runtime import run
from agent.errors import ConfigError
from agent.service.app import read_tenants
from agent.service.settings import load_settings
from agent.sim.exchange.plan import Account, CallOptions
from agent.sim.exchange.switchboard import switchboard
from agent.sim.exchange.troubles import with_troubles
from agent.sim.phone_report import PhoneReport
from agent.sim.script import Script

CALLER = "+15550123456"
VOICE_PATH, STATUS_PATH = "/twilio/voice", "/twilio/status"
NOBODY = "AC" + "0" * 32
"""The account, where none is set."""


def call_number(
    service: str,
    to: str | None,
    from_: str,
    say: list[str],
    wav: list[Path],
    out: Path,
    *,
    seed: int | None,
    token: str | None = None,
    tenant: str = "bella-vista",
    troubles: Sequence[str] = (),
) -> None:
    """Call, speak each turn once the agent is quiet, hang up, and print what was heard.

    Args:
        service: its origin on this machine.
        to: the number; None: the first one of `tenant`.
        token: the auth token that it checks signatures with; `TWILIO_AUTH_TOKEN` by default. A
            service started with `--insecure-local` checks none.
        troubles: what goes wrong with the call, see `agent.sim.exchange.troubles`.
    Raises:
        ConfigError: nothing to say, a file that cannot be played, no such trouble, or no call came
            about.
    """
    clips = clips_of(say, wav)
    make_folder(out)
    service = origin_of(service, "--service")
    to = to or number_of(tenant)
    public = load_settings(None).public_url or service
    account = account_of(os.environ, token)
    seed = secrets.randbits(32) if seed is None else seed
    options = with_trouble(CallOptions(seed=seed), troubles)
    report = run(_call(service, public, account, from_, to, script_of(clips), options))
    if report.failure is not None and report.first_audio_s is None and not report.utterances:
        raise ConfigError(f"{service}: {report.failure}")
    keep_and_show(report, out, n_clips=len(clips))


def with_trouble(options: CallOptions, texts: Sequence[str]) -> CallOptions:
    """How calls go, with what was ordered to go wrong.

    Raises:
        ConfigError: a text orders no such thing.
    """
    try:
        return with_troubles(options, texts)
    except ValueError as wrong:
        raise ConfigError(f"--trouble {wrong}") from None


def origin_of(text: str, option: str) -> str:
    """A service's origin, without a slash at its end.

    Raises:
        ConfigError: it is none.
    """
    parts = urlsplit(text)
    try:
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        good = False
    if not good or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigError(f"{option} {text}: write it as http://127.0.0.1:8080")
    return f"{parts.scheme}://{parts.netloc}"


def account_of(environment: Mapping[str, str], token: str | None) -> Account:
    """The account that is played: the one that is set, or any."""
    given = token or environment.get("TWILIO_AUTH_TOKEN", "").split(",")[0].strip()
    sid = environment.get("TWILIO_ACCOUNT_SID", "").strip() or NOBODY
    keys = {}
    if key := environment.get("TWILIO_API_KEY", "").strip():
        keys[key] = environment.get("TWILIO_API_SECRET", "").strip()
    return Account(sid, given or secrets.token_hex(16), keys)


def number_of(tenant: str) -> str:
    """The first number of a tenant, from its file.

    Raises:
        ConfigError: there is no such tenant, or no number that could be called.
    """
    ready = read_tenants(load_settings(None)).current.by_name.get(tenant)
    if ready is None:
        raise ConfigError(f"--tenant {tenant}: there is none in the folder of tenants")
    for number in ready.tenant.numbers:
        if number.removeprefix("+").isdigit():
            return number
    raise ConfigError(f"--tenant {tenant}: it has no number of its own; say which: --to +1...")


async def _call(
    service: str,
    public: str,
    account: Account,
    from_: str,
    to: str,
    script: Script,
    options: CallOptions,
) -> PhoneReport:
    async with switchboard(account, reach={public: service}, seed=options.seed) as board:
        board.exchange.add_number(to, public + VOICE_PATH, status_callback=public + STATUS_PATH)
        return await board.call(from_, to, script, options)
