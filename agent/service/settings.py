"""What an operator sets for the whole service: one YAML file, the environment, the command line."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.observe.wire_key import VARIABLE as WIRE_KEY
from agent.observe.wire_key import WireKey, read_keys
from agent.service.environment import account, api_token, store_of
from agent.service.service_file import Gemini, JournalKind, Log, origin, read_service_file
from agent.service.twilio_http import Account

DEFAULT_FILE = Path("config/service.yaml")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the service needs to know, checked.

    Attributes:
        tenants, functions, data: folders.
        public_url: origin as the carrier sees it, without a slash at its end; None on loopback.
        calls: the most calls at one time.
        gemini: where the model's service is.
        gemini_url: replaces scheme, host and port of the model's service.
        gemini_key: the API key of the Developer API.
        carrier_tokens: the carrier's auth tokens; two while one is being replaced.
        carrier: the account that requests to the carrier are made for; None: none are made.
        api_token: who has it may use the API and the console; None: nobody may.
        insecure_local: whether `/twilio/media/local` is open, and signatures are not asked for.
        log: what is logged.
        speak_phrases: whether the tenants' voices say the phrases of the cover beforehand.
        journal: where it is kept which functions took effect.
        prices: the price table; None: the one that comes with the package.
        traces: where traces of calls go; None: nowhere.
        store: the address of the store of calls; None: no records are kept.
        wire_keys: what locks the wires that are kept of calls; the first locks, each opens.
    """

    tenants: Path
    functions: Path
    data: Path
    public_url: str | None
    calls: int
    gemini: Gemini
    gemini_url: str | None
    gemini_key: str | None
    carrier_tokens: tuple[str, ...]
    insecure_local: bool
    log: Log
    speak_phrases: bool = False
    journal: JournalKind = "memory"
    prices: Path | None = None
    traces: str | None = None
    store: str | None = None
    wire_keys: tuple[WireKey, ...] = ()
    api_token: str | None = None
    carrier: Account | None = None

    def __repr__(self) -> str:
        return f"Settings(tenants={self.tenants}, public_url={self.public_url})"


def load_settings(
    file: Path | None,
    environment: Mapping[str, str] = os.environ,
    *,
    tenants: Path | None = None,
    public_url: str | None = None,
    gemini_url: str | None = None,
    insecure_local: bool = False,
) -> Settings:
    """Read the service's file and put environment and command line over it.

    Args:
        file: the file; None takes `config/service.yaml` where there is one, else the defaults.
        environment: `GEMINI_API_KEY`, `TWILIO_AUTH_TOKEN` (two, separated by a comma, while one
            replaces the other), `TWILIO_ACCOUNT_SID`, `TWILIO_API_KEY` and `TWILIO_API_SECRET`
            (in place of the token, for requests), `SEAMLINE_TWILIO_URL`, `SEAMLINE_PUBLIC_URL`,
            `SEAMLINE_GEMINI_URL`, `SEAMLINE_DATA`, `SEAMLINE_API_TOKEN`.
    Raises:
        ConfigError: naming what is wrong and where.
    """
    path = file or DEFAULT_FILE
    written = read_service_file(path, required=file is not None)
    url = public_url or environment.get("SEAMLINE_PUBLIC_URL") or written.public_url
    try:
        url = origin(url) if url else None
    except ValueError as error:
        raise ConfigError(f"public URL: {error}") from None
    tokens = environment.get("TWILIO_AUTH_TOKEN", "").split(",")
    other_service = gemini_url or environment.get("SEAMLINE_GEMINI_URL") or None
    speak = written.speak_phrases
    data = Path(environment.get("SEAMLINE_DATA") or path.parent / written.data)
    return Settings(
        tenants=tenants or path.parent / written.tenants,
        functions=path.parent / written.functions,
        data=data,
        public_url=url,
        calls=written.calls,
        gemini=written.gemini,
        gemini_url=other_service,
        gemini_key=environment.get("GEMINI_API_KEY") or None,
        carrier_tokens=tuple(token.strip() for token in tokens if token.strip()),
        insecure_local=insecure_local,
        log=_log_of(written.log, path.parent),
        speak_phrases=other_service is None if speak is None else speak,
        journal=written.journal,
        prices=None if written.prices is None else path.parent / written.prices,
        traces=written.traces,
        store=store_of(environment, written.store, data),
        wire_keys=read_keys(environment.get(WIRE_KEY, "")),
        api_token=api_token(environment),
        carrier=account(environment),
    )


def store_file(address: str) -> Path | None:
    """The file of a store; None: it is a server's."""
    path = address.removeprefix("sqlite:///")
    return None if path == address else Path(path)


def _log_of(log: Log, folder: Path) -> Log:
    return log if log.file is None else log.model_copy(update={"file": str(folder / log.file)})
