"""What becomes of callers whom the agent has lost, in this process or with another."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.call.effects import Outcome
from agent.service.service import Service
from agent.service.transfer_fallback import for_stranger, lay_ready, without_agent
from tests.service.passing import CALL, CALLER, LINE, ORIGIN, House, in_house

KITCHEN = "fallback: {transfer: kitchen, say: Sorry for that.}\n"
VOICEMAIL = "fallback: {then: voicemail}\n"
INBOUND = {"CallSid": CALL, "From": CALLER, "To": LINE, "Direction": "inbound"}
OUTBOUND = {"CallSid": CALL, "From": LINE, "To": CALLER, "Direction": "outbound-api"}


def after(outcome: Outcome, fallback: str = "", **options: str | None) -> House:
    """What the carrier is told after the end of a call."""

    async def work(house: House) -> None:
        house.after_stream[CALL] = "<of a transfer that did not come about/>"
        lay_ready(cast(Service, house), house.running, outcome)

    return in_house(work, fallback=fallback, **options)


@pytest.mark.parametrize("outcome", [Outcome.MODEL_LOST, Outcome.MODEL_SILENT, Outcome.FAILED])
def test_a_caller_whom_the_agent_has_lost_is_connected_or_may_leave_a_message(
    outcome: Outcome,
) -> None:
    house = after(outcome, KITCHEN)
    assert ">+15550100198</Number>" in house.after_stream[CALL]
    assert f'action="{ORIGIN}/twilio/transfer/done?n=0&amp;last"' in house.after_stream[CALL]
    assert "Sorry" not in house.after_stream[CALL]  # the agent's voice has said it
    assert house.counters == {"transfers_fallback": 1}
    assert "<Record" in after(outcome, VOICEMAIL).after_stream[CALL]
    assert CALL not in after(outcome).after_stream


def test_the_record_has_that_the_caller_was_passed_on_for_want_of_an_agent() -> None:
    news = after(Outcome.MODEL_LOST, KITCHEN).facts.of(CALL)
    assert news is not None
    assert [(each.target, each.fallback) for each in news.transfers.values()] == [("kitchen", True)]


def test_other_ends_are_ends() -> None:
    for outcome in (Outcome.AGENT_ENDED, Outcome.CALLER_HUNG_UP, Outcome.TRANSFERRED):
        assert CALL not in after(outcome, VOICEMAIL).after_stream
    assert CALL not in after(Outcome.MODEL_LOST, VOICEMAIL, line=None).after_stream


def test_a_recording_that_was_asked_for_stays() -> None:
    assert after(Outcome.VOICEMAIL, VOICEMAIL).after_stream[CALL].startswith("<of a transfer")


def stranger(fields: dict[str, str], fallback: str = "", *, last: bool = False) -> str:
    """The answer about a call that nobody here knows."""
    found: list[str] = []

    async def work(house: House) -> None:
        known = {LINE: house.running.ready}
        house.tenants = SimpleNamespace(for_number=known.get)
        found.append(for_stranger(cast(Service, house), fields, last=last))

    in_house(work, fallback=fallback)
    return found[0]


def test_a_call_that_nobody_knows_is_passed_on_after_an_apology() -> None:
    document = stranger(INBOUND, KITCHEN)
    said, dialled = document.index("Sorry for that."), document.index("+15550100198")
    assert said < dialled
    assert f'action="{ORIGIN}/twilio/transfer/done?last"' in document
    assert "callerId" not in document


def test_a_person_whom_another_process_called_is_passed_on_from_our_number() -> None:
    assert f'callerId="{LINE}"' in stranger(OUTBOUND, KITCHEN)


def test_a_call_that_nobody_knows_may_leave_a_message_after_an_apology() -> None:
    document = stranger(INBOUND, VOICEMAIL)
    assert "<Record" in document
    assert "sorry" in document.lower()


@pytest.mark.parametrize(
    ("fields", "fallback", "last"),
    [
        (INBOUND, "fallback: {say: Sorry for that.}\n", False),
        (INBOUND, KITCHEN, True),
        ({**INBOUND, "CallSid": ""}, KITCHEN, False),
    ],
)
def test_without_anybody_to_go_to_the_call_ends_with_the_tenant_s_words(
    fields: dict[str, str], fallback: str, last: bool
) -> None:
    document = stranger(fields, fallback, last=last)
    assert ">Sorry for that.</Say><Hangup />" in document


def test_a_tenant_without_a_fallback_has_nobody_for_a_call_that_no_agent_can_take() -> None:
    async def work(house: House) -> None:
        tenant, caller = house.running.ready.tenant, house.running.caller
        assert without_agent(cast(Service, house), tenant, CALL, caller) is None

    in_house(work)


def test_a_number_that_is_nobody_s_ends_with_an_apology() -> None:
    document = stranger({**INBOUND, "To": "+15550100777"}, KITCHEN)
    assert "<Say" in document
    assert "Sorry for that." not in document
    assert "Hangup" in document


def test_a_fallback_that_has_become_costly_since_is_not_called() -> None:
    async def work(house: House) -> None:
        tenant = house.running.ready.tenant
        costly = tenant.transfers["kitchen"].model_copy(update={"to": "+19005550100"})
        changed = tenant.model_copy(update={"transfers": {"kitchen": costly}})
        cast(Any, house.running.ready).tenant = changed
        lay_ready(cast(Service, house), house.running, Outcome.MODEL_LOST)
        assert not house.after_stream

    assert in_house(work, fallback=KITCHEN).counters["transfers_fallback"] == 0
