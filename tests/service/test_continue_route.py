"""The carrier asks what next: back to the call, to an apology, or to nothing more."""

from pathlib import Path

import pytest

from agent.call.core import Call
from agent.service.continuation import MOST_ATTEMPTS
from tests.service.carrier_desk import Desk, with_desk
from tests.service.house import OTHER_NUMBER, House

pytestmark = pytest.mark.socket


def test_a_call_that_nobody_knows_hears_an_apology_in_its_tenant_s_words(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        document = await carrier.ask("/twilio/continue?attempt=1")
        assert "Please call again" in (document.findtext("Say") or "")
        text = (tmp_path / "office.yaml").read_text() + "fallback: {say: Do write to us.}\n"
        (tmp_path / "office.yaml").write_text(text)
        await home.service._store.reload()
        document = await carrier.ask("/twilio/continue", To=OTHER_NUMBER)
        assert document.findtext("Say") == "Do write to us."
        document = await carrier.ask("/twilio/continue", To="nobody")
        assert [child.tag for child in document] == ["Say", "Hangup"]
        assert home.service.counters == {"continued_unknown": 3}

    with_desk(tmp_path, test)


def test_sockets_that_fail_in_a_row_are_given_up(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        for attempt in range(1, MOST_ATTEMPTS + 1):
            document = await carrier.go_on()
            assert carrier.parameters["attempt"] == str(attempt)
            assert (document.find("Pause") is not None) == (attempt > 1)
        document = await carrier.go_on()
        assert [child.tag for child in document] == ["Say", "Hangup"]
        await home.quiet(1)
        assert home.ended()["outcome"] == "phone_lost"
        assert home.service.counters["continued_in_vain"] == 1

    with_desk(tmp_path, test)


def test_a_call_that_is_given_up_goes_where_its_tenant_says(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        text = (tmp_path / "office.yaml").read_text()
        words = "fallback: {then: voicemail}\nvoicemail: {say: Please speak.}\n"
        (tmp_path / "office.yaml").write_text(text + words)
        assert await home.service.tenant_store.reload()
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        document = await carrier.ask(f"/twilio/continue?attempt={MOST_ATTEMPTS}")
        assert document.find("Record") is not None
        await home.quiet(1)
        assert home.service.after_stream == {}

    with_desk(tmp_path, test, to=OTHER_NUMBER)


def test_a_question_that_is_repeated_has_the_same_answer(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        then = carrier.then
        assert then is not None
        await carrier.ask(then, token="t1")
        first = carrier.parameters
        await carrier.ask(then, token="t1")
        assert carrier.parameters == first
        await carrier.ask(then)  # by whatever way it comes
        assert carrier.parameters == first
        home.service.after_stream[carrier.call_id] = "<Response><Dial>1</Dial></Response>"
        for _ in range(2):
            document = await carrier.ask(then, token="t2")
            assert document.findtext("Dial") == "1"
        document = await carrier.ask(then, token="t3")
        assert document.find("Connect") is not None

    with_desk(tmp_path, test)


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_caller_who_has_hung_up_meanwhile_is_let_go(status: str, tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        assert len(await carrier.go_on(CallStatus=status)) == 0
        await home.quiet(1)
        assert home.ended()["outcome"] == "caller_hung_up"
        assert len(await carrier.ask("/twilio/continue", CallStatus=status)) == 0

    with_desk(tmp_path, test)


class Broken(Call):
    """A core with a bug that shows when the model speaks."""

    def model_received(self, connection: int, frame: bytes | str, now: float) -> bool:
        if "modelTurn" in str(frame):
            raise ZeroDivisionError
        return super().model_received(connection, frame, now)


def test_a_call_that_crashed_does_not_just_hang_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(home: House, carrier: Desk) -> None:
        monkeypatch.setattr("agent.service.kept.Call", Broken)
        await carrier.ring()
        async with carrier.dial() as phone:
            assert await phone.closed == 1011
            document = await carrier.go_on()
        assert [child.tag for child in document] == ["Say", "Hangup"]
        assert home.ended()["outcome"] == "failed"

    with_desk(tmp_path, test)
