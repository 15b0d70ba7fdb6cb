"""`service.yaml`: what an operator writes down for the whole service."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator
from yarl import URL

from agent.errors import ConfigError
from agent.gemini.session_state import MovePolicy
from agent.tenants.parse import read_model
from agent.tenants.scalars import Switch, duration, quoted, whole
from agent.tenants.tenant import Strict, Word

STORES = ("sqlite:////", "postgresql://", "postgres://")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def origin(value: str) -> str:
    """A public URL in the one way of writing it; `ValueError`: the carrier cannot reach it."""
    try:
        url = URL(value)
        found = str(url.origin())
    except ValueError:
        found = ""
    if found.partition("://")[0] not in {"https", "http"} or str(url).rstrip("/") != found:
        raise ValueError(f"{quoted(value)} is not an origin; write https://voice.example.com")
    if url.scheme == "http" and url.host not in LOOPBACK:
        raise ValueError(f"{quoted(value)} is not encrypted: the carrier connects to https only")
    return found


def store_address(value: str) -> str:
    """An address of a store, `sqlite` (in the data folder) or `none`; else `ValueError`."""
    if value in {"sqlite", "none"} or value.startswith(STORES):
        return value
    raise ValueError(  # what is written there may hold a password: it is not repeated
        "this is no store; write sqlite, none, sqlite:////absolute/path or "
        "postgresql://user:password@host/name"
    )


def _web_address(value: str) -> str:
    try:
        url = URL(value)
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(
            f"{quoted(value)} is not an address; write http://127.0.0.1:4318/v1/traces"
        )
    return value


type WebAddress = Annotated[str, AfterValidator(_web_address)]
type JournalKind = Literal["sqlite", "memory"]
type StoreAddress = Annotated[str, AfterValidator(store_address)]
type Origin = Annotated[str, AfterValidator(origin)]


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
        prices: the price table; by default the example that comes with the package.
        traces: where a collector of OpenTelemetry takes OTLP over HTTP; none when left out.
        store: where the records of calls are kept: `sqlite`, a file in the data folder, `none`, or
            an address; `SEAMLINE_STORE` replaces it.
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
    prices: Word | None = None
    traces: WebAddress | None = None
    store: StoreAddress = "sqlite"
    log: Log = Log()


def read_service_file(path: Path, *, required: bool) -> ServiceFile:
    """Read the file; where it need not be there, all is as by default.

    Raises:
        ConfigError: every mistake in it, with its place.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such file") from None
        return ServiceFile()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return read_model(raw, str(path), ServiceFile).model
