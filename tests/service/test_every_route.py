"""What every route of the carrier's has in common, those that are added later included."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.service.app import make_app, read_tenants
from agent.telephony.twilio.signature import sign
from tests.service.house import house, settings_in
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

TOKEN, PUBLIC = "a-token", "https://voice.example.com"
SIGNED: dict[str, Any] = {"insecure_local": False, "carrier_tokens": (TOKEN,), "public_url": PUBLIC}
OURS = {"key": "nothing", "tenant": "shop", "slash": ""}


def routes(app: web.Application) -> set[tuple[str, str]]:
    """Method and path of every route of the carrier's but the media sockets."""
    found = set()
    for route in app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if path.startswith("/twilio/") and not path.startswith("/twilio/media/"):
            for part, value in OURS.items():
                path = path.replace(f"{{{part}}}", value)
            found.add((route.method, path))
    return {(method, path) for method, path in found if method in {"GET", "POST"}}


def test_a_request_that_the_carrier_did_not_sign_is_refused_everywhere(tmp_path: Path) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path, gemini_url="ws://127.0.0.1:1", **SIGNED)
        every = routes(make_app(settings, read_tenants(settings)))
        assert len(every) > 40
        assert ("POST", "/twilio/voice") in every
        async with (
            asyncio.timeout(60),
            house(tmp_path, "ws://127.0.0.1:1", **SIGNED) as home,
            aiohttp.ClientSession() as session,
        ):
            for method, path in sorted(every):
                for signature in (None, "bm8=", sign("another", PUBLIC + path, [])):
                    headers = {} if signature is None else {"X-Twilio-Signature": signature}
                    data = None if method == "GET" else aiohttp.FormData({"CallSid": "CA1"})
                    url = home.origin + path
                    async with session.request(method, url, data=data, headers=headers) as answer:
                        assert answer.status == 403, (method, path, signature)
                fields = [] if method == "GET" else [("CallSid", "CA1")]
                good = {"X-Twilio-Signature": sign(TOKEN, PUBLIC + path, fields)}
                data = None if method == "GET" else aiohttp.FormData(fields)
                async with session.request(
                    method, home.origin + path, data=data, headers=good
                ) as answer:
                    assert answer.status in {200, 204}, (method, path)
            assert home.service.counters["refused_signature"] == 3 * len(every)

    run_on_loopback(main())
