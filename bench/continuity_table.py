"""What the continuity cases came to: a table, and what was promised and not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from bench.continuity_cases import TOLERANCE_S, Case, Measured
from bench.continuity_sound import REPLY_S

if TYPE_CHECKING:
    from bench.continuity import Outcome

BEGIN, END = "<!-- continuity -->", "<!-- /continuity -->"
OURS, NAIVE = "ours", "naive"
DISAGREES_MS = 100.0
HEADINGS = (
    f"reply heard of {REPLY_S:.1f} s",
    "caller lost, ms",
    "repeated, ms",
    "longest gap, ms",
    "wait, s",
    "memory",
    "bookings",
)


def cells(got: Measured) -> list[str]:
    """One call in the order of `HEADINGS`."""
    gap_ms = 1000 * got.gap_s if got.gap_s > TOLERANCE_S else 0.0
    return [
        f"{got.reply_s:.1f}",
        f"{got.lost_ms:.0f}",
        f"{got.repeated_ms:.0f}",
        f"{gap_ms:.0f}",
        "-" if got.wait_s is None else f"{got.wait_s:.1f}",
        {True: "kept", False: "lost", None: "-"}[got.memory],
        str(got.bookings),
    ]


def _by_case(outcomes: Iterable[Outcome]) -> Mapping[tuple[str, str], Outcome]:
    return {(outcome.case.name, outcome.subject): outcome for outcome in outcomes}


def _rows(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Iterator[tuple[Case, list[str]]]:
    """Each case with ours and theirs, joined."""
    found = _by_case(outcomes)
    for case in cases:
        both = [found.get((case.name, subject)) for subject in (OURS, NAIVE)]
        columns = [cells(one.measured) for one in both if one is not None]
        yield case, [" / ".join(values) for values in zip(*columns, strict=True)]


def rich_table(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Table:
    """For a terminal; a row that breaks a promise is red."""
    found = _by_case(outcomes)
    subjects = " / ".join(dict.fromkeys(outcome.subject for outcome in outcomes))
    shown = Table(title=f"one call each: {subjects}")
    shown.add_column("case")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right")
    for case, row in _rows(cases, outcomes):
        ours = found.get((case.name, OURS))
        broken = ours is not None and any(case.promise.broken(ours.measured))
        shown.add_row(case.title, *row, style="red" if broken else "")
    return shown


def markdown(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> str:
    """For the README."""
    lines = [f"| Case | {' | '.join(HEADINGS)} |", "|---|" + "--:|" * len(HEADINGS)]
    for case, row in _rows(cases, outcomes):
        lines.append(f"| {case.title} | {' | '.join(row)} |")
    return "\n".join(lines)


def write_markdown(path: Path, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> None:
    """Put the table between its markers.

    Raises:
        ValueError: they are not there.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path}: there is no {BEGIN} with {END}")
    table = markdown(cases, outcomes)
    path.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def problems(outcomes: Iterable[Outcome]) -> list[str]:
    """What our service promised and did not keep, and where its report is not what was measured."""
    found = []
    for outcome in outcomes:
        if outcome.subject != OURS:
            continue
        name = outcome.case.name
        found += [f"{name}: {broken}" for broken in outcome.case.promise.broken(outcome.measured)]
        found += [f"{name}: {said}" for said in _disagreements(outcome)]
        if not outcome.reliable:
            found.append(f"{name}: this machine was too slow for the figures to count")
    return found


def _disagreements(outcome: Outcome) -> Iterator[str]:
    got, continuity = outcome.measured, outcome.report.get("continuity")
    if not isinstance(continuity, Mapping):
        yield "the service left no report"
        return
    for figure, measured_ms in (
        ("caller_ms_lost", got.lost_ms),
        ("caller_ms_repeated", got.repeated_ms),
    ):
        said = continuity.get(figure)
        if isinstance(said, int | float) and abs(said - measured_ms) > DISAGREES_MS:
            yield f"the service reports {figure} {said}, measured {measured_ms:.0f}"
