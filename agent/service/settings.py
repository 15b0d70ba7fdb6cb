"""What an operator sets for the whole service: one YAML file, the environment, the command line."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator
from yarl import URL

from agent.errors import ConfigError
from agent.gemini.session_state import MovePolicy
from agent.tenants.parse import read_model
from agent.tenants.scalars import Switch, duration, quoted, whole
from agent.tenants.tenant import Strict, Word

DEFAULT_FILE = Path("config/service.yaml")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_TOKEN = 20


def _origin(value: str) -> str:
    try:
        url = URL(value)
        origin = str(url.origin())
    except ValueError:
        origin = ""
    if origin.partition("://")[0] not in {"https", "http"} or str(url).rstrip("/") != origin:
        raise ValueError(f"{quoted(value)} is not an origin; write https://voice.example.com")
    if url.scheme == "http" and url.host not in LOOPBACK:
        raise ValueError(f"{quoted(value)} is not encrypted: the carrier connects to https only")
    return origin


type JournalKind = Literal["sqlite", "memory"]
type Origin = Annotated[str, AfterValidator(_origin)]


class Gemini(Strict):
    """Where the model's service is.

    Attributes:
        surface: `developer` (an API key) or `vertex` (a Google Cloud project).
        api_version: of the Developer API's path.
        project: of Vertex.
        location: of Vertex: a region, `us`, `eu` or `global`.
        connection_age: leave a connection by then, announced or not; by default what is known of
            the model.
        predial: whether the next socket is opened early, before it is needed.
        overlap: whether the service bears two sockets of one session for a moment; only where that
            is known (docs/protocols/gemini-live.md C-22).
    """

    surface: Literal["developer", "vertex"] = "developer"
    api_version: Literal["v1beta", "v1alpha", "v1"] = "v1beta"
    project: Word | None = None
    location: Word = "us-central1"
    connection_age: Annotated[float, duration(20, 3600)] | None = None
    predial: Switch = True
    overlap: Switch = False

    @property
    def moves(self) -> MovePolicy:
        """How a call's session gets from one connection to the next."""
        return MovePolicy(age_s=self.connection_age, predial=self.predial, overlap=self.overlap)


class Log(Strict):
    """What is logged.

    Attributes:
        level: the least severe kind of line.
        personal_data: whether `pii.` keys (numbers, words, tool arguments) are kept.
        file: where lines go; standard error when left out.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    personal_data: Switch = False
    file: Word | None = None


class ServiceFile(Strict):
    """`service.yaml`. Paths in it are relative to the file.

    Attributes:
        tenants: the folder of tenant files.
        functions: the folder of Python functions that tenants name as tools.
        data: the folder of databases and recordings; `SEAMLINE_DATA` replaces it.
        public_url: the origin under which the carrier reaches this service;
            `SEAMLINE_PUBLIC_URL` replaces it.
        calls: the most calls at one time; a further caller is told so.
        gemini: where the model's service is.
        speak_phrases: whether the tenants' voices say the phrases of the cover beforehand; by
            default with the model's own service, not with one named by `--gemini-url`.
        journal: where it is kept which functions took effect: `sqlite`, a file in the data folder
            that outlives a crash, or `memory`.
        log: what is logged.
    """

    tenants: Word = "tenants"
    functions: Word = "functions"
    data: Word = "../var"
    public_url: Origin | None = None
    calls: Annotated[int, whole(1, 100_000)] = 200
    gemini: Gemini = Gemini()
    speak_phrases: Switch | None = None
    journal: JournalKind = "sqlite"
    log: Log = Log()


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
        api_token: who has it may use the API and the console; None: nobody may.
        insecure_local: whether `/twilio/media/local` is open, and signatures are not asked for.
        log: what is logged.
        speak_phrases: whether the tenants' voices say the phrases of the cover beforehand.
        journal: where it is kept which functions took effect.
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
    api_token: str | None = None

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
            replaces the other), `SEAMLINE_PUBLIC_URL`, `SEAMLINE_GEMINI_URL`, `SEAMLINE_DATA`,
            `SEAMLINE_API_TOKEN`.
    Raises:
        ConfigError: naming what is wrong and where.
    """
    path = file or DEFAULT_FILE
    written = _read(path, required=file is not None)
    origin = public_url or environment.get("SEAMLINE_PUBLIC_URL") or written.public_url
    try:
        origin = _origin(origin) if origin else None
    except ValueError as error:
        raise ConfigError(f"public URL: {error}") from None
    tokens = environment.get("TWILIO_AUTH_TOKEN", "").split(",")
    other_service = gemini_url or environment.get("SEAMLINE_GEMINI_URL") or None
    speak = written.speak_phrases
    return Settings(
        tenants=tenants or path.parent / written.tenants,
        functions=path.parent / written.functions,
        data=Path(environment.get("SEAMLINE_DATA") or path.parent / written.data),
        public_url=origin,
        calls=written.calls,
        gemini=written.gemini,
        gemini_url=other_service,
        gemini_key=environment.get("GEMINI_API_KEY") or None,
        carrier_tokens=tuple(token.strip() for token in tokens if token.strip()),
        insecure_local=insecure_local,
        log=_log_of(written.log, path.parent),
        speak_phrases=other_service is None if speak is None else speak,
        journal=written.journal,
        api_token=_token(environment),
    )


def _token(environment: Mapping[str, str]) -> str | None:
    token = environment.get("SEAMLINE_API_TOKEN", "").strip()
    if token and len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"SEAMLINE_API_TOKEN has fewer than {SHORTEST_TOKEN} characters: it can be guessed; "
            "make one with: openssl rand -hex 24"
        )
    return token or None


def _log_of(log: Log, folder: Path) -> Log:
    return log if log.file is None else log.model_copy(update={"file": str(folder / log.file)})


def _read(path: Path, *, required: bool) -> ServiceFile:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such file") from None
        return ServiceFile()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return read_model(raw, str(path), ServiceFile).model


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


def is_loopback(host: str) -> bool:
    """Whether an address or a name is this machine's own and no other can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
