"""What a call goes by, as its tenant's file says: words, cover, keys, functions, money."""

from datetime import UTC, datetime
from decimal import Decimal

from agent.call import prompts
from agent.call.allowance import SpendingPlan
from agent.call.keypad import KeyAct, KeyPlan
from agent.call.phrases import shipped
from agent.call.plan import prepare
from agent.call.policy import CallPlan
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionDeclaration
from tests.call.planned import STOCK, tenant


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


def test_without_the_built_in_tool_the_model_cannot_end_the_call() -> None:
    prepared = prepare(tenant(), [])
    assert not prepared.plan.end_call_tool
    assert prepared.setup.tools == ()


def test_what_the_file_leaves_out_is_as_in_any_plan() -> None:
    plan = prepare(tenant(), []).plan
    plain = CallPlan("x")
    assert (plan.barge_in_after_ms, plan.protect_ms) == (plain.barge_in_after_ms, plain.protect_ms)
    assert plan.wrap_up_s == plain.wrap_up_s
    assert plan.keys == plain.keys


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
