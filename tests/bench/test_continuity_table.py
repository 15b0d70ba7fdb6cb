"""The table of the continuity cases, in the README and on a terminal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.continuity import Outcome
from bench.continuity_cases import CASES, Case
from bench.continuity_table import BEGIN, END, markdown, problems, rich_table, write_markdown
from tests.bench.test_continuity_cases import GOOD

CASE = Case("goaway", "goAway in mid-reply", CASES[1].faults)
HONEST = {"continuity": {"caller_ms_lost": 0, "caller_ms_repeated": 0}}


def ours(**changes: Any) -> Outcome:
    report = changes.pop("report", HONEST)
    return Outcome(CASE, "ours", replace(GOOD, **changes), report, reliable=True)


NAIVE = Outcome(
    CASE,
    "naive",
    replace(GOOD, reply_s=3.5, memory=None, wait_s=None, bookings=0, lost_ms=800.0, gap_s=1.5),
    {},
    reliable=True,
)


def test_both_subjects_stand_in_one_row() -> None:
    *_, row = markdown([CASE], [ours(), NAIVE]).splitlines()
    figures = "8.0 / 3.5 | 0 / 800 | 0 / 0 | 0 / 1500 | 0.9 / - | kept / - | 1 / 0"
    assert row == f"| goAway in mid-reply | {figures} |"


def test_one_subject_alone_has_its_own_figures() -> None:
    *_, row = markdown([CASE], [ours(memory=False)]).splitlines()
    assert row == "| goAway in mid-reply | 8.0 | 0 | 0 | 0 | 0.9 | lost | 1 |"


def test_the_table_is_put_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        write_markdown(page, [CASE], [ours()])
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n| Case | reply heard of 8.0 s |")
    assert text.endswith(f"|\n\n{END}\nafter\n")
    assert "old" not in text
    (tmp_path / "none.md").write_text("nothing")
    with pytest.raises(ValueError, match="there is no <!-- continuity -->"):
        write_markdown(tmp_path / "none.md", [CASE], [ours()])


def test_a_broken_promise_is_a_problem_of_ours_alone() -> None:
    assert problems([ours(), NAIVE]) == []
    assert problems([ours(bookings=2)]) == ["goaway: 2 bookings, promised 1"]


def test_a_report_that_says_something_else_is_a_problem() -> None:
    lies = {"continuity": {"caller_ms_lost": 500}}
    assert problems([ours(report=lies)]) == [
        "goaway: the service reports caller_ms_lost 500, measured 0"
    ]
    assert problems([ours(report={})]) == ["goaway: the service left no report"]


def test_figures_of_a_slow_machine_do_not_count() -> None:
    [problem] = problems([replace(ours(), reliable=False)])
    assert "too slow" in problem


def test_a_row_that_breaks_a_promise_is_red() -> None:
    assert rich_table([CASE], [ours()]).rows[0].style == ""
    assert rich_table([CASE], [ours(bookings=0), NAIVE]).rows[0].style == "red"
