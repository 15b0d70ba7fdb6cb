"""Dialling the model's service: one websocket upgrade, with every way it fails made plain.

Source: docs/protocols/gemini-live.md 1.1, 1.2, C-3, C-5, C-6, C-33.
"""

import asyncio
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from agent.errors import ConfigError, DialError
from agent.gemini.profiles import Surface
from agent.service.vertex_token import TokenSource, vertex_tokens

CONNECT_TIMEOUT_S = 5.0
"""From the name lookup to the answered upgrade (C-3)."""

TOKEN_TIMEOUT_S = 5.0

MESSAGE_LIMIT = 16 * 1024 * 1024
"""Bytes of one frame: grounding metadata gets large, memory must not (1.3)."""

CLOSE_TIMEOUT_S = 2.0

_DEVELOPER_HOST = "generativelanguage.googleapis.com"
_MULTI_REGIONS = frozenset({"us", "eu"})
_HOPELESS = {
    400: "it does not understand the request",
    401: "the key or token is not accepted",
    403: "the key or token has no access",
    404: "there is no such service there: check API version and location",
}
_SCHEMES = frozenset({"ws", "wss", "http", "https"})

__all__ = ["Endpoint", "GeminiDialler", "TokenSource", "refuse_redirects", "vertex_tokens"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the service is and who we are to it. Secrets are in no repr.

    Attributes:
        base_url: replaces scheme, host and port of the service only, as in `ws://127.0.0.1:9000`.
        api_version: of the path; by default `v1beta` (Developer API) or `v1beta1` (Vertex).
        location: Vertex: a region, `us`, `eu`, or `global`, which it is by default.
        key: API key; on Vertex, of its express mode.
        token: access tokens for Vertex; goes before `key`.

    Raises:
        ConfigError: `base_url` is no such address.
    """

    surface: Surface = "developer"
    base_url: str | None = None
    api_version: str | None = None
    location: str | None = None
    key: str | None = field(default=None, repr=False)
    token: TokenSource | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.base_url is not None:
            _check_base_url(self.base_url)

    @property
    def url(self) -> URL:
        """The address to dial; holds no secret."""
        if self.surface == "developer":
            version = self.api_version or "v1beta"
            host = _DEVELOPER_HOST
            path = f"google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
        else:
            version = self.api_version or "v1beta1"
            host = _vertex_host(self.location or "global")
            path = f"google.cloud.aiplatform.{version}.LlmBidiService/BidiGenerateContent"
        base = URL(self.base_url or f"wss://{host}")
        return base.origin() / "ws" / path

    async def headers(self) -> dict[str, str]:
        """The credentials of one upgrade; fresh, since tokens live an hour.

        Raises:
            DialError: no token within `TOKEN_TIMEOUT_S`.
        """
        if self.token is not None:
            try:
                async with asyncio.timeout(TOKEN_TIMEOUT_S):
                    token = await self.token()
            except TimeoutError:
                raise DialError(f"no access token within {TOKEN_TIMEOUT_S:g} s") from None
            return {"Authorization": f"Bearer {token}"}
        return {"x-goog-api-key": self.key} if self.key else {}


class GeminiDialler:
    """Opens sockets to one endpoint, over a client session that others may share.

    The session should be made with `middlewares=[refuse_redirects]`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session: aiohttp.ClientSession,
        *,
        timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._timeout_s = timeout_s

    async def dial(self) -> aiohttp.ClientWebSocketResponse[bool]:
        """Connect and upgrade.

        Returns:
            An open websocket whose frames, text or binary, arrive as bytes; yours to close.
            It answers pings and sends none, for the service is slow to answer (C-5, B1).
        Raises:
            DialError: with the HTTP status, if there was an answer, and whether to try again.
        """
        headers = await self._endpoint.headers()
        url = self._endpoint.url
        where = f"{url.host}:{url.port}"
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._session.ws_connect(
                    url,
                    headers=headers,
                    heartbeat=None,
                    autoping=True,
                    compress=0,
                    max_msg_size=MESSAGE_LIMIT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                    decode_text=False,
                )
        except TimeoutError:
            raise DialError(f"no answer from {where} within {self._timeout_s:g} s") from None
        except aiohttp.ClientError as error:
            # Not chained: the causes hold the request, and with it the key.
            raise _dial_error(where, error) from None


async def refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Middleware for the client session: an upgrade that is redirected is refused.

    aiohttp follows redirects of an upgrade, and takes the key along to wherever they lead.
    """
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.WSServerHandshakeError(
            response.request_info, response.history, status=response.status
        )
    return response


def _dial_error(where: str, error: aiohttp.ClientError) -> DialError:
    match error:
        case aiohttp.WSServerHandshakeError():
            return _refused(where, error.status)
        case aiohttp.ClientConnectorDNSError():
            return DialError(f"{where} cannot be found: check the name and the DNS")
        case aiohttp.ClientConnectorCertificateError():
            return DialError(f"the certificate of {where} is not valid", retryable=False)
        case aiohttp.ClientConnectorSSLError():
            return DialError(f"no TLS with {where}: does it speak it?")
        case aiohttp.ClientConnectorError():
            return DialError(f"{where} does not take connections: {error.os_error.strerror}")
        case aiohttp.ClientResponseError():
            return DialError(f"{where} does not speak HTTP")
        case _:
            return DialError(f"{where} closed the connection before it answered")


def _refused(where: str, status: int) -> DialError:
    if status in _HOPELESS:
        text = f"{where} refused with HTTP {status}: {_HOPELESS[status]}"
        return DialError(text, status=status, retryable=False)
    if status == 429:
        text = f"{where} refused with HTTP 429: quota or concurrent sessions are used up"
        return DialError(text, status=status)
    retryable = status >= 500
    text = f"{where} answered HTTP {status}" + ("" if retryable else ", which is no websocket")
    return DialError(text, status=status, retryable=retryable)


def _check_base_url(text: str) -> None:
    try:
        url = URL(text)
        fits = url.scheme in _SCHEMES and url.host and url.path == "/" and not url.query_string
    except ValueError:
        fits = False
    if not fits or url.user or url.password:
        raise ConfigError(f"{_shown(text)!r} is no address like ws://127.0.0.1:9000")


def _shown(text: str) -> str:
    return text.rpartition("@")[2].partition("?")[0]  # without what may be a secret


def _vertex_host(location: str) -> str:
    if location == "global":
        return "aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-aiplatform.googleapis.com"
