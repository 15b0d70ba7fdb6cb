"""Who tells of the calls that agents make: the carrier alone, and of our orders alone."""

from pathlib import Path

import pytest

from agent.telephony.twilio.signature import sign
from tests.service.outbound_desk import Desk, at_desk
from tests.service.rest_side import LIVE

pytestmark = pytest.mark.socket


def test_a_call_of_no_order_is_hung_up_and_its_end_is_nobody_s(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        _, order = await desk.ask()
        id, origin = order["id"], desk.home.origin
        await desk.until(id, "placed")
        asked = {"CallSid": LIVE["sid"]}
        for which in ("", "?order=x&try=1", f"?order={id}", f"?order={id}&try=x",
                      f"?order={id}&try=9999", f"?order={id}&try=2"):  # fmt: skip
            assert "<Hangup" in await desk.carrier_asks(f"{origin}/twilio/outbound{which}", **asked)
            for path, fields in (
                ("outbound-status", {"CallStatus": "completed"}),
                ("amd", {"AnsweredBy": "fax"}),
            ):
                await desk.carrier_asks(f"{origin}/twilio/{path}{which}", **asked, **fields)
        found = await desk.order(id)
        assert (found["state"], found["answered_by"]) == ("placed", None)

    at_desk(tmp_path, test)


@pytest.mark.parametrize("path", ["outbound", "outbound-status", "amd"])
def test_only_the_carrier_tells_of_calls(path: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        url = f"/twilio/{path}?order=x&try=1"
        fields = {"CallSid": LIVE["sid"]}
        signed = sign("token", f"https://voice.example.com{url}", list(fields.items()))
        for signature, allowed in (("", {403}), ("bm8=", {403}), (signed, {200, 204})):
            async with desk.session.post(
                desk.home.origin + url, data=fields, headers={"X-Twilio-Signature": signature}
            ) as response:
                assert response.status in allowed

    origin = "https://voice.example.com"
    at_desk(tmp_path, test, carrier_tokens=("token",), public_url=origin, insecure_local=False)
