"""The price table."""

from decimal import Decimal
from pathlib import Path

import pytest

from agent.call.cost import CarrierPrices, ModelPrices
from agent.errors import ConfigError
from agent.gemini.models import Surface
from agent.observe.prices import Direction, PriceTable, read_prices

MODEL = "{{model: {}, surface: {}, date: 2026-01-02, source: x, input: {}, output: {}}}"
CARRIER = "{{direction: {}, number: {}, date: 2026-03-04, source: x, per_minute: {}}}"


def table(folder: Path, models: str = "", carrier: str = "") -> PriceTable:
    path = folder / "prices.yaml"
    path.write_text(f"models: [{models}]\ncarrier: [{carrier}]\n")
    return read_prices(path)


def test_the_table_of_the_package_has_the_models_that_are_sold_and_says_that_it_is_an_example() -> (
    None
):
    shipped = read_prices(None)
    assert all(row.example for row in (*shipped.file.models, *shipped.file.carrier))
    known: list[tuple[str, Surface]] = [
        ("gemini-3.8-live", "developer"),
        ("gemini-3.8-live-extended-thinking", "developer"),
        ("gemini-3.8-live", "vertex"),
        ("gemini-3.1-flash-live-preview", "developer"),
        ("gemini-2.5-flash-native-audio-preview-12-2025", "developer"),
        ("gemini-live-2.5-flash-native-audio", "vertex"),
    ]
    assert all(shipped.has(model, surface) for model, surface in known)
    prices = shipped.of("models/gemini-3.8-live", "developer", "inbound", "+15550100100")
    assert prices.model.input["AUDIO"] == 3
    assert prices.model.output["AUDIO"] == 12
    assert prices.carrier == CarrierPrices(Decimal("0.0125"), 60)
    assert (prices.exact, prices.dated) == (False, "2026-11-21")


def test_rows_of_the_operator_s_own_are_exact(tmp_path: Path) -> None:
    own = table(
        tmp_path,
        MODEL.format("m", "developer", "{text: 1, audio: 2}", "{text: 3, audio: 4}"),
        CARRIER.format("inbound", "+1*", "0.01"),
    )
    prices = own.of("m", "developer", "inbound", "+15550100100")
    assert prices.model == ModelPrices(
        {"TEXT": Decimal(1), "AUDIO": Decimal(2)},
        {"TEXT": Decimal(3), "AUDIO": Decimal(4)},
        {},
        Decimal(3),
    )
    assert (prices.exact, prices.dated) == (True, "2026-01-02")


@pytest.mark.parametrize(
    ("model", "price"), [("gemini-a", 1), ("gemini-ab", 2), ("gemini-abc", 3), ("gemini-abd", 2)]
)
def test_the_longest_row_that_fits_a_model_is_taken(tmp_path: Path, model: str, price: int) -> None:
    rows = [("gemini-*", 1), ("gemini-ab*", 2), ("gemini-abc", 3), ("gemini-abc*", 4)]
    own = table(
        tmp_path,
        ", ".join(MODEL.format(m, "vertex", f"{{text: {p}}}", "{text: 9}") for m, p in rows),
    )
    assert own.of(model, "vertex", "inbound", None).model.input == {"TEXT": Decimal(price)}


def test_a_model_without_a_row_costs_as_much_as_the_dearest(tmp_path: Path) -> None:
    own = table(
        tmp_path,
        MODEL.format("a", "developer", "{text: 1, audio: 9}", "{text: 1}")
        + ", "
        + MODEL.format("b", "vertex", "{text: 2, audio: 5}", "{audio: 7}"),
    )
    prices = own.of("a", "vertex", "inbound", None)
    assert prices.model.input == {"TEXT": 2, "AUDIO": 9}
    assert prices.model.output == {"TEXT": 1, "AUDIO": 7}
    assert prices.model.thinking == 7  # without text, as the dearest of the output
    assert not prices.exact
    assert not own.has("a", "vertex")


@pytest.mark.parametrize(
    ("direction", "number", "price"),
    [
        ("inbound", "+15550100100", "0.01"),
        ("inbound", "+4930123456", "0.05"),
        ("inbound", "anonymous", "0.05"),
        ("outbound", "+4930123456", "0.02"),
        ("outbound", "+491701234567", "0.09"),
        ("outbound", "+15550100100", "0.09"),  # no row: the dearest
        ("outbound", None, "0.09"),
    ],
)
def test_a_minute_costs_by_direction_and_number(
    tmp_path: Path, direction: Direction, number: str | None, price: str
) -> None:
    rows = [
        ("inbound", "+1*", "0.01"),
        ("inbound", "default", "0.05"),
        ("outbound", "+49*", "0.02"),
        ("outbound", "+4917*", "0.09"),
    ]
    own = table(tmp_path, carrier=", ".join(CARRIER.format(*row) for row in rows))
    assert own.of("m", "vertex", direction, number).carrier.per_minute == Decimal(price)


def test_an_empty_table_has_no_prices(tmp_path: Path) -> None:
    prices = table(tmp_path).of("m", "developer", "inbound", None)
    assert (prices.model, prices.carrier) == (ModelPrices(), CarrierPrices())
    assert (prices.exact, prices.dated) == (False, "")


GOOD = MODEL.format("m", "vertex", "{text: 1}", "{text: 1}")
ROW = CARRIER.format("inbound", "+1*", "1")


@pytest.mark.parametrize(
    ("models", "carrier", "problem"),
    [
        (GOOD.replace("text: 1", "text: -1", 1), "", '1:81: models[0].input.text: "-1" is not a'),
        (GOOD.replace("text: 1", "text: 1e3", 1), "", '1:81: models[0].input.text: "1e3" is not'),
        (GOOD.replace("{text: 1}", "{}", 1), "", "1:74: models[0].input: has no price; write"),
        (GOOD.replace("2026-01-02", "May"), "", '1:44: models[0].date: "May" is not a day; write'),
        (GOOD.replace("vertex", "google"), "", "1:30: models[0].surface: "),
        (GOOD.replace("source", "sauce"), "", "1:10: models[0].source: is missing"),
        (f"{GOOD}, {GOOD}", "", '1:105: models[1]: "m" has two rows for vertex'),
        ("", f"{ROW}, {ROW}", '2:90: carrier[1]: "+1*" has two rows for inbound'),
        ("", ROW.replace("+1*", "1"), '2:40: carrier[0].number: "1" is not a number in int'),
    ],
)
def test_mistakes_are_told_at_their_place(
    tmp_path: Path, models: str, carrier: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        table(tmp_path, models, carrier)
    assert caught.value.problems[0].startswith(f"{tmp_path / 'prices.yaml'}:{problem}")


def test_a_currency_other_than_the_dollar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("currency: EUR\n")
    with pytest.raises(ConfigError, match="currency"):
        read_prices(path)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"prices: .*none.yaml: No such file"):
        read_prices(tmp_path / "none.yaml")
