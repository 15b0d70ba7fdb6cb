"""What the documents say is there, is there; and they name nothing they should not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "THREAT_MODEL.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/decisions").glob("*.md")),
]
AHEAD_OF_THE_CODE = {ROOT / "docs/design.md", ROOT / "docs/style.md"}
NOW = [page for page in PAGES if page not in AHEAD_OF_THE_CODE]

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"(?:agent|bench|config|docs|infra|requirements|scripts|tests)/[\w./-]*")
CLAIM = re.compile(r"test_\w+")
HOST = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|dev|io|net|org)\b")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)

# Examples, the format of the changelog, and the two services that a call is between.
KNOWN_HOSTS = re.compile(
    r"([\w-]+\.)*example\.com|keepachangelog\.com|[\w-]+\.(googleapis|twilio)\.com"
)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def places(page: Path) -> Iterator[str]:
    """Every relative link of a page, without the place inside the page it leads to."""
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" not in target:
            yield target.partition("#")[0]


def heading(text: str) -> str:
    """A heading as links name it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


@cache
def claims() -> frozenset[str]:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    return frozenset(claim for text in texts for claim in DEFINED.findall(text))


def test_there_are_pages_to_look_at() -> None:
    assert len(NOW) > 8
    assert all(any(places(page)) for page in NOW if page.name == "README.md")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    missing = [place for place in places(page) if not (page.parent / place).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_within_a_page_has_its_heading(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    headings = {heading(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    asked = [target[1:] for target in LINK.findall(text) if target.startswith("#")]
    assert [place for place in asked if place not in headings] == []


@pytest.mark.parametrize("page", NOW, ids=name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = [text for text in QUOTED.findall(FENCE.sub("", page.read_text())) if " " not in text]
    files = [text for text in named if OURS.fullmatch(text)]
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", NOW, ids=name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = [text for text in QUOTED.findall(page.read_text()) if CLAIM.fullmatch(text)]
    assert [claim for claim in named if claim not in claims()] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name)
def test_no_page_names_a_host_that_is_not_of_the_project(page: Path) -> None:
    hosts = HOST.findall(page.read_text())
    assert [host for host in hosts if not KNOWN_HOSTS.fullmatch(host)] == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs/README.md"
    listed = {(index.parent / place).resolve() for place in places(index)}
    pages = {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - {index}
    assert pages <= listed


def test_the_states_are_drawn_from_the_code() -> None:
    script = ROOT / "scripts" / "draw_states.py"
    checked = subprocess.run([sys.executable, script, "--check"], check=False)
    assert checked.returncode == 0, "run scripts/draw_states.py"
