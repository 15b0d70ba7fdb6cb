"""What a call costs, from the service's reports."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call.cost import CallPrices, CarrierPrices, Cost, Meter, ModelPrices, tokens_of
from agent.gemini.usage import Usage

PRICES = CallPrices(
    ModelPrices(
        input={"TEXT": Decimal(1), "AUDIO": Decimal(4)},
        output={"TEXT": Decimal(2), "AUDIO": Decimal(10)},
        cached={"TEXT": Decimal("0.1")},
        thinking=Decimal(3),
    ),
    CarrierPrices(Decimal("0.01")),
    exact=True,
    dated="2026-11-21",
)


def report(text: int = 0, audio: int = 0, spoken: int = 0, **others: Any) -> Usage:
    return Usage(
        prompt_tokens=text + audio,
        response_tokens=spoken,
        prompt_by_modality={"TEXT": text, "AUDIO": audio},
        response_by_modality={"AUDIO": spoken},
        **others,
    )


def metered(*reports: Usage) -> Meter:
    meter = Meter(PRICES)
    for one in reports:
        meter.used(one)
        meter.turn_over()
    return meter


def test_each_turn_is_billed_for_the_whole_context_again() -> None:
    meter = metered(report(1000, 0, 100), report(1000, 500, 200))
    assert meter.usage().input == {"AUDIO": 500, "TEXT": 2000}
    assert meter.usage().output == {"AUDIO": 300}
    assert meter.model == Decimal("0.007")  # 2000 x 1 + 500 x 4 + 300 x 10, of a million
    assert meter.context_tokens == 1500


def test_the_parts_add_up_to_the_total() -> None:
    meter = metered(report(1000, 500, 100, thoughts_tokens=50, tool_use_tokens=10))
    meter.carrier(61.0)
    cost = meter.cost()
    assert cost == Cost(
        total=Decimal("0.024190"),
        model=Decimal("0.004190"),
        carrier=Decimal("0.02"),
        parts={
            "carrier": Decimal("0.02"),
            "input.audio": Decimal("0.002"),
            "input.other": Decimal("0.00004"),
            "input.text": Decimal("0.001"),
            "output.audio": Decimal("0.001"),
            "thinking": Decimal("0.00015"),
        },
        exact=True,
        prices_dated="2026-11-21",
    )
    assert meter.total == cost.total


def test_tokens_that_nobody_assigns_cost_as_much_as_the_dearest() -> None:
    # 497 of 522 tokens of the prompt are assigned, as recorded of gemini-3.8-live.
    usage = Usage(prompt_tokens=522, prompt_by_modality={"TEXT": 332, "AUDIO": 165})
    assert tokens_of(usage)["input", "OTHER"] == 25
    assert metered(usage).model == (Decimal(332) + 4 * (165 + 25)) / 1_000_000


@pytest.mark.parametrize(("modality", "price"), [("DOCUMENT", 1), ("SMELL", 4), ("VIDEO", 4)])
def test_a_document_is_text_and_what_has_no_price_the_dearest(modality: str, price: int) -> None:
    usage = Usage(prompt_tokens=1_000_000, prompt_by_modality={modality: 1_000_000})
    assert metered(usage).model == price


def test_cached_tokens_are_cheaper_where_it_is_known_which_they_are() -> None:
    known = report(1000, cached_tokens=600, cached_by_modality={"TEXT": 600})
    assert metered(known).model == Decimal("0.00046")  # 400 x 1 + 600 x 0.1
    assert metered(known).usage().input == {"TEXT": 1000}
    assert metered(known).usage().cached == {"TEXT": 600}
    unknown = report(1000, cached_tokens=600)
    assert metered(unknown).model == Decimal("0.001")
    more = report(0, 100, cached_by_modality={"AUDIO": 500})  # more than there is; without a price
    assert metered(more).model == Decimal("0.0004")


def test_a_later_state_of_the_same_bill_takes_its_place() -> None:
    meter = Meter(PRICES)
    for spoken in (10, 20, 30):
        meter.used(report(1000, 0, spoken))
    assert meter.usage().reports == 1
    assert meter.usage().output == {"AUDIO": 30}
    assert meter.largest_step == Decimal("0.0013")
    meter.used(report(1100, 0, 30))  # a second generation of the same turn has a longer context
    assert meter.usage().reports == 2
    meter.turn_over()
    meter.used(report(1100, 0, 30))
    assert meter.usage().reports == 3


def test_small_reports_without_a_prompt_are_added_up() -> None:
    meter = Meter(PRICES)
    meter.used(Usage(response_tokens=10))
    meter.used(Usage(response_tokens=10))
    assert meter.usage().response_tokens == 20
    assert meter.context_tokens == 0


def test_a_report_that_comes_again_after_a_move_is_not_counted_again() -> None:
    meter = metered(report(1000, 0, 100))
    meter.moved()
    meter.used(report(1000, 0, 100))
    assert (meter.usage().reports, meter.usage().repeated) == (1, 1)
    meter.used(report(1000, 0, 100))  # another one like it is a bill of its own
    assert meter.usage().reports == 2
    meter.moved()
    meter.used(report(1200, 0, 100))
    assert meter.usage().reports == 3


def test_the_dearest_turn_is_remembered() -> None:
    meter = metered(report(1000), report(3000), report(2000))
    assert meter.largest_step == Decimal("0.003")


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(-1.0, 0), (0.0, 0), (0.1, 1), (60.0, 1), (61, 2)]
)
def test_a_minute_that_has_begun_is_billed_whole(seconds: float, minutes: int) -> None:
    assert CarrierPrices(Decimal("0.0085")).of(seconds) == Decimal("0.0085") * minutes


def test_a_carrier_may_count_in_seconds() -> None:
    assert CarrierPrices(Decimal("0.06"), billed_s=1).of(10.2) == Decimal("0.011")


def test_without_prices_tokens_are_counted_and_nothing_costs() -> None:
    meter = Meter()
    meter.used(report(1000, 500, 100, thoughts_tokens=4))
    meter.carrier(90.0)
    assert meter.usage().total_tokens == 0  # as the report itself says
    assert meter.usage().prompt_tokens == 1500
    assert meter.cost() == Cost()


def test_counts_below_zero_are_none() -> None:
    usage = Usage(
        prompt_tokens=-5,
        thoughts_tokens=-1,
        prompt_by_modality={"TEXT": -5},
        cached_by_modality={"TEXT": -5},
    )
    assert metered(usage).total == 0


COUNTS = st.integers(0, 200_000)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=20))
def test_what_turns_cost_is_what_they_cost_one_by_one(turns: list[tuple[int, int, int]]) -> None:
    reports = [report(text, audio, spoken) for text, audio, spoken in turns]
    alone = sum((metered(one).total for one in reports), Decimal(0))
    assert metered(*reports).total == alone
    cost = metered(*reports).cost()
    assert msgspec.json.decode(msgspec.json.encode(cost), type=Cost) == cost
