"""A tenant that looks its callers up, in a test of its owner's."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from agent.testing import PhoneCall, phone_call, synchronous
from agent.testing.phone import CALLER

CONFIG = Path(__file__).parents[2] / "config"
TENANT = """
tenant: mine
numbers: [+15550100199]
agent:
  greeting: Hello {caller.name|there}.
  instructions: You talk to {caller.name|somebody new}.
tools:
  - http:
      name: find_customer
      description: Find a customer.
      url: https://example.com/{phone}
      parameters: {phone: {type: string, description: The number.}}
lookup:
  tool: find_customer
  arguments: {phone: "{caller.number}"}
record: {audio: yes, consent: We record.}
"""


def mine(folder: Path, **options: Any) -> AbstractAsyncContextManager[PhoneCall]:
    file = folder / "mine.yaml"
    file.write_text(TENANT)
    scenario = CONFIG / "scenarios" / "shop.yaml"
    return phone_call(file, config=CONFIG, scenario=scenario, **options)


@synchronous
async def test_a_caller_who_is_known_is_greeted_by_name(tmp_path: Path) -> None:
    async with mine(tmp_path, tools={"find_customer": {"name": "Anna"}}) as call:
        assert call.heard == "We record. Hello Anna."
        assert call.prompt.startswith("You talk to Anna.\n")
        assert call.tool_calls == [("find_customer", {"phone": CALLER})]
        assert "recording.began" in [entry.name for entry in call._exchange.call.timeline]


@synchronous
async def test_a_look_up_that_is_late_or_fails_leaves_the_defaults(tmp_path: Path) -> None:
    found = {"find_customer": {"name": "Anna"}}
    async with mine(tmp_path, tools=found, slow={"find_customer": 1.6}) as call:
        assert call.heard == "We record. Hello there."
        assert call.prompt.startswith("You talk to somebody new.\n")
    async with mine(tmp_path, tools={"find_customer": RuntimeError("down")}) as call:
        assert call.heard == "We record. Hello there."
    async with mine(tmp_path, tools=found, caller=None) as call:
        assert call.heard == "We record. Hello there."
        assert call.tool_calls == []


@synchronous
async def test_the_call_begins_after_the_look_up(tmp_path: Path) -> None:
    slow = {"find_customer": 1.4}
    async with mine(tmp_path, tools={"find_customer": {"name": "A"}}, slow=slow) as call:
        assert (call.tool_calls[0].took_s or 0) < 1.5
        [first] = [line for line in call.transcript if line.who == "agent"]
        assert first.at_s < 1.5
