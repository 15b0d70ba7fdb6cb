from __future__ import annotations

import pytest

from agent.errors import ConfigError
from agent.sim.scenario import read_scenario
from tests.sim.talking import FOLDER

SHOP = (FOLDER / "shop.yaml").read_text()


def problems(changes: dict[str, str]) -> tuple[str, ...]:
    text = SHOP
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        read_scenario(text, "shop.yaml")
    return caught.value.problems


def line_of(text: str) -> int:
    return SHOP[: SHOP.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("  hello:", "  track:", "talk.track", '"track" has a meaning already'),
        ("  hello:", "  yes:", "talk.yes", '"yes" has a meaning already'),
        ("where is my parcel", "where Is it", "tasks.track.phrases[1]", '"I" at character 34'),
        ("{order_id}", "number", "slots.order_id.phrases[0]", "does not contain {order_id}"),
        ("slots: [order_id]", "slots: [id]", "tasks.track.slots", 'there is no "id" here'),
        ("change: [order_id]", "change: [day]", "tasks.track.results.not_found.change", '"day"'),
        ("change: [order_id]", "then: x", "tasks.track.results.not_found.then", 'is: track'),
        ("that up.", "up {day}.", "tasks.track.filler", 'no "day" here; there is: order_id'),
        ("when are you open", "when {day}", "talk.hours.phrases[0]", "there is: none"),
        ("type: digits", "type: name", "slots.order_id.first", "is missing"),
        ("type: digits", "type: choice", "slots.order_id.values", "is missing"),
        ("digits", "number\n    least: 9\n    most: 3", "slots.order_id", "cannot be said"),
        ("digits", "name\n    first: [A]\n    last: [b]", "slots.order_id", "cannot be said"),
        ("digits", "time\n    earliest: 22:00", "slots.order_id", "cannot be said"),
        ("digits", "time\n    latest: 25:00", "slots.order_id.latest", "write it as 19:30"),
        ("digits", "time\n    latest: [noon]", "slots.order_id.latest", "valid time"),
        ("type: digits", "type: price", "slots.order_id.type", '"price" is not one of'),
        ("    ask: W", "    asks: W", "slots.order_id.asks", 'did you mean "ask"?'),
        ("say: I cannot", "sya: x", "tasks.track.results.not_found.sya", 'did you mean "say"?'),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_its_place(old: str, new: str, place: str, message: str) -> None:
    found = problems({old: new})
    assert any(f" {place}: " in problem and message in problem for problem in found), found
    assert all(problem.startswith("shop.yaml:") for problem in found)


def test_the_place_has_line_and_column() -> None:
    line = line_of("(where is my order")
    [problem] = problems({"[hello] (where is my order|": "[hello] (where IS my order|"})
    assert problem.startswith(f"shop.yaml:{line}:9: tasks.track.phrases[1]: ")


def test_all_problems_are_named_at_once() -> None:
    found = problems({"that up.": "up {day}.", "when are you open": "when (are"})
    assert len(found) == 2


def test_every_kind_of_slot_can_be_read() -> None:
    table = "type: choice\n    values: {inside: [inside, indoors], terrace: on the terrace}"
    for kind in (
        table,
        "type: day",
        "type: time\n    earliest: 8:00",
        "type: number",
        "type: name\n    first: [al]\n    last: [bo]",
    ):
        read_scenario(SHOP.replace("type: digits\n    length: 4", kind), "shop.yaml")
