"""The pages of the console and of the browser's telephone: a handful of files, kept in memory.

Modules and styles stand under a name that changes with their content, so a browser keeps them for
good and never mixes two versions. The pages themselves are asked for each time. They hold nothing
that is secret: what they show comes from the API, which asks who wants to know.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from agent.service.auth import has_console, settings_key

FOLDER = Path(__file__).parents[1] / "console"

TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: nothing but what this service serves; no inline script or style."""

GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}

FOR_GOOD = "public, max-age=31536000, immutable"
EACH_TIME = "no-cache"


@dataclass(frozen=True, slots=True)
class Files:
    """The files, as they are served.

    Attributes:
        digest: of all of them together; part of their path.
        assets: content and type by name, without the pages.
        pages: by name.
    """

    digest: str
    assets: Mapping[str, tuple[bytes, str]]
    pages: Mapping[str, str]


def read_files(folder: Path = FOLDER) -> Files:
    """Read them all."""
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    together = hashlib.sha256()
    for name, content in found.items():
        together.update(f"{name}\0{len(content)}\0".encode() + content)
    digest = together.hexdigest()[:16]
    assets: dict[str, tuple[bytes, str]] = {}
    pages = {}
    for name, content in found.items():
        kind = TYPES.get(Path(name).suffix)
        if kind == "text/html":
            pages[name] = content.decode().replace("{{assets}}", f"/console/assets/{digest}")
        elif kind is not None:
            assets[name] = content, kind
    return Files(digest, assets, pages)


files_key = web.AppKey("console_files", Files)


def add_file_routes(app: web.Application) -> None:
    """Serve the pages and what they load."""
    app[files_key] = read_files()
    app.router.add_get("/", _to_console)
    app.router.add_get("/console", _to_console)
    app.router.add_get("/console/", _console)
    app.router.add_get("/phone", _phone)
    app.router.add_get("/console/assets/{digest}/{name}", _asset)


def require_console(request: web.Request) -> None:
    """Let a request pass if there is a console at all.

    Raises:
        HTTPNotFound: nobody could sign in.
    """
    if not has_console(request.app[settings_key]):
        raise web.HTTPNotFound(text="SEAMLINE_API_TOKEN is not set\n")


async def _to_console(request: web.Request) -> web.Response:
    require_console(request)
    raise web.HTTPSeeOther("/console/")


async def _console(request: web.Request) -> web.Response:
    return _page(request, "console.html")


async def _phone(request: web.Request) -> web.Response:
    return _page(request, "phone.html")


def _page(request: web.Request, name: str) -> web.Response:
    require_console(request)
    return web.Response(
        text=request.app[files_key].pages[name],
        content_type="text/html",
        headers={**GUARDS, "Cache-Control": EACH_TIME},
    )


async def _asset(request: web.Request) -> web.Response:
    require_console(request)
    files = request.app[files_key]
    found = files.assets.get(request.match_info["name"])
    if found is None or request.match_info["digest"] != files.digest:
        raise web.HTTPNotFound(text="there is no such file\n")
    content, kind = found
    return web.Response(
        body=content,
        content_type=kind,
        charset="utf-8",
        headers={**GUARDS, "Cache-Control": FOR_GOOD},
    )
