"""Bella Vista's agent, tested by telephone. Copy this file beside your own tenant's.

Each test is a call: the caller speaks, the agent answers, and what counts is what the caller heard
and what the restaurant's functions did. docs/testing-agents.md explains what else there is.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from agent.testing import ToolError, phone_call, synchronous

CONFIG = Path(__file__).parents[1]
TUESDAY = datetime(2026, 11, 24, 12, 0)  # in New York: the tenant's time zone
BOOKING = "a table for four on Friday at seven, the name is Anna Miller"


def bookings(data_dir: Path) -> list[tuple[str, str, int, str]]:
    """The tables booked by callers; the example's own party is not one of them."""
    with closing(sqlite3.connect(data_dir / "bella-vista.sqlite3")) as db:
        return db.execute(
            "SELECT day, time, people, name FROM bookings WHERE name != 'Regatta Club'"
        ).fetchall()


@synchronous
async def test_a_table_is_booked_once_the_caller_has_confirmed_it(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say(BOOKING)
        assert call.tool_calls == []
        await call.say("yes please")
        booked = {"people": 4, "day": "2026-11-27", "time": "19:00", "name": "Anna Miller"}
        assert call.tool_calls == [("book_table", booked)]
        assert "Your table for four is booked for Friday" in call.heard
    assert bookings(tmp_path) == [("2026-11-27", "19:00", 4, "Anna Miller")]


@synchronous
async def test_what_is_missing_is_asked_for_one_thing_at_a_time(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("I would like to book a table")
        assert call.heard.endswith("For how many people?")
        await call.say("for two")
        assert call.heard.endswith("For which day?")
        await call.say("tomorrow")
        assert call.heard.endswith("And at what time?")
        await call.say("half past eight")
        assert call.heard.endswith("Under which name shall I book the table?")
        await call.say("Emma Davis")
        await call.say("yes")
    assert bookings(tmp_path) == [("2026-11-25", "20:30", 2, "Emma Davis")]


@synchronous
async def test_when_it_is_full_another_time_is_offered_and_taken(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("a table for six on Saturday at half past seven, the name is John Clark")
        await call.say("yes please")
        assert "we are full on Saturday" in call.heard
        assert "I could offer you six o'clock in the evening or nine o'clock" in call.heard
        await call.say("at nine")
        await call.say("yes please")
        assert [tool.arguments["time"] for tool in call.tool_calls] == ["19:30", "21:00"]
    assert bookings(tmp_path) == [("2026-11-28", "21:00", 6, "John Clark")]


@synchronous
async def test_nobody_is_booked_in_on_the_closing_day(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("a table for two on Monday at eight, the name is Maria Garcia")
        await call.say("yes please")
        assert "We are closed on Mondays." in call.heard
        assert "booked" not in call.heard
        await call.say("on Tuesday")
        await call.say("yes please")
    assert bookings(tmp_path) == [("2026-12-01", "20:00", 2, "Maria Garcia")]


@synchronous
async def test_a_caller_who_interrupts_is_listened_to(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("what are your opening hours", wait=False)
        await call.hears("Lunch is served")
        await call.say(BOOKING)
        assert "On Mondays the restaurant is closed" not in call.heard
        assert call.heard.endswith("Shall I book it?")
        assert call.summary.barge_ins == 1


@synchronous
async def test_a_caller_who_hangs_up_during_the_booking_has_booked_once(tmp_path: Path) -> None:
    async with phone_call(
        "bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path, slow={"book_table": 3}
    ) as call:
        await call.say(BOOKING)
        await call.say("yes please", wait=False)
        await call.runs("book_table")
        await call.hang_up()
        assert call.outcome == "caller_hung_up"
        assert "is booked" not in call.heard
    assert bookings(tmp_path) == [("2026-11-27", "19:00", 4, "Anna Miller")]


@synchronous
async def test_a_connection_lost_during_the_booking_books_once(tmp_path: Path) -> None:
    async with phone_call(
        "bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path, slow={"book_table": 3}
    ) as call:
        await call.say(BOOKING)
        await call.say("yes please", wait=False)
        await call.runs("book_table")
        await call.lose_model()
        await call.hears("Your table for four is booked")
        await call.say("no thank you, goodbye")
        assert call.outcome == "agent_ended"
        assert call.summary.continuity.drops == 1
    assert bookings(tmp_path) == [("2026-11-27", "19:00", 4, "Anna Miller")]


@synchronous
async def test_a_caller_who_confirms_again_after_a_lost_connection_books_once(
    tmp_path: Path,
) -> None:
    async with phone_call(
        "bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path, slow={"book_table": 3}
    ) as call:
        await call.say(BOOKING)
        await call.say("yes please", wait=False)
        await call.runs("book_table")
        await call.lose_model()
        await call.silence(0.5)
        await call.say("yes please")
        assert call.heard.count("Your table for four is booked") == 1
        wanted = [tool.name for tool in call.summary.tools]
        assert wanted == ["book_table", "book_table"]  # the model asked twice,
        assert len(call.tool_calls) == 1  # and it was done once
    assert bookings(tmp_path) == [("2026-11-27", "19:00", 4, "Anna Miller")]


@synchronous
async def test_a_connection_that_is_told_to_go_is_not_noticed(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("what are your opening hours", wait=False)
        await call.hears("We are open")
        await call.go_away(notice_s=10)
        await call.hears("On Mondays the restaurant is closed.")
        await call.say(BOOKING)
        assert "One moment, please." not in call.heard
        assert call.heard.endswith("Shall I book it?")
        assert call.summary.continuity.moves == 1


@synchronous
async def test_when_the_model_stays_away_the_caller_hears_an_apology(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY, data_dir=tmp_path) as call:
        await call.say("what are your opening hours", wait=False)
        await call.lose_model(for_s=300)
        assert await call.ended() == "model_lost"
        assert "One moment, please." in call.heard
        assert call.heard.endswith("Please call Bella Vista again in a few minutes.")


@synchronous
async def test_nothing_is_promised_when_the_booking_fails(tmp_path: Path) -> None:
    broken = ToolError("The reservation book cannot be opened.")
    async with phone_call(
        "bella-vista", config=CONFIG, at=TUESDAY, tools={"book_table": broken}
    ) as call:
        await call.say(BOOKING)
        await call.say("yes please")
        assert "that does not work at the moment" in call.heard
        assert "is booked" not in call.heard


@synchronous
async def test_a_caller_who_says_nothing_is_asked_and_then_taken_leave_of(tmp_path: Path) -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY) as call:
        await call.silence(14)
        assert call.heard.endswith("Are you still there?")
        assert await call.ended() == "idle"
        assert call.heard.endswith("Goodbye!")


@synchronous
async def test_the_agent_knows_what_day_it_is() -> None:
    async with phone_call("bella-vista", config=CONFIG, at=TUESDAY) as call:
        assert "It is now Tuesday, 2026-11-24, 12:00." in call.prompt
