"""Cold transfers: what the carrier is told to do, and what becomes of the call."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.call.effects import Outcome
from agent.call.state import CallState
from agent.errors import ToolError
from agent.service.transfers import CONNECT_S, DIALLED_S, LEAVE_S, MOST_PER_CALL, end_of
from agent.telephony.twilio.sip import SipCall
from tests.service.passing import CALL, ORIGIN, House, in_house


def test_a_caller_is_connected_by_a_document_that_waits_for_the_stream_to_end() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert house.supervisor.asides == [(15.0 + CONNECT_S, Outcome.TRANSFERRED)]
        document = house.leave()
        assert ">+15550100198</Number>" in document
        assert f'action="{ORIGIN}/twilio/transfer/done?n=0"' in document
        assert 'timeout="15"' in document
        assert 'timeLimit="600"' in document
        assert "callerId" not in document
        assert f'statusCallback="{ORIGIN}/twilio/transfer/answered?n=0"' in document

    in_house(work)


def test_without_a_public_address_the_carrier_completes_ours() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert 'action="/twilio/transfer/done?n=0"' in house.leave()

    in_house(work, public=None)


@pytest.mark.parametrize("caller", [None, "anonymous", "sip:ann@pbx.example.com"])
def test_a_caller_without_a_number_is_shown_as_our_line(caller: str | None) -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert 'callerId="+15550100100"' in house.leave()

    in_house(work, caller=caller)


def test_a_caller_on_a_line_without_a_number_is_shown_as_one_of_ours() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        assert 'callerId="+15550100100"' in house.leave()

    in_house(work, caller="sip:ann@pbx.example.com", line="sip:sales@acme.sip.example.com")


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
        assert f'<Refer action="{ORIGIN}/twilio/transfer/referred?n=0"' in document
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
        assert "<Record" in house.leave()

    in_house(work)


def test_a_business_that_is_closed_says_so_before_the_tone() -> None:
    async def work(house: House) -> None:
        tenant = house.running.ready.tenant
        document = house.transfers.voicemail(tenant, CALL, "+15550199999", "We are closed.")
        assert ">We are closed. Please leave a message after the tone." in document

    in_house(work)


def ends(house: House) -> list[tuple[str, str | None, int | None]]:
    """What the record has of the transfers."""
    news = house.facts.of(CALL)
    passed = [] if news is None else news.transfers.values()
    return [(each.target, each.ended, each.talked_s) for each in passed]


def test_the_record_has_whom_the_caller_was_passed_on_to_and_how_it_ended() -> None:
    async def work(house: House) -> None:
        for why in ("the line is busy", "nobody answered"):
            house.transfers.begin(house.running, "kitchen", "")
            assert ends(house)[-1] == ("kitchen", None, None)
            house.leave()
            house.transfers.failed(CALL, why)
        house.transfers.begin(house.running, "kitchen", "")
        house.transfers.finish(CALL, Outcome.TRANSFERRED)

    house = in_house(work)
    busy, silent, taken = ("kitchen", "busy", None), ("kitchen", "no-answer", None), "answered"
    assert ends(house) == [busy, silent, ("kitchen", taken, None)]
    news = house.facts.of(CALL)
    assert news is not None
    assert (news.transfers[0].address, news.transfers[0].how) == ("+15550100198", "cold")
    assert not news.transfers[0].fallback


@pytest.mark.parametrize("told", ["by the carrier's question", "by the end of the call"])
def test_the_record_says_that_the_caller_did_not_wait(told: str) -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        if told == "by the carrier's question":
            house.transfers.finish(CALL, Outcome.CALLER_HUNG_UP)
        hung_up = SimpleNamespace(outcome=Outcome.CALLER_HUNG_UP)
        house.transfers.ended(house.running, cast(Any, hung_up))

    assert ends(in_house(work)) == [("kitchen", "caller_left", None)]


def test_a_late_answer_about_one_transfer_is_not_taken_for_the_next() -> None:
    async def work(house: House) -> None:
        for _ in range(2):
            house.transfers.begin(house.running, "kitchen", "")
            house.leave()
            house.transfers.failed(CALL, "the line is busy", 0)
        assert house.transfers.tell(CALL) is not None
        house.transfers.failed(CALL, "nobody answered", 1)

    assert ends(in_house(work)) == [("kitchen", "busy", None), ("kitchen", "no-answer", None)]


@pytest.mark.parametrize(
    ("why", "end"),
    [
        ("an answering machine took the call", "machine"),
        ("the person cannot take the call now", "refused"),
        ("the person answered and did not take the call", "not_taken"),
        ("the call could not be put through", "failed"),
        ("busy", "busy"),
        ("whatever a carrier may say", "failed"),
    ],
)
def test_every_way_in_which_nobody_was_reached_has_a_word(why: str, end: str) -> None:
    assert end_of(why) == end


def test_the_carrier_dials_and_the_call_comes_back_without_a_word() -> None:
    async def work(house: House) -> None:
        house.transfers.send_digits(house.running, "1w2#")
        assert house.supervisor.asides == [(DIALLED_S, Outcome.PHONE_LOST)]
        assert not house.supervisor.after_words
        document = house.leave()
        assert '<Play digits="1w2#" />' in document
        assert f">{ORIGIN}/twilio/transfer/dialled</Redirect>" in document
        assert house.transfers.tell(CALL) == ""
        assert ends(house) == []

    assert in_house(work).counters == {"digits_sent": 1}


def test_nothing_is_dialled_on_a_line_that_is_not_free() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "kitchen", "")
        with pytest.raises(ToolError, match="already"):
            house.transfers.send_digits(house.running, "1")
        assert house.transfers.tell(CALL) is None

    assert in_house(work).counters["digits_sent"] == 0
