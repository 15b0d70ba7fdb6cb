from typing import Any

import pytest

from agent.call.tenant_rules import tenant_problems
from agent.gemini.models import profile_for
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.prompt import SAFE_TOKENS
from agent.tenants.tenant import Tenant

BOOK = FunctionDeclaration("book_table", "x" * 361)  # with its keys, 100 tokens
HTTP = {"name": "a", "description": "b", "url": "https://a.example/"}
MCP = {"name": "a", "command": ["b"], "allow": ["c"]}


def problems(*declared: FunctionDeclaration, **changes: Any) -> list[str]:
    given = {
        "tenant": "x",
        "numbers": ("+15550100100",),
        "agent": {"instructions": "Be kind.", **changes.pop("agent", {})},
        **changes,
    }
    tenant = Tenant.model_validate(given)
    profile = profile_for(tenant.agent.model, "developer")
    return [f"{field}: {message}" for field, message in tenant_problems(tenant, profile, declared)]


@pytest.mark.parametrize(
    "agent",
    [
        {},
        {"model": "gemini-2.5-flash-native-audio-preview-12-2025"},
        {"model": "models/gemini-9-live"},
        {"model": "gemini-2.0-flash-live-001"},  # shut down, which the check of the wire tells
        {"voice": "Kore", "language": "en-US"},
        {"instructions": "x" * SAFE_TOKENS * 4},
    ],
)
def test_what_goes_together_is_taken(agent: dict[str, str]) -> None:
    assert problems(agent=agent) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"agent": {"model": "gemini-3.8-life"}},
            'agent.model: "gemini-3.8-life" is not a model known here; did you mean '
            '"gemini-3.8-live"? A newer one is written in full, as models/NAME',
        ),
        (
            {"agent": {"model": "xyz"}},
            'agent.model: "xyz" is not a model known here; write one as "gemini-3.8-live". '
            "A newer one is written in full, as models/NAME",
        ),
        (
            {"agent": {"voice": "Koré", "model": "models/gemini-3.8-live"}},
            'agent.voice: "Koré" is not a voice of gemini-3.8-live; did you mean "Kore"?',
        ),
        (
            {"agent": {"language": "en-us"}},
            'agent.language: "en-us" is not a language known to work; did you mean "en-US"?',
        ),
        (
            {"agent": {"language": "xx"}},
            'agent.language: "xx" is not a language known to work; '
            "leave it out: models follow the caller",
        ),
        (
            {
                "agent": {"model": "gemini-3.1-flash-live"},
                "tools": [
                    {"builtin": "end_call"},
                    {"http": {**HTTP, "behavior": "non_blocking"}},
                ],
            },
            "tools[1].http.behavior: gemini-3.1-flash-live takes only blocking; remove it",
        ),
        (
            {
                "agent": {"model": "gemini-3.8-live-extended-thinking", "thinking": "low"},
                "tools": [{"mcp": {**MCP, "behavior": "blocking"}}],
            },
            "tools[0].mcp.behavior: gemini-3.8-live-extended-thinking takes only non_blocking; "
            "remove it",
        ),
        (
            {
                "agent": {"model": "gemini-3.8-live-extended-thinking", "thinking": "low"},
                "tools": [{"http": {**HTTP, "scheduling": "silent"}}],
            },
            "tools[0].http.scheduling: gemini-3.8-live-extended-thinking takes none; remove it",
        ),
        (
            {"tools": [{"python": "a.b", "scheduling": "interrupt"}]},
            "tools[0].scheduling: has no effect while the model waits; "
            "write behavior: non_blocking",
        ),
        (
            {"agent": {"instructions": "x" * (SAFE_TOKENS * 4 + 1)}},
            "agent.instructions: about 25601 tokens leave too little room to talk; "
            "at most 25600 are safe",
        ),
        (
            {"context": {"compress_to": "100"}, "agent": {"instructions": "x" * 201}},
            "agent.instructions: about 51 tokens leave too little room to talk; "
            "at most 50 are safe",
        ),
        (
            {"agent": {"vad": {"silence": "3s"}}, "idle": {"prompt_after": "3s"}},
            "idle.prompt_after: 3s is not above agent.vad.silence, 3s: the agent would ask a "
            "caller who is still speaking",
        ),
    ],
)
def test_what_does_not_go_together_names_the_key(changes: dict[str, Any], problem: str) -> None:
    assert problems(**changes) == [problem]


def test_an_unknown_voice_without_a_likeness_is_given_the_list() -> None:
    (problem,) = problems(agent={"voice": "1"})
    assert problem.startswith('agent.voice: "1" is not a voice of gemini-3.8-live; one of Achernar')


def test_a_behavior_that_the_model_takes_is_left_alone() -> None:
    assert problems(tools=[{"python": "a.b", "behavior": "blocking"}]) == []
    silent = {"behavior": "non_blocking", "scheduling": "silent"}
    assert problems(tools=[{"python": "a.b", **silent}, {"mcp": {**MCP, **silent}}]) == []


def test_the_tools_are_part_of_the_prompt() -> None:
    instructions = "x" * (SAFE_TOKENS - 50) * 4
    assert problems(agent={"instructions": instructions}) == []
    (problem,) = problems(BOOK, agent={"instructions": instructions})
    assert problem.startswith("agent.instructions: about 25550 tokens and 100 of tools leave too")


def test_the_prompt_of_calls_that_are_made_is_a_prompt_as_well() -> None:
    outbound = {"number": "+15550100100", "to": "+1555", "greeting": "Hi."}
    assert problems(outbound={**outbound, "instructions": "Be brief."}) == []
    (problem,) = problems(outbound={**outbound, "instructions": "x" * (SAFE_TOKENS * 4 + 1)})
    assert problem.startswith("outbound.instructions: about 25601 tokens leave too little room")


FIND = FunctionDeclaration(
    "find",
    parameters={"type": "OBJECT", "properties": {"phone": {}, "kind": {}}, "required": ["phone"]},
)
USED = {
    "tools": [{"python": "crm.find"}],
    "agent": {"greeting": "Hello {caller.name|there}."},
}


def test_a_look_up_has_the_arguments_of_its_tool() -> None:
    right = {"tool": "find", "arguments": {"phone": "{caller.number}", "kind": "any"}}
    assert problems(BOOK, FIND, **USED, lookup=right) == []
    wrong = {"tool": "find", "arguments": {"fone": "{caller.number}", "x": "y"}}
    assert problems(BOOK, FIND, **USED, lookup=wrong) == [
        'lookup.arguments.fone: find has no such argument; did you mean "phone"?',
        "lookup.arguments.x: find has no such argument",
        'lookup.arguments: find needs "phone"',
    ]
    assert problems(BOOK, FunctionDeclaration("find"), **USED, lookup={"tool": "find"}) == []


def test_a_look_up_whose_tool_is_not_known_yet_is_taken() -> None:
    assert problems(BOOK, **USED, lookup={"tool": "find", "arguments": {"n": "1"}}) == []
