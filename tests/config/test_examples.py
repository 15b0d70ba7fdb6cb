"""The example tenants and their business functions, as they stand in `config/`."""

import asyncio
import sqlite3
import sys
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ToolError
from agent.service.tenant_files import ReadyTenants, load_tenants
from agent.tools import CallContext
from agent.tools.runner import ToolRunner

CONFIG = Path(__file__).parents[2] / "config"
TENANTS = load_tenants(CONFIG / "tenants", [CONFIG / "functions"])
restaurant: Any = sys.modules["restaurant"]
shop: Any = sys.modules["shop"]

NOW = datetime(2026, 11, 21, 12, tzinfo=restaurant.ZONE)  # a Saturday
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 23)


@pytest.fixture
def context(tmp_path: Path) -> CallContext:
    return CallContext("bella-vista", "CA1", "+15550100199", tmp_path / "data")


def run(context: CallContext, function: str, key: str = "k", **args: Any) -> dict[str, Any]:
    """Let the tenant's runner run a function, as a call does; each time like a process anew."""
    tools = TENANTS.by_name[context.tenant].tools
    return asyncio.run(ToolRunner(tools).run("1", function, args, key, context))


def book(context: CallContext, day: date, at: time, people: int, name: str = "Ann") -> Any:
    return restaurant._book(context, day, at, people, name, NOW)


def test_both_examples_answer_their_numbers() -> None:
    assert isinstance(TENANTS, ReadyTenants)
    owners = {
        number: ready.tenant.tenant
        for number in ("+15550100100", "+15550100101")
        if (ready := TENANTS.for_number(number))
    }
    assert owners == {"+15550100100": "bella-vista", "+15550100101": "corner-shop"}


def test_a_table_is_booked_by_the_model_and_kept_with_the_callers_number(
    context: CallContext,
) -> None:
    request: dict[str, Any] = {
        "day": "2099-11-27",
        "time": "19:00",
        "people": 4,
        "name": " Anna Miller ",
    }
    answer = run(context, "book_table", **request)
    assert answer["output"].pop("reference").startswith("BV-10")
    assert answer == {
        "output": {
            "status": "booked",
            "day": "2099-11-27",
            "time": "19:00",
            "people": 4,
            "name": "Anna Miller",
        }
    }
    with sqlite3.connect(context.data_dir / "bella-vista.sqlite3") as db:
        row = db.execute(
            "SELECT time, people, name, caller FROM bookings WHERE day = '2099-11-27'"
        ).fetchone()
    db.close()
    assert row == ("19:00", 4, "Anna Miller", "+15550100199")


def test_references_count_up(context: CallContext) -> None:
    first, second = (book(context, FRIDAY, time(19), 2) for _ in range(2))
    assert first.reference == "BV-1046"  # four parties are booked when the file is made
    assert second.reference == "BV-1047"


def test_a_booking_run_twice_for_one_request_is_made_once(context: CallContext) -> None:
    """As after a crash, or where something below repeats: the key says that it is the same."""
    request: dict[str, Any] = {"day": "2099-11-27", "time": "19:00", "people": 4, "name": "Anna"}
    first = run(context, "book_table", key="one", **request)
    assert run(context, "book_table", key="one", **request) == first
    assert run(context, "book_table", key="two", **request) != first
    with sqlite3.connect(context.data_dir / "bella-vista.sqlite3") as db:
        count = db.execute("SELECT count(*) FROM bookings WHERE day = '2099-11-27'").fetchone()[0]
    db.close()
    assert count == 2


def test_a_booking_stands_though_the_house_has_filled_up_since(context: CallContext) -> None:
    mine = replace(context, idempotency_key="mine")
    booked = book(mine, FRIDAY, time(19), 12)
    assert book(context, FRIDAY, time(19), 12).status == "booked"
    assert book(context, FRIDAY, time(19), 12).status == "full"
    assert book(mine, FRIDAY, time(19), 12) == booked


def test_only_looking_up_may_be_repeated() -> None:
    functions = [f for t in TENANTS.by_name.values() for f in t.tools.functions.values()]
    assert {f.declaration.name for f in functions if f.repeatable} == {
        "check_availability",
        "order_status",
    }
    assert {f.declaration.name for f in functions if not f.repeatable} == {
        "book_table",
        "transfer",
        "call_back",
    }


def test_looking_books_nothing(context: CallContext) -> None:
    request: dict[str, Any] = {"day": "2099-11-27", "time": "19:00", "people": 12}
    assert [run(context, "check_availability", **request) for _ in range(3)] == [
        {"output": {"status": "free"}}
    ] * 3


def test_a_full_evening_offers_the_nearest_times(context: CallContext) -> None:
    assert book(context, SATURDAY, time(19), 4) == restaurant.Full(alternatives=["18:00", "21:00"])
    assert book(context, SATURDAY, time(21), 4).status == "booked"


def test_the_last_seats_go_once(context: CallContext) -> None:
    answers = [book(context, FRIDAY, time(19), 8).status for _ in range(4)]
    assert answers == ["booked", "booked", "booked", "full"]


def test_alternatives_are_still_to_come(context: CallContext) -> None:
    today = NOW.date()
    evening = NOW.replace(hour=19)
    answer = restaurant._availability(context, today, time(19, 15), 4, evening)
    assert answer == restaurant.Full(alternatives=["21:00"])


@pytest.mark.parametrize(
    ("day", "at", "reason"),
    [
        (MONDAY, time(19), "We are closed on Mondays."),
        (FRIDAY, time(11), "We seat from 11:30 to 21:30."),
        (FRIDAY, time(22), "We seat from 11:30 to 21:30."),
        (date(2026, 11, 20), time(19), "That time has passed."),
        (NOW.date(), time(12), "That time has passed."),
    ],
)
def test_nobody_is_seated_when_the_house_is_closed(
    context: CallContext, day: date, at: time, reason: str
) -> None:
    closed = restaurant.Closed(reason=reason)
    assert book(context, day, at, 2) == closed
    assert restaurant._availability(context, day, at, 2, NOW) == closed


@pytest.mark.parametrize(("people", "name"), [(0, "Ann"), (13, "Ann"), (-1, "Ann"), (2, " ")])
def test_what_cannot_be_booked_is_said_to_the_model(
    context: CallContext, people: int, name: str
) -> None:
    with pytest.raises(ToolError):
        book(context, FRIDAY, time(19), people, name)


def test_a_failure_leaves_no_half_of_a_booking(context: CallContext) -> None:
    book(context, FRIDAY, time(19), 2)

    def fail() -> None:
        with sys.modules["_db"].database(context, "", lambda _: None) as db:
            db.execute("DELETE FROM bookings")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert book(context, FRIDAY, time(19), 2).reference == "BV-1047"


@pytest.mark.parametrize("number", ["1042", "10 42", "#1042", "1-0-4-2"])
def test_an_order_is_found_however_its_number_is_written(tmp_path: Path, number: str) -> None:
    context = CallContext("corner-shop", "CA1", None, tmp_path)
    answer = run(context, "order_status", order_id=number)["output"]
    assert (answer["status"], answer["carrier"]) == ("shipped", "Parcel Express")
    date.fromisoformat(answer["expected"])


def test_orders_stand_in_every_state(tmp_path: Path) -> None:
    context = CallContext("corner-shop", "CA1", None, tmp_path)
    today = date(2026, 11, 21)
    assert [shop._status(context, number, today) for number in ("1042", "1043", "1044", "9")] == [
        shop.Shipped(item="a teapot", carrier="Parcel Express", expected=date(2026, 11, 23)),
        shop.Packing(item="two reading lamps", expected=date(2026, 11, 26)),
        shop.Delivered(
            item="a garden chair", carrier="Parcel Express", delivered=date(2026, 11, 18)
        ),
        shop.NotFound(),
    ]
