"""The HTTP surface over real sockets: who is let in, and what the carrier is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import aiohttp
import pytest

from agent.errors import ConfigError
from agent.service.app import endpoint_of, make_app, read_tenants, serve
from agent.service.running import Caller
from agent.service.service_file import Gemini
from agent.telephony.leg import Started
from agent.telephony.twilio.signature import sign
from tests.service.house import CALLER, NUMBER, OFFICE, OTHER_NUMBER, House, house, settings_in
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

TOKENS = ("new-token", "old-token")
PUBLIC = "https://voice.example.com"
CALL = {"CallSid": "CA1", "From": CALLER, "To": NUMBER, "Direction": "inbound"}
SIGNED: dict[str, Any] = {
    "insecure_local": False,
    "carrier_tokens": TOKENS,
    "public_url": PUBLIC,
}
type Test = Callable[[House, aiohttp.ClientSession], Awaitable[None]]


def with_house(folder: Path, test: Test, **changes: Any) -> None:
    async def main() -> None:
        async with (
            house(folder, "ws://127.0.0.1:1", **changes) as home,
            aiohttp.ClientSession() as session,
        ):
            await test(home, session)

    run_on_loopback(main())


async def ask(
    home: House, session: aiohttp.ClientSession, token: str | None = None, **form: str
) -> tuple[int, Element | str]:
    """What the webhook says to a call."""
    form = {**CALL, **form}
    headers = {}
    if token is not None:
        headers["X-Twilio-Signature"] = sign(token, f"{PUBLIC}/twilio/voice", form.items())
    url = f"{home.origin}/twilio/voice"
    async with session.post(url, data=form, headers=headers) as response:
        text = await response.text()
        return response.status, fromstring(text) if response.status == 200 else text


def test_a_call_to_a_tenants_number_is_joined_to_our_media_socket(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for token in TOKENS:
            status, document = await ask(home, session, token)
            assert status == 200
            assert isinstance(document, Element)
            [stream] = document.findall("./Connect/Stream")
            assert stream.get("url") == "wss://voice.example.com/twilio/media/1"
            parameters = [(p.get("name"), p.get("value")) for p in stream.findall("Parameter")]
            ticket = parameters[1][1]
            assert parameters == [("tenant", "shop"), ("ticket", ticket), ("attempt", "0")]
            assert len(parameters[1][1] or "") >= 20

    with_house(tmp_path, test, **SIGNED)


@pytest.mark.parametrize("token", [None, "wrong-token", ""])
def test_a_request_that_the_carrier_did_not_sign_is_refused(
    token: str | None, tmp_path: Path
) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        assert await ask(home, session, token) == (403, "the signature does not match\n")
        assert home.service.counters == {"refused_signature": 1}
        [line] = home.lines("request.refused")
        assert (line["reason"], line["path"]) == ("signature", "/twilio/voice")

    with_house(tmp_path, test, **SIGNED)


@pytest.mark.parametrize(("changes", "believed"), [({}, CALLER), (SIGNED, None)])
def test_a_stream_s_word_for_the_caller_s_number_counts_on_loopback_only(
    changes: dict[str, Any], believed: str | None, tmp_path: Path
) -> None:
    started = Started("MZ1", "CA1", "AC1", {"tenant": "shop", "from": CALLER})

    async def test(home: House, _: aiohttp.ClientSession) -> None:
        assert home.service.caller_of(started) == Caller(believed)
        shop = home.service.tenants.by_name["shop"]
        await home.service.announced(shop, "CA1", OTHER_NUMBER)
        assert home.service.caller_of(started) == Caller(OTHER_NUMBER)

    with_house(tmp_path, test, **changes)


def test_a_signed_form_cannot_be_changed(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        signature = sign(TOKENS[0], f"{PUBLIC}/twilio/voice", CALL.items())
        async with session.post(
            f"{home.origin}/twilio/voice",
            data={**CALL, "To": "+15550100199"},
            headers={"X-Twilio-Signature": signature},
        ) as response:
            assert response.status == 403

    with_house(tmp_path, test, **SIGNED)


def test_a_number_of_nobody_is_told_so(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for number in ("+15550100177", "", "nonsense"):
            _, document = await ask(home, session, To=number)
            assert isinstance(document, Element)
            assert [child.tag for child in document] == ["Say", "Hangup"]
            assert "not in service" in (document.findtext("Say") or "")
        assert home.service.counters == {"refused_unknown_number": 3}
        assert CALLER not in home.log.getvalue()

    with_house(tmp_path, test)


def test_a_caller_is_told_when_all_lines_are_busy(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, calls=1) as home,
            aiohttp.ClientSession() as session,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.until("media")
            _, document = await ask(home, session)
            assert isinstance(document, Element)
            assert "busy" in (document.findtext("Say") or "")
            assert home.service.counters == {"answered": 1, "refused_service_full": 1}

    run_on_loopback(main())


def test_the_webhooks_caller_is_known_to_the_call_that_follows(tmp_path: Path) -> None:
    """Functions are told who calls; the carrier's `start` does not say."""

    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            aiohttp.ClientSession() as session,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await ask(home, session, CallSid=phone.call_id)
            assert home.service._callers == {phone.call_id: Caller(CALLER, line=NUMBER)}
            await phone.open()
            await phone.until("media")
            assert home.service._callers == {}

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"To=+1", "text/plain", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"To=%2B1", "application/x-www-form-urlencoded; charset=klingon", 400),
        (b"To=\xff\xfe", "application/x-www-form-urlencoded; charset=utf-8", 400),
        (b"To=" + b"1" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused_without_a_traceback(
    body: bytes, kind: str, status: int, tmp_path: Path
) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        url, headers = f"{home.origin}/twilio/voice", {"Content-Type": kind}
        async with session.post(url, data=body, headers=headers) as response:
            assert response.status == status
        assert home.log.getvalue() == ""

    with_house(tmp_path, test)


def test_a_form_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async def test(home: House, _: aiohttp.ClientSession) -> None:
        host, port = home.origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nTo="
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(11)  # the server lingers for ten seconds, for the rest of the form

    with_house(tmp_path, test)


def test_without_a_public_url_only_loopback_is_a_host(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, document = await ask(home, session)
        assert isinstance(document, Element)
        url = document.find("./Connect/Stream")
        assert url is not None
        assert url.get("url") == f"{home.origin.replace('http', 'ws')}/twilio/media/1"
        async with session.post(
            f"{home.origin}/twilio/voice", data=CALL, headers={"Host": "elsewhere.example"}
        ) as response:
            assert response.status == 400

    with_house(tmp_path, test)


async def upgrade(home: House, path: str, signature: str | None) -> int:
    """The status that the media socket's upgrade is answered with; 101 when it is taken."""
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    url = f"{home.origin.replace('http', 'ws')}{path}"
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


def test_a_media_socket_is_taken_from_the_carrier_only(tmp_path: Path) -> None:
    media = f"{PUBLIC.replace('https', 'wss')}/twilio/media/1"

    async def test(home: House, _: aiohttp.ClientSession) -> None:
        for url in (media, f"{media}/", media.replace(".com", ".com:443")):
            assert await upgrade(home, "/twilio/media/1", sign(TOKENS[0], url)) == 101
        assert await upgrade(home, "/twilio/media/1", sign("wrong-token", media)) == 403
        assert await upgrade(home, "/twilio/media/1", sign(TOKENS[0], f"{media}x")) == 403
        assert await upgrade(home, "/twilio/media/1", None) == 403
        assert await upgrade(home, "/twilio/media/local", sign(TOKENS[0], media)) == 404
        await home.quiet(within_s=1)

    with_house(tmp_path, test, **SIGNED)


def test_a_media_socket_is_no_page(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{home.origin}/twilio/media/local") as response:
            assert response.status == 400

    with_house(tmp_path, test)


def test_health_and_readiness(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        async def get(path: str) -> tuple[int, str]:
            async with session.get(f"{home.origin}{path}") as response:
                return response.status, await response.text()

        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (200, "ready, 0 calls\n")
        await home.service.drain()
        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (503, "draining\n")
        _, document = await ask(home, session)
        assert isinstance(document, Element)
        assert [child.tag for child in document] == ["Say", "Hangup"]

    with_house(tmp_path, test)


@pytest.mark.parametrize(
    "changes",
    [
        {"insecure_local": False},
        {"gemini_url": "nonsense"},
        {"gemini_url": None},
    ],
)
def test_what_cannot_work_is_not_made(changes: dict[str, Any], tmp_path: Path) -> None:
    settings = settings_in(tmp_path, **changes)
    with pytest.raises(ConfigError):
        make_app(settings, read_tenants(settings))


def test_an_address_that_cannot_be_had_is_a_configuration_error(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    tenants = read_tenants(settings)

    async def main() -> None:
        runner, port = await serve(make_app(settings, tenants), "127.0.0.1", 0)
        for host in ("127.0.0.1", "203.0.113.7", "a..b"):
            with pytest.raises(ConfigError, match=f"cannot listen on {host}:{port}: "):
                await serve(make_app(settings, tenants), host, port)
        await runner.cleanup()

    run_on_loopback(main())


def test_the_models_service_is_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    developer = settings_in(tmp_path, gemini_url=None, gemini_key="k")
    assert str(endpoint_of(developer).url).startswith("wss://generativelanguage.googleapis.com/")
    assert endpoint_of(developer).key == "k"
    monkeypatch.setenv("SEAMLINE_VERTEX_TOKEN", "t")
    gemini = Gemini(surface="vertex", project="p", location="europe-west4")
    vertex = endpoint_of(settings_in(tmp_path, gemini=gemini, gemini_url=None, gemini_key="k"))
    assert vertex.url.host == "europe-west4-aiplatform.googleapis.com"
    assert vertex.key is None
    assert vertex.token is not None


def test_a_caller_who_comes_when_it_is_closed_hears_what_the_tenant_says(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        year = datetime.now(UTC).year
        always = f"holidays: [{year}-01-01..{year}-12-31, {year + 1}-01-01..{year + 1}-12-31]"
        for hours, says in (
            ("open: {mon-sun: 0:00-24:00}", None),
            (always, "We are closed."),
        ):
            closed = f"hours: {{{hours}, closed: {{say: We are closed.}}}}\n"
            (tmp_path / "office.yaml").write_text(OFFICE + closed)
            await home.service._store.reload()
            _, document = await ask(home, session, To=OTHER_NUMBER)
            assert isinstance(document, Element)
            assert document.findtext("Say") == says
        assert home.service.counters == {"refused_closed": 1}

    with_house(tmp_path, test)


def test_one_caller_too_many_hears_what_the_tenant_says(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        limits = "limits: {concurrent: 1, overflow: {say: Do call later.}}\n"
        (tmp_path / "office.yaml").write_text(OFFICE + limits)
        await home.service._store.reload()
        async with phone_side(home.local, media_every_s=0.02) as phone:
            await phone.open(tenant="office")
            await asyncio.sleep(0.1)
            _, document = await ask(home, session, To=OTHER_NUMBER)
            assert isinstance(document, Element)
            assert document.findtext("Say") == "Do call later."

    with_house(tmp_path, test)
