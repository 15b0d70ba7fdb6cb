"""Access tokens for Vertex, from wherever the operator keeps them.

Source: docs/protocols/gemini-live.md 1.2. A token lives about an hour and is needed for the
upgrade only, so each dial asks anew.
"""

import asyncio
import importlib
import importlib.util
import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, DialError

type TokenSource = Callable[[], Coroutine[Any, Any, str]]
"""Gives a fresh access token for one upgrade; raises DialError when it cannot."""

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def vertex_tokens(environment: Mapping[str, str] = os.environ) -> TokenSource:
    """The first way to a token that is there.

    Args:
        environment: `SEAMLINE_VERTEX_TOKEN` (a token, for trying things out) or
            `SEAMLINE_VERTEX_TOKEN_FILE` (kept fresh by others); else Google's own defaults, if the
            package google-auth is installed.
    Raises:
        ConfigError: there is none of them.
    """
    token = environment.get("SEAMLINE_VERTEX_TOKEN")
    if token:
        return _fixed(token)
    file = environment.get("SEAMLINE_VERTEX_TOKEN_FILE")
    if file:
        return _from_file(Path(file))
    if importlib.util.find_spec("google") and importlib.util.find_spec("google.auth"):
        return DefaultCredentials().token
    raise ConfigError(
        "Vertex needs a token: set SEAMLINE_VERTEX_TOKEN_FILE, or install google-auth[requests]"
    )


def _fixed(token: str) -> TokenSource:
    async def give() -> str:
        return token

    return give


def _from_file(path: Path) -> TokenSource:
    async def give() -> str:
        try:
            return (await asyncio.to_thread(path.read_text)).strip()
        except (OSError, ValueError) as error:
            text = f"no access token in {path}: {type(error).__name__}"
            raise DialError(text, retryable=False) from None

    return give


class DefaultCredentials:
    """Google's application default credentials, through google-auth, in a thread."""

    def __init__(self) -> None:
        self._credentials: Any = None
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token that is still valid; fetched only when the last one is not.

        Raises:
            DialError: there are no credentials, or they cannot be refreshed.
        """
        async with self._lock:
            return await asyncio.to_thread(self._fetch)

    def _fetch(self) -> str:
        auth = importlib.import_module("google.auth")
        errors = importlib.import_module("google.auth.exceptions")
        try:
            transport = importlib.import_module("google.auth.transport.requests")
            if self._credentials is None:
                self._credentials, _ = auth.default(scopes=[SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(transport.Request())
        except ImportError:
            text = "google-auth cannot fetch tokens without requests: install google-auth[requests]"
            raise DialError(text, retryable=False) from None
        except errors.GoogleAuthError as error:
            text = f"no access token from Google's default credentials: {type(error).__name__}"
            raise DialError(text, retryable=bool(error.retryable)) from None
        return str(self._credentials.token)
