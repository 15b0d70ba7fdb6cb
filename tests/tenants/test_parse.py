"""A tenant's file is read as it was typed, and all that is wrong with it is told at once."""

from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from agent.tenants.parse import MAX_EXPLAINED, MAX_PROBLEMS, parse_tenant
from agent.tenants.tenant import BuiltinTool
from tests.tenants.smallest import SMALLEST, problems

BUILTINS = ", ".join(get_args(BuiltinTool.model_fields["builtin"].annotation))


def test_three_keys_make_a_tenant() -> None:
    tenant = parse_tenant(SMALLEST, "x.yaml")
    assert tenant.numbers == ("+15550100100",)
    assert tenant.agent.model == "gemini-3.8-live"


def test_what_yaml_would_bend_stays_as_typed() -> None:
    tenant = parse_tenant(
        SMALLEST + "idle: {say: no}\nrecord: {audio: no}\nlimits: {call: 90s}\n", "x.yaml"
    )
    assert (tenant.idle.say, tenant.record.audio, tenant.limits.call) == ("no", False, 90.0)


@pytest.mark.parametrize("text", ["no", "9:30", "1e3", "+15550100100", "0x1f", "2026-12-25"])
def test_a_sentence_is_what_was_typed(text: str) -> None:
    assert parse_tenant(SMALLEST + f"idle: {{say: {text}}}", "x.yaml").idle.say == text


def test_every_key_of_the_milestone_is_read() -> None:
    tenant = parse_tenant(
        """\
tenant: x
numbers: [+15550100100, +15550100101]
agent:
  model: gemini-3.8-live-extended-thinking
  voice: Kore
  language: en-US
  greeting: Hello.
  instructions: Be kind.
  barge_in: both
  thinking: low
  vad: {start: low, end: high, prefix: 20ms, silence: 600ms}
  moment: Just a second.
hours:
  timezone: Europe/Rome
  open: {mon-fri: 11:30-22:00}
  holidays: [2026-12-25]
  closed: {say: We are closed.}
tools:
  - python: shop.order_status
    timeout: 4s
  - builtin: end_call
limits: {call: 1h, concurrent: 3, overflow: {say: All busy.}}
idle: {prompt_after: 5s, say: Hello?, end_after: 6s}
audio: {uplink_packet: 60ms}
record: {audio: yes}
fallback: {say: Sorry.}
overrides:
  - when: {mon-sun: 18:00-6:00}
    agent: {greeting: Good evening.}
""",
        "x.yaml",
    )
    assert tenant.model_dump(exclude_unset=True) == {
        "tenant": "x",
        "numbers": ("+15550100100", "+15550100101"),
        "agent": {
            "model": "gemini-3.8-live-extended-thinking",
            "voice": "Kore",
            "language": "en-US",
            "greeting": "Hello.",
            "instructions": "Be kind.",
            "barge_in": "both",
            "thinking": "low",
            "vad": {"start": "low", "end": "high", "prefix": 0.02, "silence": 0.6},
            "moment": "Just a second.",
        },
        "hours": {
            "timezone": ZoneInfo("Europe/Rome"),
            "open": {"mon-fri": ("11:30-22:00",)},
            "holidays": ("2026-12-25",),
            "closed": {"say": "We are closed."},
        },
        "tools": ({"python": "shop.order_status", "timeout": 4.0}, {"builtin": "end_call"}),
        "limits": {"call": 3600.0, "concurrent": 3, "overflow": {"say": "All busy."}},
        "idle": {"prompt_after": 5.0, "say": "Hello?", "end_after": 6.0},
        "audio": {"uplink_packet": 0.06},
        "record": {"audio": True},
        "fallback": {"say": "Sorry."},
        "overrides": (
            {"when": {"mon-sun": ("18:00-6:00",)}, "agent": {"greeting": "Good evening."}},
        ),
    }


def test_an_empty_value_means_the_default() -> None:
    assert parse_tenant(SMALLEST + "tools:\nidle: ~\n", "x.yaml").tools == ()


def test_all_errors_of_a_file_come_at_once_in_its_order() -> None:
    assert problems(
        """\
tenant: Bella Vista
numbers: +15550100100
agnt: x
agent:
  voice: [a]
  barge_in: modl
  vad: x
  instructions:
tools:
  - pyton: a.b
  - python: a
    timeut: 4s
  - builtin: end_cal
  - x
  - {foo: 1}
limits: {call: 3x, concurrent: [a]}
record: {audio: maybe}
idle: {say: "", prompt_after: 1s}
"""
    ) == (
        'x.yaml:1:9: tenant: "Bella Vista" is not a name; use small letters, digits and hyphens',
        "x.yaml:2:10: numbers: should be a list, as in [a, b]",
        'x.yaml:3:1: agnt: unknown key; did you mean "agent"?',
        "x.yaml:5:10: agent.voice: should be text",
        'x.yaml:6:13: agent.barge_in: "modl" is not one of model, local, both; '
        'did you mean "model"?',
        "x.yaml:7:8: agent.vad: should hold keys of its own",
        "x.yaml:8:16: agent.instructions: is empty",
        'x.yaml:10:5: tools[0]: "pyton" is not a kind of tool; did you mean "python"?',
        'x.yaml:11:13: tools[1].python: "a" does not name a function; write module.function',
        'x.yaml:12:5: tools[1].timeut: unknown key; did you mean "timeout"?',
        f'x.yaml:13:14: tools[2].builtin: "end_cal" is not one of {BUILTINS}; '
        'did you mean "end_call"?',
        "x.yaml:14:5: tools[3]: should hold keys of its own: python, http, mcp or builtin",
        "x.yaml:15:5: tools[4]: does not say what it is; give it one of "
        "python, http, mcp or builtin",
        'x.yaml:16:16: limits.call: "3x" is not a duration; write 20m, 4s or 250ms',
        "x.yaml:16:32: limits.concurrent: should be a whole number",
        'x.yaml:17:17: record.audio: "maybe" is not true or false',
        "x.yaml:18:13: idle.say: is empty",
        'x.yaml:18:31: idle.prompt_after: "1s" is not between 3s and 10m',
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tenant: x\n", "x.yaml:1:1: numbers: is missing"),
        (SMALLEST + "moon: 1\n", "x.yaml:4:1: moon: unknown key"),
        ("[a, b]", "x.yaml:1:1: should hold keys of its own"),
        (SMALLEST.replace("+15550100100", ""), "x.yaml:2:10: numbers: is empty"),
        (
            SMALLEST.replace("+15550100100", "+15550100100, +1 555 010 0100"),
            'x.yaml:2:10: numbers: "+15550100100" is listed twice',
        ),
        (
            SMALLEST + "idle: {say: " + "x" * 1001 + "}",
            "x.yaml:4:13: idle.say: is too long; at most 1000",
        ),
        (
            SMALLEST.replace("instructions", f"moment: {'x' * 201}, instructions"),
            "x.yaml:3:17: agent.moment: is too long; at most 200",
        ),
        (
            SMALLEST + "fallback: {transfer: +15550100199}",
            'x.yaml:4:22: fallback.transfer: "+15550100199" is not one of transfers',
        ),
        (SMALLEST + 'fallback: {say: ""}', "x.yaml:4:17: fallback.say: is empty"),
        (
            SMALLEST.replace("instructions", "barge_in: [a], instructions"),
            "x.yaml:3:19: agent.barge_in: this is not one of model, local, both",
        ),
        (
            SMALLEST + "audio: {uplink_packet: 50ms}",
            'x.yaml:4:24: audio.uplink_packet: "50ms" is not a multiple of 20ms',
        ),
        (SMALLEST + "tools: [{builtin: end_call, to: 1}]", "x.yaml:4:29: tools[0].to: unknown key"),
        (
            SMALLEST.replace("instructions", "vad: {strat: low}, instructions"),
            'x.yaml:3:15: agent.vad.strat: unknown key; did you mean "start"?',
        ),
        (
            "a: [",
            "x.yaml:2:1: not YAML: while parsing a flow node, did not find expected node content",
        ),
        (SMALLEST + "agent: {}", "x.yaml:4:1: agent: given twice (first on line 3)"),
    ],
)
def test_a_problem_says_where_and_what(text: str, problem: str) -> None:
    assert problem in problems(text)


def test_an_alias_is_reported_once_and_the_rest_is_checked_too() -> None:
    assert problems(SMALLEST + "idle: {say: *hi, prompt_after: x}\n") == (
        "x.yaml:4:13: idle.say: refers to an anchor (*hi); write it out",
        'x.yaml:4:32: idle.prompt_after: "x" is not a duration; write 20m, 4s or 250ms',
    )


def test_a_required_alias_is_not_called_missing() -> None:
    assert problems("tenant: x\nnumbers: *all\nagent: {instructions: x}") == (
        "x.yaml:2:10: numbers: refers to an anchor (*all); write it out",
    )


def test_the_number_of_problems_is_bounded() -> None:
    found = problems(SMALLEST + "".join(f"k{i}: 1\n" for i in range(500)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == "x.yaml: and 450 more problems"
    many = problems(SMALLEST + "".join(f"k{i}: 1\n" for i in range(MAX_EXPLAINED + 7)))
    assert many[:MAX_PROBLEMS] == found[:MAX_PROBLEMS]
    assert many[-1] == "x.yaml: and 957 more problems"
