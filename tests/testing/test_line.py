"""What an agent does with the telephone line, in a test of its owner's."""

from pathlib import Path

import pytest

from agent.tenants.parse import parse_tenant
from agent.testing import phone_call, synchronous

TENANT = """\
tenant: taxi
numbers: [+15550100103]
agent: {greeting: "Harbour Taxi, good day.", instructions: Be kind.}
tools:
  - builtin: transfer
  - builtin: send_digits
  - builtin: send_sms
  - builtin: voicemail
transfers:
  office: {to: +15550100198}
"""
SCENARIO = """\
scenario: taxi
slots:
  target:
    type: choice
    ask: With whom?
    phrases: ["[the] {target}"]
    values: {office: [office]}
  digits:
    type: digits
    length: 2
    ask: Which digits?
    phrases: ["{digits}"]
  text:
    type: choice
    ask: What text?
    phrases: ["[the] {text}"]
    values: {address: [address]}
tasks:
  person:
    phrases: ["i want the {target}"]
    slots: [target]
    call: transfer
    results: {connecting: {say: I connect you now.}}
  keys:
    phrases: ["dial {digits}"]
    slots: [digits]
    call: send_digits
    results: {dialled: {say: Done.}}
  write:
    phrases: ["send me the {text}"]
    slots: [text]
    call: send_sms
    results: {sent: {say: It is on its way.}}
  speak:
    phrases: ["i want to leave a message"]
    slots: []
    call: voicemail
    results: {connecting: {say: Goodbye.}}
talk: {}
phrases: {"yes": "yes", "no": "no", repeat: pardon, details: "the {target}"}
stop: {phrases: never mind, say: All right.}
goodbye: {phrases: goodbye, say: Goodbye!}
words:
  greeting: Harbour Taxi, good day.
  reprompts: I did not catch that.
  more: Is there anything else?
  welcome: What can I do for you?
  change: What shall I change?
  wait: One more moment.
  retry: Shall I try once more?
  failed: I am sorry, that does not work now.
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "taxi.yaml"
    path.write_text(SCENARIO)
    return path


@synchronous
async def test_a_caller_is_passed_on_after_the_last_words(scenario: Path) -> None:
    async with phone_call(parse_tenant(TENANT, "taxi.yaml"), scenario=scenario) as call:
        await call.say("i want the office")
        assert await call.ended() == "transferred"
        assert call.transfers == [("office", "")]
        assert "I connect you now." in call.heard


@synchronous
async def test_a_caller_may_leave_a_message(scenario: Path) -> None:
    async with phone_call(parse_tenant(TENANT, "taxi.yaml"), scenario=scenario) as call:
        await call.say("i want to leave a message")
        assert await call.ended() == "voicemail"
        assert call.transfers == []


@synchronous
async def test_digits_and_messages_are_noted(scenario: Path) -> None:
    async with phone_call(parse_tenant(TENANT, "taxi.yaml"), scenario=scenario) as call:
        await call.say("dial one two")
        await call.say("send me the address")
        assert call.dialled == ["12"]
        assert call.messages == [(None, "address")]
