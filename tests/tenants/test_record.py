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
        ("consent: We record.", "a.yaml:4:19: record.consent: has no effect while audio, wire "),
        ("pause: 5m", "a.yaml:4:17: record.pause: has no effect without the tool pause_recording"),
        ("audio: yes, pause: 9s", 'a.yaml:4:29: record.pause: "9s" is not between 10s and 5m'),
        ("keep: 30m", 'a.yaml:4:16: record.keep: "30m" is not between 1h and 3650d'),
        ("keep: forever", 'a.yaml:4:16: record.keep: "forever" is not a duration'),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        record(text)
    assert caught.value.problems[0].startswith(problem)


def test_records_of_calls_may_be_deleted_sooner_or_later_than_recordings() -> None:
    assert record("keep_records: 90d") == Record(keep_records=90 * 86_400.0)
    assert Record().keep_records is None
    with pytest.raises(ConfigError, match='keep_records: "30m" is not between 1h and 3650d'):
        record("keep_records: 30m")


@pytest.mark.parametrize("kind", ["audio", "wire", "carrier"])
def test_whatever_is_kept_may_be_announced(kind: str) -> None:
    found = record(f"{kind}: yes, consent: We record.")

    assert (getattr(found, kind), found.consent) == (True, "We record.")


def test_the_pause_may_be_named_for_what_it_is_for() -> None:
    text = FILE.format("audio: yes, pause: 2m")
    named = parse_tenant(text + "tools: [builtin: take_card]\n", "a.yaml")
    assert named == parse_tenant(text + "tools: [builtin: pause_recording]\n", "a.yaml")
    with pytest.raises(ConfigError, match="two tools are named"):
        parse_tenant(text + "tools: [builtin: take_card, builtin: pause_recording]\n", "a.yaml")


def test_a_pause_has_a_longest_time() -> None:
    text = FILE.format("pause: 2m") + "tools: [builtin: pause_recording]\n"

    assert parse_tenant(text, "a.yaml").record.pause == 120.0
    assert Record().pause == 60.0


def test_no_other_tool_has_the_name_of_the_one_that_ends_a_pause() -> None:
    tools = "tools: [builtin: pause_recording, http: {name: resume_recording, description: x, url: https://x.io}]\n"

    with pytest.raises(ConfigError, match=r"is a tool that comes with pause_recording"):
        parse_tenant(FILE.format("") + tools, "a.yaml")
    parse_tenant(FILE.format("") + tools.replace("builtin: pause_recording, ", ""), "a.yaml")
