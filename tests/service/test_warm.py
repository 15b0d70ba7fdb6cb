"""Which warm transfers there are, and when there can be none."""

from typing import Any

import pytest

from agent.errors import ToolError
from agent.service.warm import MOST
from tests.service.passing import LINE, House, in_house


@pytest.mark.parametrize("lacking", ["account", "number"])
def test_without_an_account_or_a_number_nobody_is_called(lacking: str) -> None:
    async def work(house: House) -> None:
        if lacking == "account":
            house.rest = None
        else:
            ready: Any = house.running.ready
            ready.tenant = ready.tenant.model_copy(update={"numbers": ("sip:sales",)})
        with pytest.raises(ToolError, match="owner cannot be called from here"):
            house.transfers.begin(house.running, "owner", "x")
        assert not house.after_stream
        assert not house.supervisor.asides

    in_house(work, line="sip:sales@acme.sip.example.com")


def test_a_person_is_called_for_who_came_by_sip_from_a_number_of_ours() -> None:
    async def work(house: House) -> None:
        await house.waiting()
        [(_, from_, _)] = house.account().of("create")
        assert from_ == LINE

    in_house(work, line="sip:sales@acme.sip.example.com")


def test_few_are_remembered() -> None:
    async def work(house: House) -> None:
        for _ in range(MOST + 3):
            house.transfers.warm.prepare(house.running, "owner", "x")
        assert len(house.transfers.warm._by_key) == MOST

    in_house(work)
