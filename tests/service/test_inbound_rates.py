"""How often one may call."""

from pathlib import Path

import aiohttp
import pytest

from agent.service.inbound_rates import CALLER_S, TENANT_S, InboundRates
from agent.tenants.tenant import Limits
from tests.service.house import CALLER, House, house
from tests.support.patient_loop import run_on_loopback

LIMITS = Limits(per_caller=2, per_minute=5)


def verdicts(rates: InboundRates, *calls: tuple[str | None, float]) -> list[str | None]:
    return [
        rates.refuses("shop", LIMITS, f"CA{n}", caller, now)
        for n, (caller, now) in enumerate(calls)
    ]


def test_one_who_calls_again_and_again_is_refused_and_others_are_not() -> None:
    found = verdicts(InboundRates(), ("+1", 0.0), ("+1", 1.0), ("+1", 2.0), ("+2", 3.0))
    assert found == [None, None, "caller_rate", None]


def test_after_a_while_he_may_call_again() -> None:
    later = CALLER_S / 2
    found = verdicts(InboundRates(), ("+1", 0.0), ("+1", 0.0), ("+1", later - 1), ("+1", later))
    assert found == [None, None, "caller_rate", None]


def test_a_tenant_has_a_limit_whoever_calls() -> None:
    many = [(f"+{n}", 0.0) for n in range(6)]
    assert verdicts(InboundRates(), *many, ("+9", TENANT_S / 5)) == [
        *([None] * 5),
        "tenant_rate",
        None,
    ]


@pytest.mark.parametrize("caller", [None, "anonymous", "sip:ann@pbx.example.com"])
def test_one_who_withholds_his_number_counts_for_the_tenant(caller: str | None) -> None:
    found = verdicts(InboundRates(), *[(caller, 0.0)] * 6)
    assert found == [*([None] * 5), "tenant_rate"]


def test_tenants_do_not_use_each_other_s() -> None:
    rates = InboundRates()
    for n in range(2):
        assert rates.refuses("shop", LIMITS, f"CA{n}", "+1", 0.0) is None
    assert rates.refuses("office", LIMITS, "CA9", "+1", 0.0) is None


def test_the_carrier_may_ask_twice_for_one_call() -> None:
    rates = InboundRates()
    assert [rates.refuses("shop", LIMITS, "CA1", "+1", 0.0) for _ in range(9)] == [None] * 9
    assert rates.refuses("shop", LIMITS, "", "+1", 0.0) is None
    assert rates.refuses("shop", LIMITS, "", "+1", 0.0) == "caller_rate"


@pytest.mark.socket
def test_a_call_too_many_is_told_so_in_the_carrier_s_words(tmp_path: Path) -> None:
    (tmp_path / "popular.yaml").write_text(
        "tenant: popular\nnumbers: [+15550100107]\nagent: {instructions: Be kind.}\n"
        "limits: {per_caller: 1, per_minute: 2}\n"
    )

    async def voice(home: House, number: int, caller: str) -> str:
        form = {"CallSid": f"CA{number:032x}", "From": caller, "To": "+15550100107"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{home.origin}/twilio/voice", data=form) as response,
        ):
            return await response.text()

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            assert "<Stream" in await voice(home, 1, CALLER)
            assert "<Stream" in await voice(home, 1, CALLER), "asked again"
            assert "<Reject" in await voice(home, 2, CALLER)
            assert "<Stream" in await voice(home, 3, "+15550100177")
            assert "All our lines are busy" in await voice(home, 4, "+15550100178")
            counters = home.service.counters
            assert (counters["refused_caller_rate"], counters["refused_tenant_rate"]) == (1, 1)

    run_on_loopback(main())


@pytest.mark.socket
def test_those_who_withhold_their_numbers_are_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "popular.yaml").write_text(
        "tenant: popular\nnumbers: [+15550100107]\nagent: {instructions: Be kind.}\n"
        "limits: {per_caller: 1}\n"
    )

    async def main() -> None:
        async with (
            house(tmp_path, "ws://127.0.0.1:1") as home,
            aiohttp.ClientSession() as session,
        ):
            for number in range(3):
                call = {"CallSid": f"CA{number:032x}", "From": "+266696687", "To": "+15550100107"}
                async with session.post(f"{home.origin}/twilio/voice", data=call) as response:
                    assert "<Stream" in await response.text()

    run_on_loopback(main())
