"""What the built-in tools of the line come to in the service."""

from typing import Any, cast

import pytest

from agent.errors import ToolError
from agent.tenants.tools import BuiltinTool
from tests.service.passing import CALL, LINE, House, in_house


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


@pytest.mark.parametrize("line", [LINE, None])
def test_digits_are_dialled_by_the_carrier_where_the_tenant_wants_it(line: str | None) -> None:
    async def work(house: House) -> None:
        tenant = house.running.ready.tenant
        dials = BuiltinTool(builtin="send_digits", by="carrier")
        cast(Any, house.running.ready).tenant = tenant.model_copy(update={"tools": (dials,)})
        await house.line().send_digits("42#")
        by_carrier = '<Play digits="42#" />' in house.after_stream.get(CALL, "")
        assert by_carrier is (line is not None)  # a browser's call has no carrier to do it
        assert house.supervisor.dialled == ([] if by_carrier else ["42#"])

    in_house(work, line=line)


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
