"""The carrier's own recording begins, pauses and goes on as the call says."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from agent.service.background import in_background
from agent.service.carrier_recording import CarrierRecording
from tests.service.house import captured_log
from tests.service.rest_side import CALL, Answer, Carrier, account_of, refused
from tests.support.patient_loop import run_on_loopback

RECORDING = "RE" + "2" * 32
MADE = web.json_response({"sid": RECORDING, "status": "in-progress"})
PATH = f"Calls/{CALL}/Recordings.json"
ONE = f"Calls/{CALL}/Recordings/{RECORDING}.json"


def recorded(
    carrier: Carrier, act: Callable[[CarrierRecording], Awaitable[None]], call: str = CALL
) -> tuple[Counter[str], list[str]]:
    """What was counted, and the reasons that were logged."""
    counters: Counter[str] = Counter()

    async def main() -> None:
        async with account_of(carrier) as rest:
            recording = CarrierRecording(rest, call, counters)
            async with in_background(recording.run(), "failed"):
                await act(recording)

    with captured_log() as log:
        run_on_loopback(main())
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert all(line["event"] == "carrier_recording.failed" for line in lines)
    return counters, [line["reason"] for line in lines]


async def whole(recording: CarrierRecording) -> None:
    for on in (True, False, True):
        recording.keep(on)
        await asyncio.sleep(1)


def asked(carrier: Carrier) -> list[tuple[str, dict[str, str]]]:
    return [(path, dict(form)) for _, path, form in carrier.asked]


def test_it_begins_pauses_and_goes_on() -> None:
    carrier = Carrier(MADE)

    counters, reasons = recorded(carrier, whole)

    assert asked(carrier) == [
        (PATH, {"RecordingChannels": "dual"}),
        (ONE, {"Status": "paused", "PauseBehavior": "silence"}),
        (ONE, {"Status": "in-progress"}),
    ]
    assert (counters, reasons) == ({"carrier_recordings": 1}, [])


def test_before_the_call_says_so_nothing_is_recorded() -> None:
    carrier = Carrier(MADE)

    async def act(recording: CarrierRecording) -> None:
        recording.keep(False)
        await asyncio.sleep(1)

    recorded(carrier, act)

    assert carrier.asked == []


def test_a_pause_that_comes_while_it_begins_is_not_forgotten() -> None:
    carrier = Carrier(MADE)

    async def act(recording: CarrierRecording) -> None:
        recording.keep(True)
        await asyncio.sleep(0)
        recording.keep(False)
        await asyncio.sleep(1)

    recorded(carrier, act)

    assert [form.get("Status") for _, form in asked(carrier)] == [None, "paused"]


def test_a_carrier_that_does_not_record_is_counted_and_not_asked_again() -> None:
    carrier = Carrier(refused(400, 21220))

    counters, reasons = recorded(carrier, whole)

    assert counters == {"carrier_recordings_failed": 1}
    assert len(reasons) == len(carrier.asked) == 1


def test_a_recording_that_cannot_be_paused_is_ended() -> None:
    carrier = Carrier(MADE, refused(400, 20001), MADE)

    counters, reasons = recorded(carrier, whole)

    assert [form.get("Status") for _, form in asked(carrier)] == [None, "paused", "stopped"]
    assert counters == {"carrier_recordings": 1, "carrier_recordings_failed": 1}
    assert len(reasons) == 1


@pytest.mark.parametrize(
    "answer", [refused(503), web.Response(text="garbage"), web.json_response({})]
)
def test_one_that_may_have_begun_is_ended_by_whatever_name(answer: Answer) -> None:
    carrier = Carrier(answer, MADE)

    counters, reasons = recorded(carrier, whole)

    stop = (f"Calls/{CALL}/Recordings/Twilio.CURRENT.json", {"Status": "stopped"})
    assert asked(carrier) == [(PATH, {"RecordingChannels": "dual"}), stop]
    assert counters == {"carrier_recordings_failed": 1}
    assert len(reasons) == 1


@pytest.mark.parametrize("wants", [[True, False], [True, False, True]])
def test_one_that_does_not_do_as_it_is_told_is_ended_as_soon_as_the_carrier_answers(
    wants: list[bool],
) -> None:
    down = [refused(503)] * 7  # the request itself, and one to end it, each repeated
    pauses = [MADE] * (len(wants) - 2)
    carrier = Carrier(MADE, *pauses, *down, MADE)

    async def act(recording: CarrierRecording) -> None:
        for on in wants:
            recording.keep(on)
            await asyncio.sleep(1)
        await asyncio.sleep(60)

    counters, reasons = recorded(carrier, act)

    assert asked(carrier)[-1] == (ONE, {"Status": "stopped"})
    assert len(asked(carrier)) == len(carrier.asked) == 1 + len(pauses) + len(down) + 1
    assert counters == {"carrier_recordings": 1, "carrier_recordings_failed": 1}
    assert len(reasons) == 1


def test_one_that_is_over_is_not_ended_again() -> None:
    carrier = Carrier(MADE, refused(404, 20404))

    recorded(carrier, whole)

    assert [form.get("Status") for _, form in asked(carrier)] == [None, "paused", "stopped"]


def test_a_call_that_the_carrier_does_not_know_is_counted() -> None:
    counters, reasons = recorded(Carrier(MADE), whole, call="local")

    assert counters == {"carrier_recordings_failed": 1}
    assert len(reasons) == 1


def test_a_recording_without_a_name_is_counted() -> None:
    counters, reasons = recorded(Carrier(web.json_response({})), whole)

    assert counters == {"carrier_recordings_failed": 1}
    assert reasons == ["the carrier named no recording"]
