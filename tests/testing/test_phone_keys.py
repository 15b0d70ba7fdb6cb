"""What a tenant's file says of keys, on the telephone."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.call import prompts
from agent.tenants.keys import Keys
from agent.tenants.parse import parse_tenant
from agent.testing import PhoneCall, phone_call, synchronous

CONFIG = Path(__file__).parents[2] / "config"
FILE = CONFIG / "tenants" / "corner-shop.yaml"
ASK = "What is your order number, please?"
PERSON = "The caller pressed 0: they want a person. " + prompts.say(
    prompts.SAY_EXACTLY, "A colleague calls you back."
)
MAPPED = {"0": {"say": PERSON}, "9": {"do": "end_call"}, "*": {"do": "repeat"}}


def shop(**keys: Any) -> AbstractAsyncContextManager[PhoneCall]:
    tenant = parse_tenant(FILE.read_bytes(), str(FILE))
    tenant = tenant.model_copy(update={"keys": Keys.model_validate(keys)})
    return phone_call(tenant, config=CONFIG, at=datetime(2026, 11, 24, 12, 0))


def counters(call: PhoneCall) -> Mapping[str, int]:
    return call.summary.counters


@synchronous
async def test_a_mapped_key_makes_the_model_act() -> None:
    async with shop(pause="2s", map=MAPPED) as call:
        await call.press("0")
        assert call.heard.endswith("A colleague calls you back.")


@synchronous
async def test_a_mapped_key_in_a_number_is_a_digit_of_it() -> None:
    async with shop(pause="2s", map=MAPPED) as call:
        await call.say("where is my order")
        await call.press("1042#")
        assert call.tool_calls == [("order_status", {"order_id": "1042"})]
        assert "colleague" not in call.heard


@synchronous
async def test_the_longest_entry_is_told_without_a_pause_and_its_end_key_not_by_itself() -> None:
    async with shop(pause="10s", most="4", map=MAPPED) as call:
        await call.say("where is my order")
        began_s = call.summary.duration_s
        await call.press("1042#", patience_s=9)
        assert call.summary.duration_s - began_s < 9
        assert call.tool_calls == [("order_status", {"order_id": "1042"})]
        assert counters(call)["errand.keys_ignored"] == 1


@synchronous
async def test_the_last_words_can_be_heard_again() -> None:
    async with shop(map=MAPPED) as call:
        await call.say("where is my order")
        await call.press("*")
        assert call.heard.endswith(f"{ASK} {ASK}")


@synchronous
async def test_a_key_ends_the_call_after_a_goodbye() -> None:
    async with shop(map=MAPPED) as call:
        await call.press("9")
        assert await call.ended() == "caller_ended"
        assert call.heard.endswith("Thank you for calling. Goodbye!")


@synchronous
async def test_a_key_ends_the_call_in_the_middle_of_a_sentence() -> None:
    async with shop(pass_on="no", map=MAPPED) as call:
        await call.say("where is my order", wait=False)
        await call.hears("What is")
        await call.press("9", wait=False)
        assert await call.ended() == "caller_ended"
        assert call.heard.endswith("Thank you for calling. Goodbye!")
        assert ASK not in call.heard


@synchronous
async def test_where_keys_are_not_passed_on_one_that_is_mapped_acts_at_once() -> None:
    async with shop(pass_on="no", pause="10s", map=MAPPED) as call:
        await call.press("0", patience_s=5)
        assert call.heard.endswith("A colleague calls you back.")


@synchronous
async def test_keys_that_do_nothing_are_ignored_and_counted() -> None:
    async with shop(pass_on="no") as call:
        await call.say("where is my order")
        heard = call.heard
        with pytest.raises(AssertionError, match="did not answer the keys 1042#"):
            await call.press("1042#", patience_s=5)
        assert call.heard == heard
        assert call.tool_calls == []
        assert counters(call)["errand.keys_ignored"] == 5
