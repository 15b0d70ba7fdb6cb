from datetime import UTC, datetime
from typing import Any

import pytest

from agent.call.phrases import shipped
from agent.call.plan import END_CALL, READER, prepare
from agent.errors import ConfigError
from agent.gemini.content import Content, Part
from agent.gemini.profiles import check
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.parse import read_model
from agent.tenants.tenant import Agent, BuiltinTool, Tenant

BOOK = FunctionDeclaration("book_table", "Book a table.")


def tenant(**changes: Any) -> Tenant:
    given = {
        "tenant": "x",
        "numbers": ("+15550100100",),
        "agent": {"instructions": "Be kind.", **changes.pop("agent", {})},
        **changes,
    }
    return Tenant.model_validate(given)


def refusal(chosen: Tenant, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        prepare(chosen, [BOOK], **options)
    return caught.value.problems


def test_the_plan_says_what_the_file_says() -> None:
    plan = prepare(
        tenant(
            agent={"greeting": "Hello.", "barge_in": "both"},
            tools=[{"builtin": "end_call"}],
            limits={"call": "10m"},
            idle={"prompt_after": "5s", "say": "Hello?", "end_after": "6s"},
            audio={"uplink_packet": "60ms"},
        ),
        [],
    ).plan
    assert plan.tenant == "x"
    assert plan.greeting == "Hello."
    assert plan.barge_in == "both"
    assert plan.uplink_ms == 60
    assert plan.max_call_s == 600
    assert plan.end_call_tool
    assert plan.idle.prompt_after_s == 5
    assert plan.idle.prompt_text == "Hello?"
    assert plan.idle.end_after_s == 6


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


def test_without_the_built_in_tool_the_model_cannot_end_the_call() -> None:
    prepared = prepare(tenant(), [])
    assert not prepared.plan.end_call_tool
    assert prepared.setup.tools == ()


def test_speech_detection_is_passed_on() -> None:
    vad = {"start": "low", "end": "high", "prefix": "20ms", "silence": "600ms"}
    config = prepare(tenant(agent={"vad": vad}), []).setup.realtime_input_config
    assert config is not None
    detection = config.automatic_activity_detection
    assert detection is not None
    assert detection.start_of_speech_sensitivity == "START_SENSITIVITY_LOW"
    assert detection.end_of_speech_sensitivity == "END_SENSITIVITY_HIGH"
    assert (detection.prefix_padding_ms, detection.silence_duration_ms) == (20, 600)


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


def test_the_cover_speaks_the_agents_language() -> None:
    prepared = prepare(tenant(agent={"language": "de-DE"}), [])
    assert prepared.moment == "Einen Moment, bitte."
    assert prepared.apology.startswith("Es tut uns leid")
    assert prepared.plan.cover.phrase == shipped("de").moment
    assert prepared.plan.cover.apology == shipped("de").apology
    assert prepare(tenant(), []).moment == "One moment, please."


def test_the_cover_has_the_words_of_the_file() -> None:
    chosen = tenant(agent={"moment": "Just a second."}, fallback={"say": "Sorry, call again."})
    prepared = prepare(chosen, [])
    assert (prepared.moment, prepared.apology) == ("Just a second.", "Sorry, call again.")
    assert prepared.plan.cover.phrase == shipped("en").moment  # until the model has said the words


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
            "agent.voice: there is no voice 'Koré'; did you mean Kore?",
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
            "agent.language: 'ä' is no language code like en-US",
        ),
        (
            {"agent": {"thinking": "low"}},
            "agent.thinking: gemini-3.8-live takes no thinking level; remove it",
        ),
        (
            {"agent": {"model": "gemini-2.0-flash-live-001"}},
            "agent.model: gemini-2.0-flash-live-001 was shut down on 2025-12-09; "
            "choose another model",
        ),
        (
            {"tools": [{"builtin": "end_call"}, {"builtin": "end_call"}]},
            'tools: "end_call" is listed twice',
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
    assert problem.startswith("x.yaml:5:10: agent.voice: there is no voice 'Bob'")
