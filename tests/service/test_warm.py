"""Which warm transfers there are, and when there can be none."""

import pytest

from agent.errors import ToolError
from agent.service.warm import MOST
from tests.service.passing import LINE, House, in_house


@pytest.mark.parametrize("line", ["sip:sales@acme.sip.example.com", LINE])
def test_without_an_account_or_a_number_nobody_is_called(line: str) -> None:
    async def work(house: House) -> None:
        if line == LINE:
            house.rest = None
        with pytest.raises(ToolError, match="owner cannot be called from here"):
            house.transfers.begin(house.running, "owner", "x")
        assert not house.after_stream
        assert not house.supervisor.asides

    in_house(work, line=line)


def test_few_are_remembered() -> None:
    async def work(house: House) -> None:
        for _ in range(MOST + 3):
            house.transfers.warm.prepare(house.running, "owner", "x")
        assert len(house.transfers.warm._by_key) == MOST

    in_house(work)
