"""What was claimed and not done."""

import pytest

from agent.call.claims import not_done
from agent.call.policy import CallPlan
from agent.call.tools import ToolRecord
from tests.call.line import audio, content, opened, tool_call

CLAIMS = {"book_table": ("is booked", "I've booked"), "cancel": ("is cancelled",)}


def record(name: str, *, ended: bool = True, failed: bool = False) -> ToolRecord:
    return ToolRecord("c1", name, 1.0, 1, ended_at=2.0 if ended else None, failed=failed)


@pytest.mark.parametrize(
    ("said", "tools", "found"),
    [
        ("Your table is booked.", [], ("book_table",)),
        ("Your table IS\n booked!", [], ("book_table",)),
        ("Good. I've booked it.", [], ("book_table",)),
        ("It is booked, the other is cancelled.", [], ("book_table", "cancel")),
        ("Your table is booked.", [record("book_table")], ()),
        ("Your table is booked.", [record("cancel")], ("book_table",)),
        ("Your table is booked.", [record("book_table", failed=True)], ("book_table",)),
        ("Your table is booked.", [record("book_table", ended=False)], ("book_table",)),
        (
            "Your table is booked.",
            [record("book_table", failed=True), record("book_table")],
            (),
        ),
        ("This bookstore is bookedly odd.", [], ()),
        ("Shall I book it?", [], ()),
    ],
)
def test_claims(said: str, tools: list[ToolRecord], found: tuple[str, ...]) -> None:
    assert not_done(CLAIMS, ["Hello.", said], tools) == found


def test_no_claims_no_work() -> None:
    assert not_done({}, ["Your table is booked."], []) == ()


def test_what_the_caller_heard_counts_in_a_call() -> None:
    for answers in (True, False):
        line = opened(CallPlan("bella", claims={"book_table": ("is booked",)}))
        if answers:
            line.model(tool_call(("c1", "book_table")))
            line.finish_tool("c1", output="done")
        line.model(audio(0.6, "It is booked."), content(generationComplete=True))
        line.model(content(turnComplete=True))
        line.run(2.0)
        assert line.call.report(line.now).not_done == (() if answers else ("book_table",))
