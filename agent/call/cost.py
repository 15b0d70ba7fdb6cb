"""What a call costs, while it runs and afterwards, from what the service says it used; without I/O.

The service bills the whole context anew with each turn, and says so: every report of it is one
bill, and the call's price is their sum (docs/cost.md). Where a report leaves something open, it is
priced rather too high than too low. Money is in US dollars, as `Decimal`, never as a float.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil

from agent.gemini.usage import MODALITIES, Usage

MILLION = Decimal(1_000_000)
NOTHING = Decimal(0)
MICRO = Decimal("0.000001")
OTHER = "OTHER"
"""What a report does not assign to a modality, or to one that nobody knows."""


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """What a million tokens of one model cost.

    Attributes:
        input: by modality, as `AUDIO`; of what is in none of them, the dearest is taken.
        output: the same.
        cached: of input that the service had in its cache, by modality; else as `input`.
        thinking: of thoughts, which nobody hears.
    """

    input: Mapping[str, Decimal] = field(default_factory=dict)
    output: Mapping[str, Decimal] = field(default_factory=dict)
    cached: Mapping[str, Decimal] = field(default_factory=dict)
    thinking: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class CarrierPrices:
    """What a minute of the telephone costs.

    Attributes:
        per_minute: of the call, and of its media stream.
        billed_s: the carrier counts in steps of so many seconds, and one that has begun is whole.
    """

    per_minute: Decimal = NOTHING
    billed_s: int = 60

    def of(self, seconds: float) -> Decimal:
        """What so much of a call costs."""
        steps = ceil(max(0.0, seconds) / self.billed_s)
        return self.per_minute * steps * self.billed_s / 60


@dataclass(frozen=True, slots=True)
class CallPrices:
    """The prices of one call.

    Attributes:
        exact: the table has this model and this number; else the dearest of their kind are taken.
        dated: the day of the older of the two rows, as 2026-11-21; empty without prices.
    """

    model: ModelPrices = ModelPrices()
    carrier: CarrierPrices = CarrierPrices()
    exact: bool = False
    dated: str = ""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Tokens billed over the call: the sum of all reports of the service.

    Attributes:
        prompt_tokens: the context of every turn, again and again, cached ones included.
        input: of the prompt and of tool use, by modality, as `AUDIO`; `OTHER` is what the service
            did not assign.
        output: of the response, by modality.
        cached: of the input, so much was billed as cached, by modality.
        repeated: reports that came a second time, after a move, and were not counted.
    """

    reports: int = 0
    prompt_tokens: int = 0
    response_tokens: int = 0
    thoughts_tokens: int = 0
    total_tokens: int = 0
    tool_use_tokens: int = 0
    cached_tokens: int = 0
    input: Mapping[str, int] = field(default_factory=dict)
    output: Mapping[str, int] = field(default_factory=dict)
    cached: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call costs, in US dollars.

    Attributes:
        total: model and carrier.
        parts: `input.audio`, `output.audio`, `cached.text`, `thinking`, `carrier` and so on; those
            that cost something. They add up to `total`.
        exact: whether all prices are of this very model and number; see `CallPrices`.
        prices_dated: as 2026-11-21; empty: nobody has set a price.
    """

    total: Decimal = NOTHING
    model: Decimal = NOTHING
    carrier: Decimal = NOTHING
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    exact: bool = False
    prices_dated: str = ""


UNPRICED = CallPrices()

_TOTALS = (
    "prompt_tokens", "response_tokens", "thoughts_tokens", "total_tokens", "tool_use_tokens",
    "cached_tokens",
)  # fmt: skip


class Meter:
    """Adds up one call's bills.

    Attributes:
        model: what the model has cost so far, in US dollars.
        largest_step: the most that one report has added to the price of the model.
        context_tokens: of the latest report: what the next turn is billed for at the least.
    """

    def __init__(self, prices: CallPrices = UNPRICED) -> None:
        self.model = self.largest_step = NOTHING
        self.context_tokens = 0
        self._prices = prices
        self._seconds = 0.0
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._totals: Counter[str] = Counter()
        self._latest: Usage | None = None
        self._same_turn = self._moved = False

    def used(self, usage: Usage) -> None:
        """Take one report of the service.

        One that has the same prompt as the one before it in the same turn is a later state of the
        same bill and takes its place. The first one after a move that says again, word for word,
        what the last one before it said is that one.
        """
        before = self._latest
        moved, self._moved = self._moved, False
        if moved and usage == before:
            self._totals["repeated"] += 1
            return
        if (
            before is not None
            and self._same_turn
            and 0 < usage.prompt_tokens == before.prompt_tokens
        ):
            self._count(before, -1)
        step = self._count(usage, 1)
        self._latest, self._same_turn = usage, True
        self.context_tokens = usage.prompt_tokens or self.context_tokens
        self.largest_step = max(self.largest_step, step)

    def turn_over(self) -> None:
        """The model's turn is over: what is reported next is another bill."""
        self._same_turn = False

    def moved(self) -> None:
        """Another connection carries the session."""
        self._moved, self._same_turn = True, False

    def carrier(self, seconds: float) -> None:
        """The call has lasted so long."""
        self._seconds = seconds

    @property
    def total(self) -> Decimal:
        """What the call has cost so far."""
        return self.model + self._prices.carrier.of(self._seconds)

    def usage(self) -> UsageReport:
        """The tokens, added up."""
        return UsageReport(
            **self._totals,
            input=self._by_modality("input", "cached"),
            output=self._by_modality("output"),
            cached=self._by_modality("cached"),
        )

    def cost(self) -> Cost:
        """The money, as it stands; parts are rounded to the millionth of a dollar."""
        parts = _model_parts(self._tokens, self._prices.model)
        carrier = self._prices.carrier.of(self._seconds)
        parts["carrier"] = carrier
        shown = {name: money.quantize(MICRO) for name, money in sorted(parts.items()) if money}
        return Cost(
            total=sum(shown.values(), NOTHING),
            model=sum((money for name, money in shown.items() if name != "carrier"), NOTHING),
            carrier=shown.get("carrier", NOTHING),
            parts=shown,
            exact=self._prices.exact,
            prices_dated=self._prices.dated,
        )

    def _count(self, usage: Usage, sign: int) -> Decimal:
        """Add a bill, or take it away; returned is its price."""
        self._totals["reports"] += sign
        for name in _TOTALS:
            self._totals[name] += sign * getattr(usage, name)
        tokens = tokens_of(usage)
        for kind, count in tokens.items():
            self._tokens[kind] += sign * count
        price = sum(_model_parts(tokens, self._prices.model).values(), NOTHING)
        self.model += sign * price
        return price

    def _by_modality(self, *kinds: str) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for (kind, modality), count in self._tokens.items():
            if kind in kinds:
                sums[modality] += count
        return {modality: count for modality, count in sorted(sums.items()) if count}


def tokens_of(usage: Usage) -> Counter[tuple[str, str]]:
    """What one report bills: tokens by kind (`input`, `cached`, `output`, `thinking`), modality.

    Tokens that its details do not assign are `OTHER`. Cached tokens are part of the prompt; without
    details of their own nobody knows which, and they are billed like the rest. No count is below 0.
    """
    tokens: Counter[tuple[str, str]] = Counter()
    _share(tokens, "input", usage.prompt_tokens, usage.prompt_by_modality)
    _share(tokens, "input", usage.tool_use_tokens, usage.tool_use_by_modality)
    _share(tokens, "output", usage.response_tokens, usage.response_by_modality)
    for modality, count in usage.cached_by_modality.items():
        known = _known(modality)
        cached = max(0, min(count, tokens["input", known]))
        tokens["input", known] -= cached
        tokens["cached", known] += cached
    tokens["thinking", OTHER] += max(0, usage.thoughts_tokens)
    return tokens


def _share(
    tokens: Counter[tuple[str, str]], kind: str, count: int, details: Mapping[str, int]
) -> None:
    for modality, part in details.items():
        tokens[kind, _known(modality)] += max(0, part)
    tokens[kind, OTHER] += max(0, count - sum(details.values()))


def _known(modality: str) -> str:
    """A modality that prices may be set for; a document is billed as its text."""
    if modality == "DOCUMENT":
        return "TEXT"
    return modality if modality in MODALITIES else OTHER


def _model_parts(tokens: Mapping[tuple[str, str], int], prices: ModelPrices) -> dict[str, Decimal]:
    parts = {}
    for (kind, modality), count in tokens.items():
        name = kind if kind == "thinking" else f"{kind}.{modality.lower()}"
        parts[name] = _price(kind, modality, prices) * count / MILLION
    return parts


def _price(kind: str, modality: str, prices: ModelPrices) -> Decimal:
    if kind == "thinking":
        return prices.thinking
    if kind == "cached" and modality in prices.cached:
        return prices.cached[modality]
    table = prices.output if kind == "output" else prices.input
    return table.get(modality, max(table.values(), default=NOTHING))
