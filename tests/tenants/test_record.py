"""What is kept of a call, as a tenant's file says it."""

import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant
from agent.tenants.record import Record

FILE = "tenant: a\nnumbers: [default]\nagent: {{instructions: x}}\nrecord: {{{}}}\n"


def record(text: str) -> Record:
    return parse_tenant(FILE.format(text), "a.yaml").record


def test_by_default_nothing_is_recorded_and_nothing_deleted() -> None:
    assert Record() == Record(audio=False, consent=None, keep=None)


def test_a_recording_may_be_announced_and_deleted() -> None:
    assert record("audio: yes, consent: We record., keep: 30d") == Record(
        audio=True, consent="We record.", keep=30 * 86_400.0
    )
    assert record("keep: 12h").keep == 12 * 3600.0  # of what was recorded before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("consent: We record.", "a.yaml:4:19: record.consent: has no effect while audio is false"),
        ("keep: 30m", 'a.yaml:4:16: record.keep: "30m" is not between 1h and 3650d'),
        ("keep: forever", 'a.yaml:4:16: record.keep: "forever" is not a duration'),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        record(text)
    assert caught.value.problems[0].startswith(problem)
