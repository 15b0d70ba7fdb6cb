"""docs/carrier-rules.md: every rule has its line, and every test that it names is there."""

import re
from pathlib import Path

import pytest

from tests.test_docs import claims

ROOT = Path(__file__).parents[2]
RULES = [f"E{number}" for number in range(1, 23)] + [f"R{number}" for number in range(1, 26)]
ROW = re.compile(r"^\| ([ER]\d+) \|([^|\n]+)\|([^|\n]*)\|([^|\n]*)\|$", re.MULTILINE)
ROWS = {row[1]: row for row in ROW.finditer((ROOT / "docs/carrier-rules.md").read_text())}
PROTOCOL = (ROOT / "docs/protocols/twilio.md").read_text()


def test_every_rule_of_the_protocols_page_has_one_line_and_in_order() -> None:
    assert list(ROWS) == RULES
    known = re.findall(r"^- ([ER]\d+)\. ", PROTOCOL, re.MULTILINE)
    assert [rule for rule in known if rule not in ROWS] == []
    assert sorted(set(known)) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_names_tests_that_exist_or_says_why_there_is_none(rule: str) -> None:
    _, shown, missing = (ROWS[rule][number].strip() for number in (2, 3, 4))
    named = re.findall(r"`(test_\w+)`", shown)
    assert [name for name in named if name not in claims()] == []
    assert named or missing.startswith("not done")
