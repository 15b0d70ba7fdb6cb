"""What the service cannot start without."""

from yarl import URL

from agent.errors import ConfigError
from agent.service.loopback import is_loopback
from agent.service.settings import Settings


def check_for_service(settings: Settings) -> None:
    """Refuse to start with something missing; every problem at once, each with its remedy.

    Raises:
        ConfigError: what is missing.
    """
    problems = []
    if settings.gemini_url is None:
        if settings.gemini.surface == "developer" and settings.gemini_key is None:
            problems.append(
                "GEMINI_API_KEY is not set: export it, or name another service by --gemini-url"
            )
        if settings.gemini.surface == "vertex" and settings.gemini.project is None:
            problems.append("gemini.project is not set: Vertex needs it in service.yaml")
    if settings.gemini_key is not None and settings.gemini_url is not None:
        url = URL(settings.gemini_url)
        if url.scheme in {"ws", "http"} and not is_loopback(url.host or ""):
            problems.append(
                f"--gemini-url {settings.gemini_url}: GEMINI_API_KEY would travel in clear; "
                "use wss:// or unset the key"
            )
    if not settings.insecure_local:
        if not settings.carrier_tokens:
            problems.append(
                "TWILIO_AUTH_TOKEN is not set: export it, or use --insecure-local (loopback only)"
            )
        if settings.public_url is None:
            problems.append(
                "the public URL is not set: use --public-url https://..., SEAMLINE_PUBLIC_URL or "
                "public_url in service.yaml"
            )
    if problems:
        raise ConfigError(*problems)
