"""Files with mistakes, and all that their owners are told; see tests/data/broken_tenants."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.tenant_files import load_tenants
from agent.tenants.directory import read_directory
from agent.tenants.parse import parse_tenant

FOLDER = Path(__file__).parents[1] / "data" / "broken_tenants"
BROKEN = sorted(FOLDER.glob("*.yaml"))
CLAIMS = FOLDER / "claims"
BOUND_S = 2.0
"""Far above what any file takes, far below what expanding a bomb would."""


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Imports made during a test are undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("badly_typed", None)


def told(path: Path) -> list[str]:
    """Everything that is wrong with a file, as before a service starts with it."""
    try:
        load_tenants([path], [FOLDER / "functions"])
    except ConfigError as error:
        return [problem.replace(f"{FOLDER}/", "") for problem in error.problems]
    return []


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_owner_of_a_broken_file_is_told_all_of_it(path: Path) -> None:
    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert "".join(f"{line}\n" for line in told(path)) == expected
    assert "hunter2" not in expected


def test_there_are_many_and_each_says_something() -> None:
    assert len(BROKEN) >= 60
    assert all(path.with_suffix(".expected").stat().st_size for path in BROKEN)


def test_what_two_tenants_claim_is_told_with_both() -> None:
    files = sorted(CLAIMS.glob("*.yaml"))
    with pytest.raises(ConfigError) as caught:
        read_directory([(path.name, path.read_bytes()) for path in files])
    expected = (FOLDER / "claims.expected").read_text(encoding="utf-8")
    assert "".join(f"{line}\n" for line in caught.value.problems) == expected


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"x" * 10_000_000, "x.yaml:1:1: the file is larger than 256 KiB"),
        (b"[" * 250_000, "x.yaml:1:18: "),
        (b"a: &a [x, x]\n" + b"b: [" + b"*a, " * 60_000 + b"]\n", "x.yaml:1:4: a: anchors"),
        (b"a: 1\n" * 50_000, "x.yaml:2:1: a: given twice (first on line 1)"),
        (b"- " * 120_000, "x.yaml:1:35: "),
        (b"{a: " * 60_000, "x.yaml:1:"),
        (b"k%d: 1\n" * 4000 % tuple(range(4000)), "x.yaml:1:1: "),
        (b"\xff" * 200_000, "x.yaml:1:1: not UTF-8 text; save the file as UTF-8"),
        (b"\x00" * 200_000, "x.yaml:1:1: control character U+0000; remove it"),
        (b"numbers: [" + b"x, " * 80_000 + b"]\n", "x.yaml:1:30002: the file holds more than"),
        (b"numbers: [" + b"x, " * 9_990 + b"]\n", "x.yaml:1:1: agent: is missing"),
    ],
    ids=[
        "large",
        "deep",
        "bomb",
        "twice",
        "dashes",
        "braces",
        "keys",
        "bytes",
        "zeros",
        "many",
        "numbers",
    ],
)
def test_a_hostile_file_costs_little(raw: bytes, problem: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        parse_tenant(raw, "x.yaml")
    assert time.process_time() - began < BOUND_S
    assert caught.value.problems[0].startswith(problem)
    assert len(caught.value.problems) <= 51
