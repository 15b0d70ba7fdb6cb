"""What the environment says: who we are to others, and where records are kept."""

from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigError
from agent.service.service_file import store_address
from agent.service.twilio_http import CARRIER_URL, Account

CALLS_FILE = "calls.sqlite3"
SHORTEST_TOKEN = 20


def api_token(environment: Mapping[str, str]) -> str | None:
    """What the API and the console ask for; None: nobody may use them."""
    token = environment.get("SEAMLINE_API_TOKEN", "").strip()
    if token and len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"SEAMLINE_API_TOKEN has fewer than {SHORTEST_TOKEN} characters: it can be guessed; "
            "make one with: openssl rand -hex 24"
        )
    return token or None


def account(environment: Mapping[str, str]) -> Account | None:
    """Who we are to the carrier's REST API: an API key where there is one, else the auth token."""
    sid = environment.get("TWILIO_ACCOUNT_SID", "").strip()
    key = environment.get("TWILIO_API_KEY", "").strip()
    secret = environment.get("TWILIO_API_SECRET", "").strip()
    if not sid:
        if key:
            raise ConfigError("TWILIO_API_KEY is set without TWILIO_ACCOUNT_SID: export it as well")
        return None
    if bool(key) != bool(secret):
        raise ConfigError("TWILIO_API_KEY and TWILIO_API_SECRET belong together: export both")
    token = environment.get("TWILIO_AUTH_TOKEN", "").split(",")[0].strip()
    if not key and not token:
        raise ConfigError(
            "TWILIO_ACCOUNT_SID is set without a secret: export TWILIO_AUTH_TOKEN, or "
            "TWILIO_API_KEY and TWILIO_API_SECRET"
        )
    url = environment.get("SEAMLINE_TWILIO_URL", "").strip().rstrip("/") or CARRIER_URL
    return Account(sid, key or sid, secret or token, url)


def store_of(environment: Mapping[str, str], written: str, data: Path) -> str | None:
    """The address of the store; None: there is to be none."""
    try:
        address = store_address(environment.get("SEAMLINE_STORE") or written)
    except ValueError as error:
        raise ConfigError(f"SEAMLINE_STORE: {error}") from None
    if address == "none":
        return None
    if address == "sqlite":
        return f"sqlite:///{(data / CALLS_FILE).absolute()}"
    return address.replace("postgres://", "postgresql://", 1)
