"""`seamline explain`: who answers, why, and what the model is told."""

import json
import sys
from pathlib import Path

import pytest

from agent.cli.explain import moment
from agent.errors import ConfigError
from tests.cli.command import Command

TENANT = """
tenant: shop
numbers: [+15550100100, +1555*]
include: shared/all.yaml
agent:
  voice: Puck
  language: en-US
  greeting: Good day.
  instructions: You sell flowers.
hours:
  timezone: America/New_York
  open: {mon-fri: 9:00-17:00}
  closed: {say: We are closed.}
tools:
  - python: explained.look_up
  - builtin: end_call
overrides:
  - when: {mon-fri: 16:00-17:00}
    agent: {greeting: Good afternoon., instructions: You sell few flowers.}
"""
PLAIN = "tenant: plain\nnumbers: [default]\nagent: {instructions: Hi.}\n"
FUNCTION = '''
def look_up(order: int) -> str:
    """Look up an order.

    Args:
        order: its number.
    """
    return ""
'''


@pytest.fixture
def explain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in {
        "tenants/shop.yaml": TENANT,
        "tenants/plain.yaml": PLAIN,
        "tenants/shared/all.yaml": "record: {audio: yes}\nlimits: {overflow: {say: Later.}}\n",
        "functions/explained.py": FUNCTION,
    }.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.delitem(sys.modules, "explained", raising=False)
    return Command(monkeypatch, capsys)


def test_all_of_a_tenant_is_said(explain: Command) -> None:
    done = explain("explain", "+15550100100", "--at", "2026-11-23T12:00")
    assert (done.code, done.err) == (0, [])
    assert done.out[:17] == [
        "+15550100100 is answered by shop: +15550100100 is one of its numbers",
        "file        config/tenants/shop.yaml",
        "includes    config/tenants/shared/all.yaml",
        "at          Monday, 2026-11-23 12:00 (America/New_York)",
        "hours       open until Monday, 2026-11-23 17:00",
        "override    none of 1 holds at this hour",
        "model       models/gemini-3.8-live",
        "voice       Puck",
        "language    en-US",
        'greeting    "Good day."',
        "limits      a call lasts at most 20m; 20s before, the agent is asked to say good-bye",
        '            10 calls at one time; one more caller hears "Later."',
        "            600 calls begin within a minute, 30 of one number within ten",
        "            who says nothing is asked after 12s; 15s later the call ends",
        "recording   yes",
        "",
        "the prompt, as the model gets it: 55 characters, about 14 tokens",
    ]
    assert done.out[18:21] == [
        "  | You sell flowers.",
        "  | ",
        "  | It is now Monday, 2026-11-23, 12:00.",
    ]
    assert done.out[-1].startswith("Tokens are estimated")


def test_tools_stand_there_as_they_are_declared(explain: Command) -> None:
    done = explain("explain", "+15550100100")
    first = next(index for index, line in enumerate(done.out) if "tools, as declared" in line)
    assert done.out[first].startswith("2 tools, as declared: about ")
    assert done.out[first + 1].startswith("  look_up, about ")
    quoted = [line.removeprefix("  | ") for line in done.out[first + 2 :]]
    end = quoted.index("}") + 1
    declared = json.loads("\n".join(quoted[:end]))
    assert declared["name"] == "look_up"
    assert declared["parameters"]["properties"]["order"]["type"] == "INTEGER"
    assert quoted[end].startswith("  end_call, about ")


def test_hours_and_overrides_are_those_of_the_moment(explain: Command) -> None:
    done = explain("explain", "+15550100100", "--at", "2026-11-23T16:30")
    assert "override    overrides[0] holds: another greeting, instructions" in done.out
    assert 'greeting    "Good afternoon."' in done.out
    assert "  | You sell few flowers." in done.out
    done = explain("explain", "+15550100100", "--at", "2026-11-22T16:30")
    assert (
        'hours       closed until Monday, 2026-11-23 09:00; callers hear "We are closed." '
        "and the call ends"
    ) in done.out


def test_why_it_is_this_tenant(explain: Command) -> None:
    [first, *_] = explain("explain", "+15550109999").out
    assert first.startswith("+15550109999 is answered by shop: the number begins as +1555*")
    done = explain("explain", "+442071838750")
    assert done.out[0].startswith("+442071838750 is answered by plain: no tenant has this number")
    assert "hours       always open" in done.out
    assert "voice       the service chooses" in done.out
    assert "language    the model follows the caller" in done.out
    assert "greeting    none: the caller speaks first" in done.out
    assert "            10 calls at one time; one more caller hears that all lines are busy" in (
        done.out
    )
    assert "0 tools, as declared: about 0 tokens" in done.out


def test_a_number_that_nobody_answers(explain: Command) -> None:
    Path("config/tenants/plain.yaml").unlink()
    done = explain("explain", "+442071838750")
    assert done.code == 1
    assert done.out[0].startswith("nobody answers +442071838750: ")


def test_tenants_that_cannot_be_used_are_not_explained(explain: Command) -> None:
    Path("config/tenants/plain.yaml").write_text("tenant: plain")
    done = explain("explain", "+15550100100")
    assert done.code == 2
    assert done.err[0].startswith("seamline: config/tenants/plain.yaml:1:1: ")


def test_tools_of_servers_are_named(explain: Command) -> None:
    text = TENANT.replace("tools:", "tools:\n  - mcp: {name: crm, command: [crm], allow: [find]}")
    Path("config/tenants/shop.yaml").write_text(text)
    done = explain("explain", "+15550100100")
    assert "  from the server crm, asked when the service starts: find" in done.out


def test_a_moment_is_of_the_tenants_clock_unless_it_says_otherwise(explain: Command) -> None:
    done = explain("explain", "+15550100100", "--at", "2026-11-23T12:00+00:00")
    assert "at          Monday, 2026-11-23 07:00 (America/New_York)" in done.out
    done = explain("explain", "+15550100100", "--at", "noon")
    assert (done.code, done.err) == (2, ["seamline: --at noon: write it as 2026-12-24T19:00"])


def test_a_moment_that_is_none_raises() -> None:
    from datetime import UTC

    for text in ("soon", "9:30", "2026-02-30T10:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59"):
        with pytest.raises(ConfigError, match=r"write it as 2026-12-24T19:00"):
            moment(text, UTC)


def test_what_is_looked_up_stays_a_place_in_the_prompt(explain: Command) -> None:
    file = Path("config/tenants/shop.yaml")
    text = file.read_text().replace("You sell flowers.", "You sell flowers to {caller.name|all}.")
    more = (
        'lookup: {tool: look_up, arguments: {order: "1"}, timeout: 2s}\n'
        "record: {consent: We record., keep: 30d}\n"
    )
    file.write_text(text + more)
    done = explain("explain", "+15550100100", "--at", "2026-11-23T12:00")
    assert (done.code, done.err) == (0, [])
    assert 'greeting    "We record. Good day."' in done.out
    assert "lookup      look_up fills in {caller...}, within 2s" in done.out
    assert "recording   yes, once the greeting has been heard; deleted after 30d" in done.out
    assert "  | You sell flowers to {caller.name|all}." in done.out


def test_what_calls_may_cost_is_said(explain: Command, tmp_path: Path) -> None:
    limits = "spending: {per_call: 2.50 USD, per_day: 40 USD}\n"
    (tmp_path / "config" / "tenants" / "plain.yaml").write_text(PLAIN + limits)
    done = explain("explain", "+4930123456")
    assert "            a call costs at most 2.50 USD, about" in done.out
    assert (
        "            a day costs at most 40 USD, about; then callers hear that all lines are busy"
        in done.out
    )


PASSES_ON = """
tenant: plain
numbers: [default]
agent: {instructions: Hi.}
tools: [{builtin: transfer}]
transfers:
  owner: {to: +15550100199, how: warm, ring: 20s}
  desk: {to: 'sip:desk@pbx.example.com', how: refer}
hours:
  open: {mon: 9:00-10:00}
  closed: {say: We are closed., then: voicemail}
"""


def test_whom_a_caller_may_be_passed_on_to_is_said(explain: Command, tmp_path: Path) -> None:
    path = tmp_path / "config" / "tenants" / "plain.yaml"
    path.write_text(f"{PASSES_ON}fallback: {{transfer: owner}}\n")
    done = explain("explain", "+19995550000", "--at", "2026-11-24T12:00")
    assert (done.code, done.err) == (0, [])
    assert "transfer    owner: +15550100199, warm, rings 20s" in done.out
    assert "transfer    desk: sip:desk@pbx.example.com, refer" in done.out
    assert "fallback    a caller whom the model has left is connected with owner" in done.out
    [hours] = [line for line in done.out if line.startswith("hours")]
    assert hours.endswith('callers hear "We are closed." and may leave a message')

    path.write_text(f"{PASSES_ON}fallback: {{then: voicemail}}\n")
    done = explain("explain", "+19995550000")
    assert "fallback    a caller whom the model has left may leave a message" in done.out


def test_all_that_is_kept_is_said_whether_this_machine_has_the_keys_or_not(
    explain: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEAMLINE_WIRE_KEY", raising=False)
    file = Path("config/tenants/shop.yaml")
    file.write_text(file.read_text() + "record: {wire: yes, carrier: yes, keep: 30d}\n")

    done = explain("explain", "+15550100100", "--at", "2026-11-23T12:00")

    assert (done.code, done.err) == (0, [])
    recorded = next(line for line in done.out if line.startswith("recording"))
    assert recorded.endswith("with its wires, by the carrier; deleted after 30d")
