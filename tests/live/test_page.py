"""docs/live-client.md says what is so."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import agent.live
from agent.gemini.history import MOST_CHARACTERS
from agent.gemini.ledger import MOST_BYTES, OVERHEAD_BYTES
from agent.gemini.session_events import SessionEvent, SessionFailed
from agent.gemini.session_state import DEFAULT_LIMITS, MovePolicy
from agent.live.driver import HELD_OTHER_LIMIT, HELD_SHARE, UNSENT_LIMIT
from agent.live.event_queue import MEMORY_LIMIT
from agent.live.link import WRITE_TIMEOUT_S

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/live-client.md").read_text()
PROGRAMS = {path: path.read_text() for path in (ROOT / "examples").glob("*.py")}
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def names(text: str) -> Iterator[str]:
    """What the first column of a table names."""
    return (match[1] for match in re.finditer(r"^\| `(\w+)", text, re.MULTILINE))


def test_every_excerpt_stands_in_a_program() -> None:
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) > 8
    assert [b for b in blocks if not any(b in text for text in PROGRAMS.values())] == []


def test_every_program_is_named() -> None:
    assert [path.name for path in PROGRAMS if f"`examples/{path.name}`" not in PAGE] == []


def test_the_events_are_the_events() -> None:
    known = {event.__name__ for event in get_args(SessionEvent.__value__)}
    assert set(names(section("Events"))) == known - {SessionFailed.__name__}


def test_everything_that_can_be_sent_is_listed() -> None:
    methods = {name for name in vars(agent.live.AsyncSession) if not name.startswith("_")}
    sent = set(names(section("Sending")))
    assert {name for name in methods if name.startswith("send_")} < sent <= methods


def test_what_is_named_can_be_imported() -> None:
    for heading in ("Events", "Errors"):
        for name in names(section(heading)):
            assert name in agent.live.__all__
    assert all(hasattr(agent.live, name) for name in agent.live.__all__)


def held_s(piece_ms: int) -> float:
    kept = min(MovePolicy().ring_s * 32_000, MOST_BYTES)
    return HELD_SHARE * kept / (32 * piece_ms + OVERHEAD_BYTES) * piece_ms / 1000


def test_the_figures_are_those_of_the_code() -> None:
    policy = MovePolicy()
    rows = [row for row in section("Bounds").splitlines() if row.startswith("| ")]
    bounds = [row.split("|")[2].strip() for row in rows[1:]]
    assert bounds == [
        f"{MEMORY_LIMIT // 2**20} MB, more than five minutes of speech",
        f"{UNSENT_LIMIT // 2**20} MB",
        "two thirds of what can be kept: about half a minute",
        f"{HELD_OTHER_LIMIT // 2**10} kB",
        f"`MovePolicy.ring_s`: {policy.ring_s:.0f} s, {policy.ring_s * 32_000 / 1e6:.0f} MB",
        f"{MOST_CHARACTERS:,} characters",
    ]
    assert 28.0 < held_s(20) < held_s(100) < 40.0
    assert MEMORY_LIMIT / 48_000 > 5 * 60
    assert f"longer than {WRITE_TIMEOUT_S:.0f} s" in PAGE
    assert f"`MovePolicy.budget_s`, {policy.budget_s:.0f} s;" in PAGE
    assert f"for up to {DEFAULT_LIMITS.gate_s:.0f} s" in PAGE
    assert {"budget_s", "age_s"} <= {field.name for field in fields(MovePolicy)}
