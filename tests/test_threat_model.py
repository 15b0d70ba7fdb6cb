"""The threat model speaks of every route that the service has, and of no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from agent.service.app import make_app, read_tenants
from tests.service.house import settings_in

PAGE = Path(__file__).parents[1] / "THREAT_MODEL.md"
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
ROUTE = re.compile(r"\b(GET|POST|DELETE)\b|(?<=\s)(/[^\s,]*)")
LISTED = re.compile(r"^\| `(POST /[^`]+)` \|", re.MULTILINE)
QUESTIONS = ("Who can call", "With what", "What they could gain", "What stops them")
SIGNED = {"insecure_local": False, "carrier_tokens": ("t",), "public_url": "https://a.example.com"}


def named(heading: str) -> Iterator[str]:
    """The routes of a heading: `GET, POST /a, /b` are four."""
    methods: list[str] = []
    complete = True
    for method, path in ROUTE.findall(heading):
        if path:
            complete = True
            yield from (f"{method} {path}" for method in methods if "..." not in path)
        else:
            methods = [method] if complete else [*methods, method]
            complete = False


def sections() -> dict[str, tuple[str, set[str]]]:
    """The text and the routes of each part of the page that is about routes, by its heading."""
    _, *parts = HEADING.split(re.sub(r"^## .+$", "### -", PAGE.read_text(), flags=re.MULTILINE))
    found = {}
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        if routes := {*named(heading), *LISTED.findall(text)}:
            found[heading] = (text, routes)
    return found


def registered(app: web.Application) -> set[str]:
    """The routes of an application; a webhook, which may be asked by GET as well, is its POST."""
    found = {(route.method, _path(route)) for route in app.router.routes()}
    return {
        f"{method} {path.removesuffix('{slash}')}"
        for method, path in found
        if method != "HEAD"
        and not (method == "GET" and path.endswith("{slash}") and ("POST", path) in found)
    }


def _path(route: web.AbstractRoute) -> str:
    assert route.resource is not None
    return route.resource.canonical


def undescribed(app: web.Application) -> set[str]:
    """The routes that the page does not speak of."""
    return registered(app) - {route for _, routes in sections().values() for route in routes}


def app_in(folder: Path) -> web.Application:
    settings = settings_in(folder, api_token="a" * 20, **SIGNED)
    return make_app(settings, read_tenants(settings))


def test_every_route_is_in_the_threat_model_and_nothing_else_is(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    described = [route for _, routes in sections().values() for route in sorted(routes)]
    assert undescribed(app) == set()
    assert set(described) - registered(app) == set()
    assert len(described) == len(set(described)) > 40


def test_a_route_that_is_added_is_missed(tmp_path: Path) -> None:
    app = app_in(tmp_path)

    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_post("/api/surprise", answer)
    assert undescribed(app) == {"POST /api/surprise"}


@pytest.mark.parametrize("heading", sections())
def test_each_says_who_with_what_for_what_what_stops_them_and_which_test_shows_it(
    heading: str,
) -> None:
    text, _ = sections()[heading]
    assert [question for question in QUESTIONS if f"| {question}" not in text] == []
    assert re.search(r"^Tests?: .*`test_\w+`", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "routes"),
    [
        ("POST /a, /b/{key}", {"POST /a", "POST /b/{key}"}),
        ("GET, POST /a, DELETE /b (websockets)", {"GET /a", "POST /a", "DELETE /b"}),
        ("POST /a/..., and `--insecure-local`", set()),
    ],
)
def test_a_heading_names_routes(heading: str, routes: set[str]) -> None:
    assert set(named(heading)) == routes
