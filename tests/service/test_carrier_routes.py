"""What the carrier is answered, whatever strangers write into a call's fields."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.service.carrier_desk import Desk, desk
from tests.service.house import OFFICE, OTHER_NUMBER, House, house
from tests.service.model_side import fake_model, polite
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

HOSTILE = [
    '"/><Parameter name="tenant" value="office"/><x y="',
    "</Parameter></Stream></Connect><Dial>+19005550100</Dial>",
    "]]><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "\u2028\u202e<script>alert(1)</script>",
]
SKELETON = ["Response", "Connect", "Stream", "Parameter", "Parameter", "Parameter", "Redirect"]


def tags(document: Element) -> list[str]:
    return [element.tag for element in document.iter()]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_caller_s_name_number_or_headers_is_in_the_document(
    text: str, tmp_path: Path
) -> None:
    async def test(home: House, carrier: Desk) -> None:
        fields = {
            "From": text,
            "CallerName": text,
            "FromCity": text,
            "SipHeader_X-Customer": text,
            "SipCallId": text,
            "ForwardedFrom": text,
        }
        document = await carrier.ask("/twilio/voice", CallStatus="ringing", **fields)
        assert tags(document) == SKELETON
        assert carrier.parameters["tenant"] == "shop"
        assert not any(text in value for e in document.iter() for value in e.attrib.values())
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        assert tags(await carrier.go_on(**fields)) == SKELETON
        document = await carrier.ask("/twilio/voice", CallSid=text, **fields)
        assert tags(document) == SKELETON
        document = await carrier.ask(f"/twilio/continue?attempt={'%22%3E' * 5}", CallSid=text)
        assert tags(document) == ["Response", "Say", "Hangup"]

    run(tmp_path, test)


@pytest.mark.parametrize("text", ["<Dial>+1900</Dial> & more", '"quoted" <!-- & -->'])
def test_what_a_tenant_wrote_is_said_as_it_is_written(text: str, tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        year = datetime.now(UTC).year
        days = f"{year}-01-01..{year}-12-31, {year + 1}-01-01..{year + 1}-12-31"
        hours = f"hours: {{holidays: [{days}], closed: {{say: '{text}'}}}}\n"
        extra = f"fallback: {{say: '{text}'}}\n{hours}"
        (tmp_path / "office.yaml").write_text(OFFICE + extra)
        assert await home.service.tenant_store.reload()
        document = await carrier.ring()
        assert tags(document) == ["Response", "Say", "Hangup"]
        assert document.findtext("Say") == text
        document = await carrier.ask("/twilio/continue")
        assert document.findtext("Say") == text

    run(tmp_path, test, to=OTHER_NUMBER)


def test_a_webhook_may_be_asked_by_get_and_with_a_slash(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        assert tags(await carrier.ask("/twilio/voice/")) == SKELETON
        url = f"{home.origin}/twilio/voice"
        fields = {"CallSid": carrier.call_id, "To": carrier.to}
        async with carrier.session.get(url, params=fields) as response:
            assert response.status == 200
            assert "<Connect>" in await response.text()

    run(tmp_path, test)


def run(folder: Path, test: Callable[[House, Desk], Awaitable[None]], **options: str) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(folder, model.url) as home,
            desk(home, **options) as carrier,
        ):
            await test(home, carrier)

    run_on_loopback(main())
