"""Corner Shop's agent, tested by telephone; test_bella_vista.py shows more of what there is."""

from datetime import datetime
from pathlib import Path

from agent.testing import phone_call, synchronous

CONFIG = Path(__file__).parents[1]
TUESDAY = datetime(2026, 11, 24, 12, 0)  # in Chicago: the tenant's time zone


@synchronous
async def test_an_order_on_its_way_is_found_with_the_day_it_arrives() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("where is my order")
        assert call.heard.endswith("What is your order number, please?")
        await call.say("one zero four two")
        assert call.tool_calls == [("order_status", {"order_id": "1042"})]
        assert "Your order of a teapot is on its way with Parcel Express." in call.heard
        assert "It should arrive on Thursday, November twenty sixth." in call.heard


@synchronous
async def test_a_number_read_with_a_gap_is_one_number() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("my order number is one zero ... four four")
        assert call.tool_calls == [("order_status", {"order_id": "1044"})]
        assert "was delivered by Parcel Express on Saturday, November twenty first" in call.heard


@synchronous
async def test_a_number_can_be_given_by_keys() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("where is my order")
        await call.press("1043")
        assert call.tool_calls == [("order_status", {"order_id": "1043"})]
        assert "We are just packing your order of two reading lamps." in call.heard


@synchronous
async def test_an_unknown_number_is_asked_for_once_more() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("my order number is nine nine nine nine")
        assert "I cannot find an order with the number 9999" in call.heard
        await call.say("two two zero five")
        assert [tool.arguments["order_id"] for tool in call.tool_calls] == ["9999", "2205"]
        assert "a wool blanket is on its way with City Courier" in call.heard


@synchronous
async def test_who_has_no_number_is_told_where_it_stands() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("I have lost it")
        assert "It is in the message that we sent you." in call.heard
        assert call.tool_calls == []


@synchronous
async def test_a_look_up_that_takes_long_is_not_waited_for_in_silence() -> None:
    async with phone_call(
        "corner-shop", config=CONFIG, at=TUESDAY, slow={"order_status": 5}
    ) as call:
        await call.say("my order number is one zero four two")
        assert "Let me look that up. One moment, please. Your order of a teapot" in call.heard


@synchronous
async def test_a_connection_lost_during_the_look_up_costs_no_answer() -> None:
    async with phone_call(
        "corner-shop", config=CONFIG, at=TUESDAY, slow={"order_status": 2}
    ) as call:
        await call.say("my order number is one zero four two", wait=False)
        await call.runs("order_status")
        await call.lose_model()
        await call.hears("Your order of a teapot is on its way")


@synchronous
async def test_the_agent_hangs_up_after_goodbye() -> None:
    async with phone_call("corner-shop", config=CONFIG, at=TUESDAY) as call:
        await call.say("thank you, goodbye")
        assert await call.ended() == "agent_ended"
        assert call.heard.endswith("Thank you for calling. Goodbye!")
