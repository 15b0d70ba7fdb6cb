"""What the model is set up with, as the tenant's file says, and what it would refuse of that."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.call.plan import END_CALL, READER, file_problems, prepare
from agent.errors import ConfigError
from agent.gemini.content import Content, Part
from agent.gemini.profiles import check
from agent.gemini.setup_messages import ContextWindowCompression, SlidingWindow
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.parse import read_model
from agent.tenants.tenant import Agent, BuiltinTool, Tenant
from tests.call.planned import STOCK, tenant

BOOK = FunctionDeclaration("book_table", "Book a table.")


def refusal(chosen: Tenant, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        prepare(chosen, [BOOK], **options)
    return caught.value.problems


def test_functions_are_declared_in_the_way_of_the_model() -> None:
    built_in = tenant(tools=[{"builtin": "end_call"}])
    behaviors = {}
    for model, agent in {
        "gemini-3.8-live": {},
        "gemini-3.8-live-extended-thinking": {"thinking": "low"},
    }.items():
        chosen = built_in.model_copy(
            update={"agent": Agent.model_validate({"instructions": "x", "model": model, **agent})}
        )
        (declared,) = prepare(chosen, [BOOK]).setup.tools
        functions = declared.function_declarations or ()
        assert [function.name for function in functions] == ["book_table", END_CALL.name]
        behaviors[model] = {function.behavior for function in functions}
    assert behaviors == {
        "gemini-3.8-live": {"BLOCKING"},
        "gemini-3.8-live-extended-thinking": {"NON_BLOCKING"},
    }


def test_speech_detection_is_passed_on() -> None:
    vad = {"start": "low", "end": "high", "prefix": "20ms", "silence": "600ms"}
    config = prepare(tenant(agent={"vad": vad}), []).setup.realtime_input_config
    assert config is not None
    detection = config.automatic_activity_detection
    assert detection is not None
    assert detection.start_of_speech_sensitivity == "START_SENSITIVITY_LOW"
    assert detection.end_of_speech_sensitivity == "END_SENSITIVITY_HIGH"
    assert (detection.prefix_padding_ms, detection.silence_duration_ms) == (20, 600)


def test_how_much_is_kept_in_mind_is_passed_on() -> None:
    context = {"compress_from": "60000", "compress_to": "30000"}
    compression = prepare(tenant(context=context), []).setup.context_window_compression
    assert compression == ContextWindowCompression(60_000, SlidingWindow(30_000))


def test_how_the_model_talks_and_what_the_service_keeps_is_passed_on() -> None:
    chosen = tenant(agent={"temperature": "0.7", "search": "yes"}, context={"resume": "no"})
    setup = prepare(chosen, []).setup
    assert setup.generation_config is not None
    assert setup.generation_config.temperature == 0.7
    assert [tool.google_search is not None for tool in setup.tools] == [True]
    assert setup.session_resumption is None
    plain = prepare(tenant(), []).setup
    assert plain.generation_config is not None
    assert plain.generation_config.temperature is None
    assert (plain.tools, plain.session_resumption is None) == ((), False)


def test_a_tool_has_the_behavior_of_the_file() -> None:
    tools = [
        {"python": "shop.book_table", "behavior": "non_blocking"},
        {"python": "shop.other"},
        {"builtin": "end_call"},
    ]
    (declared,) = prepare(tenant(tools=tools), [BOOK]).setup.tools
    functions = declared.function_declarations or ()
    assert [function.behavior for function in functions] == ["NON_BLOCKING", "BLOCKING"]


def test_the_tools_of_a_server_have_the_behavior_of_its_entry() -> None:
    reserve = FunctionDeclaration("stock_reserve", "Reserve.")
    find = FunctionDeclaration("stock_find_article", "Find.")
    tools = [{"mcp": {**STOCK, "behavior": "non_blocking"}}, {"python": "shop.book_table"}]
    (declared,) = prepare(tenant(tools=tools), [reserve, find, BOOK]).setup.tools
    functions = declared.function_declarations or ()
    behaviors = {function.name: function.behavior for function in functions}
    assert behaviors == {
        "stock_reserve": "NON_BLOCKING",
        "stock_find_article": "NON_BLOCKING",
        "book_table": "BLOCKING",
    }


def test_a_behavior_that_the_model_does_not_take_is_told_once() -> None:
    tools = [{"python": "shop.book_table", "behavior": "non_blocking"}]
    chosen = tenant(agent={"model": "gemini-3.1-flash-live"}, tools=tools)
    assert refusal(chosen) == (
        "tools[0].behavior: gemini-3.1-flash-live takes only blocking; remove it",
    )


def test_what_is_not_said_is_left_to_the_service() -> None:
    assert prepare(tenant(), []).setup.realtime_input_config is None


def test_a_call_is_told_the_date_where_the_business_is() -> None:
    prepared = prepare(tenant(hours={"timezone": "America/New_York"}), [])
    setup = prepared.setup_at(datetime(2026, 11, 28, 2, 5, tzinfo=UTC))
    text = "Be kind.\n\nIt is now Friday, 2026-11-27, 21:05."
    assert setup.system_instruction == Content(parts=(Part(text=text),), role="user")
    assert setup.model == prepared.setup.model


def test_vertex_gets_its_own_names() -> None:
    prepared = prepare(tenant(), [], surface="vertex", project="p", location="us-central1")
    assert prepared.setup.model == (
        "projects/p/locations/us-central1/publishers/google/models/gemini-3.8-live"
    )
    assert prepared.profile.name == "vertex-3.8"


def test_what_reads_the_words_has_the_agents_voice_and_no_tools() -> None:
    prepared = prepare(tenant(agent={"voice": "Kore", "language": "en-US"}), [BOOK])
    setup = prepared.reading_setup()
    assert setup.system_instruction == Content(parts=(Part(text=READER),), role="user")
    assert setup.tools == ()
    assert setup.generation_config == prepared.setup.generation_config
    assert check(setup, prepared.profile) == []
    assert setup.model == prepared.setup.model


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"agent": {"voice": "Koré"}},
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
            {"agent": {"language": "ä"}},
            'agent.language: "ä" is not a language known to work; '
            "leave it out: models follow the caller",
        ),
        (
            {"agent": {"thinking": "low"}},
            "agent.thinking: gemini-3.8-live takes no thinking level; remove it",
        ),
        (
            {"agent": {"model": "gemini-3.8-live-extended-thinking"}},
            "agent.thinking: gemini-3.8-live-extended-thinking needs one; set low, medium or high",
        ),
        (
            {"agent": {"model": "gemini-2.0-flash-live-001"}},
            "agent.model: gemini-2.0-flash-live-001 was shut down on 2025-12-09; "
            "choose another model",
        ),
    ],
)
def test_what_the_model_would_refuse_is_named_by_the_files_key(
    changes: dict[str, Any], problem: str
) -> None:
    assert problem in refusal(tenant(**changes))


def test_a_function_may_not_take_the_name_of_a_built_in_one() -> None:
    chosen = tenant().model_copy(update={"tools": (BuiltinTool(builtin="end_call"),)})
    with pytest.raises(ConfigError, match="tools: 'end_call' is declared twice"):
        prepare(chosen, [END_CALL])


def test_a_problem_has_the_place_of_its_key() -> None:
    text = "tenant: x\nnumbers: [+15550100100]\nagent:\n  instructions: x\n  voice: Bob\n"
    file = read_model(text, "x.yaml", Tenant)
    (problem,) = refusal(file.model, place=file.problem)
    assert problem.startswith("x.yaml:5:10: agent.voice: ")


def test_all_that_the_model_would_refuse_is_told_once_for_every_hour() -> None:
    wrong = [{"when": {"mon": "9:00-10:00"}, "agent": {"voice": "Koré"}}]
    assert file_problems(tenant(overrides=wrong, agent={"language": "xx"})) == [
        (
            "agent.language",
            '"xx" is not a language known to work; leave it out: models follow the caller',
        ),
        (
            "overrides[0].agent.voice",
            '"Koré" is not a voice of gemini-3.8-live; did you mean "Kore"?',
        ),
    ]
    assert file_problems(tenant(), "vertex") == []
