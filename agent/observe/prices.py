"""The price table: what tokens and minutes cost, from a dated YAML file; see docs/cost.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from agent.call.cost import CallPrices, CarrierPrices, ModelPrices
from agent.errors import ConfigError
from agent.gemini.models import Surface
from agent.tenants.parse import read_model
from agent.tenants.routing import matching
from agent.tenants.scalars import NumberPattern, Switch, duration, quoted
from agent.tenants.strict import Misfit, Part, Strict, Word

SHIPPED = "prices.yaml"
type Direction = Literal["inbound", "outbound"]

_PRICE = re.compile(r"\d{1,6}(\.\d{1,6})?")


def _price(value: object) -> object:
    if not (isinstance(value, str) and _PRICE.fullmatch(value.strip())):
        raise ValueError(f"{quoted(value)} is not a price; write 0.75")
    return Decimal(value.strip())


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"{quoted(value)} is not a day; write 2026-11-21") from None


type Price = Annotated[Decimal, BeforeValidator(_price)]
type Day = Annotated[str, AfterValidator(_day)]


class Modalities(Strict):
    """US dollars for a million tokens, by modality; what is left out costs as the dearest."""

    text: Price | None = None
    audio: Price | None = None
    image: Price | None = None
    video: Price | None = None

    def by_name(self) -> dict[str, Decimal]:
        """As the service names the modalities."""
        return {name.upper(): price for name, price in self if price is not None}


class Row(Strict):
    """What every row says of itself.

    Attributes:
        date: the day on which somebody read the price.
        source: where.
        example: nobody has read it at the seller's: to be replaced.
    """

    date: Day
    source: Word
    example: Switch = False


class ModelRow(Row):
    """One model's prices, in US dollars for a million tokens.

    Attributes:
        model: its id; one that ends in * stands for all that begin so.
        surface: which of the two services sells it.
        input: of the context and of what tools bring.
        output: of what the model says.
        thinking: of its thoughts; as text of the output when left out.
        cached: of input in the service's cache; as other input when left out.
    """

    model: Word
    surface: Literal["developer", "vertex"]
    input: Modalities
    output: Modalities
    thinking: Price | None = None
    cached: Modalities = Modalities()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        empty = [key for key in ("input", "output") if not getattr(self, key).by_name()]
        if empty:
            raise Misfit(*(((key,), "has no price; write {text: 0.75}") for key in empty))
        return self

    def prices(self) -> ModelPrices:
        """In the form that a call takes."""
        output = self.output.by_name()
        thinking = output.get("TEXT", max(output.values()))
        return ModelPrices(
            self.input.by_name(),
            output,
            self.cached.by_name(),
            thinking if self.thinking is None else self.thinking,
        )


class CarrierRow(Row):
    """What the telephone costs.

    Attributes:
        direction: of the call.
        number: the tenant's for an inbound call, the one that is called for an outbound one;
            +1555* stands for all that begin so, and default for all that no other row has.
        per_minute: US dollars.
        billed: the carrier counts in steps of so long.
    """

    direction: Direction
    number: NumberPattern
    per_minute: Price
    billed: Annotated[float, duration(1, 3600)] = 60.0

    def prices(self) -> CarrierPrices:
        """In the form that a call takes."""
        return CarrierPrices(self.per_minute, round(self.billed))


class PriceFile(Strict):
    """A price table.

    Attributes:
        currency: of all prices.
        models: what tokens cost.
        carrier: what minutes cost.
    """

    currency: Literal["USD"] = "USD"
    models: Annotated[tuple[ModelRow, ...], Field(max_length=500)] = ()
    carrier: Annotated[tuple[CarrierRow, ...], Field(max_length=5000)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        twice = [
            *_twice("models", ((row.model, row.surface) for row in self.models)),
            *_twice("carrier", ((row.number, row.direction) for row in self.carrier)),
        ]
        if twice:
            raise Misfit(*twice)
        return self


def _twice(key: str, rows: Iterable[tuple[str, str]]) -> list[tuple[tuple[Part, ...], str]]:
    seen: set[tuple[str, str]] = set()
    found: list[tuple[tuple[Part, ...], str]] = []
    for index, row in enumerate(rows):
        if row in seen:
            found.append(((key, index), f"{quoted(row[0])} has two rows for {row[1]}"))
        seen.add(row)
    return found


@dataclass(frozen=True)
class PriceTable:
    """Finds the prices of a call."""

    file: PriceFile

    def of(
        self, model: str, surface: Surface, direction: Direction, number: str | None
    ) -> CallPrices:
        """The prices of one call.

        Args:
            model: its id, with or without what stands before it on the wire.
            number: see `CarrierRow`; None: nobody knows it.
        """
        model_row = self._model_row(model.rpartition("/")[2], surface)
        carrier_row = self._carrier_row(direction, number)
        rows: list[Row] = [row for row in (model_row, carrier_row) if row is not None]
        return CallPrices(
            model=self._dearest_model if model_row is None else model_row.prices(),
            carrier=self._dearest(direction) if carrier_row is None else carrier_row.prices(),
            exact=len(rows) == 2 and not any(row.example for row in rows),
            dated=min((row.date for row in rows), default=""),
        )

    def has(self, model: str, surface: Surface) -> bool:
        """Whether there is a row for a model."""
        return self._model_row(model.rpartition("/")[2], surface) is not None

    def _model_row(self, model: str, surface: str) -> ModelRow | None:
        fitting = [
            row
            for row in self.file.models
            if row.surface == surface
            and (
                row.model == model or (row.model.endswith("*") and model.startswith(row.model[:-1]))
            )
        ]
        return max(fitting, key=lambda row: (row.model == model, len(row.model)), default=None)

    def _carrier_row(self, direction: Direction, number: str | None) -> CarrierRow | None:
        rows = {row.number: row for row in self.file.carrier if row.direction == direction}
        found = matching(number or "", rows)
        return None if found is None else rows[found[0]]

    @cached_property
    def _dearest_model(self) -> ModelPrices:
        """For a model without a row: a limit must hold for it, too."""
        rows = [row.prices() for row in self.file.models]
        return ModelPrices(
            input=_dearest(row.input for row in rows),
            output=_dearest(row.output for row in rows),
            thinking=max((row.thinking for row in rows), default=Decimal(0)),
        )

    def _dearest(self, direction: Direction) -> CarrierPrices:
        rows = [row.prices() for row in self.file.carrier if row.direction == direction]
        return max(rows, key=lambda row: row.per_minute, default=CarrierPrices())


def _dearest(tables: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for table in tables:
        for modality, price in table.items():
            found[modality] = max(price, found.get(modality, price))
    return found


def read_prices(path: Path | None) -> PriceTable:
    """Read a price table; None: the one that comes with the package, which is an example.

    Raises:
        ConfigError: with every problem of the file, at line and column.
    """
    try:
        if path is None:
            raw, name = resources.files(__package__).joinpath(SHIPPED).read_bytes(), SHIPPED
        else:
            raw, name = path.read_bytes(), str(path)
    except OSError as error:
        raise ConfigError(f"prices: {path}: {error.strerror}") from None
    return PriceTable(read_model(raw, name, PriceFile).model)
