"""What the built-in tools of the line come to in the service."""

import pytest

from agent.errors import ToolError
from tests.service.passing import CALL, House, in_house


def test_each_wish_reaches_the_one_who_performs_it() -> None:
    async def work(house: House) -> None:
        line = house.line()
        await line.send_digits("1w2")
        assert house.supervisor.dialled == ["1w2"]
        await line.transfer("kitchen", "")
        assert "<Dial" in house.after_stream.pop(CALL)
        await line.voicemail()
        assert "<Record" in house.after_stream[CALL]

    in_house(work)


def test_messages_go_through_the_carrier_s_account() -> None:
    async def work(house: House) -> None:
        house.rest = None
        with pytest.raises(ToolError, match="No messages can be sent"):
            await house.line().send_sms(None, "Hi")

    in_house(work)


def test_a_call_that_is_over_does_nothing_any_more() -> None:
    async def work(house: House) -> None:
        house.call_of = lambda call_id: None  # type: ignore[method-assign]
        line = house.line()
        for wish in (line.transfer("kitchen", ""), line.voicemail(), line.send_digits("1")):
            with pytest.raises(ToolError, match="The call is over"):
                await wish

    in_house(work)
