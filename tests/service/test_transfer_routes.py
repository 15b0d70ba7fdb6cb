"""The routes of calls that were passed on: who is let in, and what is made of strange news."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.service.house import house
from tests.service.model_side import polite
from tests.service.passing_line import Line, told
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


@pytest.mark.parametrize(
    "path",
    [
        "/twilio/transfer/done",
        "/twilio/transfer/referred",
        "/twilio/transfer/answered",
        "/twilio/transfer/dialled",
        "/twilio/transfer/done?n=3&last",
        "/twilio/transfer/done?n=-1",
        "/twilio/conference/enter/nothing",
        "/twilio/conference/left/nothing",
        "/twilio/conference/back/nothing",
        "/twilio/conference/events/nothing",
        "/twilio/conference/person/nothing",
        "/twilio/conference/key/nothing",
        "/twilio/conference/over/nothing",
        "/twilio/conference/status/nothing",
        "/twilio/conference/machine/nothing",
        "/twilio/voicemail/done",
        "/twilio/voicemail/recorded/nobody",
        "/twilio/voicemail/recorded/bella",
    ],
)
def test_what_is_told_of_calls_nobody_knows_is_borne(path: str, tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        for fields in ({}, {"CallStatus": "completed"}, {"CallSid": "", "DialCallStatus": "x"}):
            answer = await line.ask(path, **fields)
            assert {verb.tag for verb in answer} <= {"Say", "Hangup"}
            assert not any(True for _ in answer.iter("Stream"))

    told(tmp_path, story, polite)


def test_whoever_is_not_the_carrier_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        signed: dict[str, Any] = {
            "insecure_local": False,
            "carrier_tokens": ("a-token",),
            "public_url": "https://voice.example.com",
        }
        async with (
            house(tmp_path, "ws://127.0.0.1:1", **signed) as home,
            aiohttp.ClientSession() as session,
        ):
            for path in ("transfer/done", "conference/key/x", "voicemail/recorded/shop"):
                url = f"{home.origin}/twilio/{path}"
                async with session.post(url, data={"Digits": "1"}) as response:
                    assert response.status == 403

    run_on_loopback(main())
