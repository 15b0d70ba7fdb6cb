"""What the carrier is told of a call that comes in, and what is known of its caller then."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest

from agent.service.running import Caller
from agent.telephony.leg import Started
from tests.service.house import CALLER, NUMBER, OFFICE, OTHER_NUMBER, House, house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.service.webhook_side import CALL, SIGNED, TOKENS, ask, with_house
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


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
