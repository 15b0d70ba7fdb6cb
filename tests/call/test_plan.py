from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from agent.call import prompts
from agent.call.allowance import SpendingPlan
from agent.call.keypad import KeyAct, KeyPlan
from agent.call.phrases import shipped
from agent.call.plan import END_CALL, READER, file_problems, prepare
from agent.call.policy import CallPlan
from agent.errors import ConfigError
from agent.gemini.content import Content, Part
from agent.gemini.profiles import check
from agent.gemini.setup_messages import ContextWindowCompression, Setup, SlidingWindow
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
            agent={
                "greeting": "Hello.",
                "barge_in": "both",
                "barge_in_after": "300ms",
                "protect": "1.5s",
            },
            tools=[{"builtin": "end_call"}],
            limits={"call": "10m", "wrap_up": "30s"},
            idle={"prompt_after": "5s", "say": "Hello?", "end_after": "6s"},
            audio={"uplink_packet": "60ms"},
        ),
        [],
    ).plan
    assert plan.tenant == "x"
    assert plan.greeting == "Hello."
    assert plan.barge_in == "both"
    assert (plan.barge_in_after_ms, plan.protect_ms) == (300, 1500)
    assert plan.uplink_ms == 60
    assert plan.wrap_up_s == 30
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


def test_what_the_file_leaves_out_is_as_in_any_plan() -> None:
    plan = prepare(tenant(), []).plan
    plain = CallPlan("x")
    assert (plan.barge_in_after_ms, plan.protect_ms) == (plain.barge_in_after_ms, plain.protect_ms)
    assert plan.wrap_up_s == plain.wrap_up_s
    assert plan.keys == plain.keys


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


STOCK = {"name": "stock", "command": ["stock-mcp"], "allow": ["find-article", "reserve"]}


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


def test_when_a_result_is_spoken_of_is_kept_by_the_functions_name() -> None:
    silent = {"behavior": "non_blocking", "scheduling": "silent"}
    tools = [
        {"python": "shop.note", **silent},
        {"mcp": {**STOCK, **silent, "scheduling": "interrupt"}},
        {"python": "shop.book_table"},
        {"builtin": "end_call"},
    ]
    assert prepare(tenant(tools=tools), []).plan.scheduling == {
        "note": "SILENT",
        "stock_find_article": "INTERRUPT",
        "stock_reserve": "INTERRUPT",
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


def test_the_cover_speaks_the_agents_language() -> None:
    prepared = prepare(tenant(agent={"language": "de-DE"}), [])
    assert prepared.moment == "Einen Moment, bitte."
    assert prepared.apology.startswith("Es tut uns leid")
    assert prepared.plan.cover.phrase == shipped("de").moment
    assert prepared.plan.cover.apology == shipped("de").apology
    assert prepare(tenant(), []).moment == "One moment, please."


def test_the_cover_has_the_words_of_the_file() -> None:
    chosen = tenant(
        agent={"moment": "Just a second.", "moment_after": "2s"},
        fallback={"say": "Sorry, call again."},
    )
    prepared = prepare(chosen, [])
    assert (prepared.moment, prepared.apology) == ("Just a second.", "Sorry, call again.")
    assert prepared.plan.cover.slow_s == 2.0
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


def test_keys_do_what_the_file_says() -> None:
    keys = {
        "pass_on": "yes",
        "end": "A",
        "pause": "2s",
        "most": "20",
        "map": {"0": {"say": "A person!"}, "9": {"do": "end_call"}, "*": {"do": "repeat"}},
    }
    assert prepare(tenant(keys=keys), []).plan.keys == KeyPlan(
        end="A",
        pause_s=2.0,
        most=20,
        acts={
            "0": KeyAct("say", "A person!"),
            "9": KeyAct("end_call", prompts.KEY_GOODBYE, ends_call=True),
            "*": KeyAct("repeat", prompts.KEY_REPEAT),
        },
    )
    assert not prepare(tenant(keys={"pass_on": "no"}), []).plan.keys.pass_on


def test_places_are_filled_for_one_call_and_stay_in_the_tenant_s_own() -> None:
    prepared = prepare(
        tenant(
            agent={
                "greeting": "Hello {caller.name|there}.",
                "instructions": "You talk to {caller.name|somebody new}.",
            },
            tools=[{"python": "crm.find"}],
            lookup={"tool": "find"},
        ),
        [FunctionDeclaration("find")],
    )
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    known, unknown = prepared.told({"name": "Anna"}), prepared.told({})
    assert known.plan.greeting == "Hello Anna."
    assert unknown.plan.greeting == "Hello there."
    assert prompt_of(known.setup_at(at)).startswith("You talk to Anna.\n\nIt is now ")
    assert prompt_of(unknown.setup_at(at)).startswith("You talk to somebody new.\n\n")
    assert prompt_of(prepared.setup_at(at)).startswith("You talk to {caller.name|somebody new}.")
    assert prepare(tenant(), []).told({"name": "Anna"}).plan.greeting is None


def test_a_call_of_another_kind_has_words_of_its_own() -> None:
    prepared = prepare(tenant(agent={"greeting": "Welcome.", "instructions": "Answer."}), [])
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ours = prepared.saying("Hello {caller.name|there}.", "Call.").told({"name": "Ada"})
    assert ours.plan.greeting == "Hello Ada."
    assert prompt_of(ours.setup_at(at)).startswith("Call.")
    same = prepared.saying(None, None)
    assert (same.plan.greeting, same.instructions) == ("Welcome.", "Answer.")


def test_consent_is_part_of_the_plan() -> None:
    plan = prepare(tenant(record={"audio": "yes", "consent": "We record."}), []).plan
    assert (plan.record, plan.consent) == (True, "We record.")


def test_what_a_call_may_cost_is_part_of_the_plan() -> None:
    spending = {"per_call": "2 USD", "warn_at": "50%", "on_call_limit": "compress"}
    plan = prepare(tenant(spending=spending), []).plan
    assert plan.spending == SpendingPlan(Decimal(2), Decimal("0.5"), compresses=True)
    assert prepare(tenant(), []).plan.spending == SpendingPlan()


def prompt_of(setup: Setup) -> str:
    assert setup.system_instruction is not None
    return "".join(part.text or "" for part in setup.system_instruction.parts)


def test_the_words_that_claim_a_function_was_done_are_kept_by_its_name() -> None:
    claiming = tenant(
        tools=[
            {"python": "shop.book", "claims": ["is booked"]},
            {"python": "shop.see"},
            {"mcp": {**STOCK, "claims": {"reserve": ["is reserved"]}}},
            {"builtin": "take_message", "claims": ["your message"]},
        ]
    )
    assert prepare(claiming, []).plan.claims == {
        "book": ("is booked",),
        "stock_reserve": ("is reserved",),
        "take_message": ("your message",),
    }
