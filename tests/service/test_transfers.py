"""Cold transfers: what the carrier is told to do, and what becomes of the call."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.call.effects import Outcome
from agent.call.state import CallState
from agent.errors import ToolError
from agent.service.transfers import CONNECT_S, LEAVE_S, MOST_PER_CALL
from agent.telephony.twilio.sip import SipCall
from tests.service.passing import CALL, ORIGIN, House, in_house


def test_a_caller_is_connected_by_a_document_that_waits_for_the_stream_to_end() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert house.supervisor.asides == [(15.0 + CONNECT_S, Outcome.TRANSFERRED)]
        document = house.leave()
        assert ">+15550100198</Number>" in document
        assert f'action="{ORIGIN}/twilio/transfer/done"' in document
        assert 'timeout="15"' in document
        assert 'timeLimit="600"' in document
        assert "callerId" not in document
        assert f'statusCallback="{ORIGIN}/twilio/transfer/answered"' in document

    in_house(work)


def test_without_a_public_address_the_carrier_completes_ours() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert 'action="/twilio/transfer/done"' in house.leave()

    in_house(work, public=None)


@pytest.mark.parametrize("caller", [None, "anonymous", "sip:ann@pbx.example.com"])
def test_a_caller_without_a_number_is_shown_as_our_line(caller: str | None) -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert 'callerId="+15550100100"' in house.leave()

    in_house(work, caller=caller)


def test_somebody_whom_we_have_called_is_shown_as_our_line_too() -> None:
    async def work(house: House) -> None:
        house.running = replace(house.running, direction="outbound")
        house.transfers.begin(house.running, "kitchen", "")
        assert 'callerId="+15550100100"' in house.leave()

    in_house(work)


def test_a_call_by_sip_is_handed_over_and_another_is_connected() -> None:
    async def refers(house: House) -> None:
        house.transfers.begin(house.running, "desk", "")
        document = house.leave()
        assert f'<Refer action="{ORIGIN}/twilio/transfer/referred"' in document
        assert "sip:desk@pbx.example.com?X-Case=a" in document

    async def dials(house: House) -> None:
        house.transfers.begin(house.running, "desk", "")
        document = house.leave()
        assert "<Dial" in document
        assert "</Sip>" in document
        assert "callerId" not in document

    in_house(refers, sip=SipCall("acme.sip.example.com"))
    in_house(dials, caller="anonymous")


def test_the_agent_is_told_why_nobody_was_reached_once() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        house.leave()
        house.transfers.failed(CALL, "the line is busy")
        text = house.transfers.tell(CALL)
        assert text is not None
        assert text.startswith("The caller could not be connected with kitchen: the line is busy.")
        house.transfers.failed(CALL, "the line is busy")
        assert house.transfers.tell(CALL) is None

    assert in_house(work).counters == {"transfers_begun": 1, "transfers_failed": 1}


def test_a_caller_may_be_passed_on_again_after_that() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        house.leave()
        house.transfers.failed(CALL, "the line is busy")
        house.transfers.begin(house.running, "desk", "")

    assert in_house(work).counters["transfers_begun"] == 2


def test_a_caller_is_passed_on_a_few_times_at_most() -> None:
    async def work(house: House) -> None:
        for _ in range(MOST_PER_CALL):
            house.transfers.begin(house.running, "kitchen", "")
            house.leave()
        with pytest.raises(ToolError, match="offer to take a message"):
            house.transfers.begin(house.running, "kitchen", "")

    assert in_house(work).counters["transfers_begun"] == MOST_PER_CALL


def test_two_transfers_at_a_time_are_one_too_many() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        with pytest.raises(ToolError, match="being connected already"):
            house.transfers.begin(house.running, "owner", "x")

    assert in_house(work).counters["transfers_begun"] == 1


def test_the_call_ends_when_somebody_has_answered() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        house.leave()
        house.transfers.finish(CALL, Outcome.TRANSFERRED)
        house.detached.clear()
        house.transfers.finish(CALL, Outcome.TRANSFERRED)

    house = in_house(work)
    assert house.supervisor.finished == [Outcome.TRANSFERRED]
    assert house.counters == {"transfers_begun": 1, "transfers_connected": 1}


def test_a_call_that_ends_by_itself_is_not_waited_for() -> None:
    async def work(house: House) -> None:
        house.transfers.began(house.running)
        house.transfers.begin(house.running, "kitchen", "")
        house.transfers.ended(house.running, cast(Any, SimpleNamespace(outcome=Outcome.LIMIT)))
        house.transfers.failed(CALL, "late")

    assert in_house(work).transfers.tell(CALL) is None


def test_a_call_that_is_over_is_not_passed_on() -> None:
    async def work(house: House) -> None:
        house.call.state = CallState.ENDING
        with pytest.raises(ToolError, match="is over"):
            house.transfers.begin(house.running, "kitchen", "")
        assert not house.after_stream

    in_house(work)


def test_a_call_whose_socket_is_broken_is_passed_on_later() -> None:
    async def work(house: House) -> None:
        house.call.away = True
        with pytest.raises(ToolError, match="try again") as caught:
            house.transfers.begin(house.running, "kitchen", "")
        assert caught.value.retryable
        assert not house.after_stream

    in_house(work)


def test_a_call_that_no_carrier_has_is_not_passed_on() -> None:
    async def work(house: House) -> None:
        with pytest.raises(ToolError, match="no telephone line"):
            house.transfers.begin(house.running, "kitchen", "")
        with pytest.raises(ToolError, match="no telephone line"):
            house.transfers.to_voicemail(house.running)

    in_house(work, line=None)


def test_a_number_that_has_become_costly_since_is_not_called() -> None:
    async def work(house: House) -> None:
        tenant = house.running.ready.tenant
        costly = tenant.transfers["kitchen"].model_copy(update={"to": "+19005550100"})
        changed = tenant.model_copy(update={"transfers": {"kitchen": costly}})
        house.running.ready.tenant = changed  # type: ignore[misc]
        with pytest.raises(ToolError, match="kitchen cannot be called: the number is a premium"):
            house.transfers.begin(house.running, "kitchen", "")

    in_house(work)


def test_a_caller_may_speak_on_a_recording() -> None:
    async def work(house: House) -> None:
        house.transfers.to_voicemail(house.running)
        assert house.supervisor.asides == [(LEAVE_S, Outcome.VOICEMAIL)]
        house.transfers.after_end(house.running, Outcome.VOICEMAIL)
        assert "<Record" in house.leave()

    in_house(work)


def after(outcome: Outcome, fallback: str = "", **options: str | None) -> str | None:
    """What the carrier is told after the end of a call."""

    async def work(house: House) -> None:
        house.after_stream[CALL] = "<of a transfer that did not come about/>"
        house.transfers.after_end(house.running, outcome)

    return in_house(work, fallback=fallback, **options).after_stream.get(CALL)


@pytest.mark.parametrize("outcome", [Outcome.MODEL_LOST, Outcome.MODEL_SILENT])
def test_a_caller_whom_the_agent_has_lost_is_connected_or_may_leave_a_message(
    outcome: Outcome,
) -> None:
    assert ">+15550100198</Number>" in (after(outcome, "fallback: {transfer: kitchen}\n") or "")
    assert "<Record" in (after(outcome, "fallback: {then: voicemail}\n") or "")
    assert after(outcome) is None


def test_other_ends_are_ends() -> None:
    for outcome in (Outcome.AGENT_ENDED, Outcome.CALLER_HUNG_UP, Outcome.TRANSFERRED):
        assert after(outcome, "fallback: {then: voicemail}\n") is None
    assert after(Outcome.MODEL_LOST, "fallback: {then: voicemail}\n", line=None) is None


def test_a_business_that_is_closed_says_so_before_the_tone() -> None:
    async def work(house: House) -> None:
        tenant = house.running.ready.tenant
        document = house.transfers.voicemail(tenant, CALL, "+15550199999", "We are closed.")
        assert ">We are closed. Please leave a message after the tone." in document

    in_house(work)
