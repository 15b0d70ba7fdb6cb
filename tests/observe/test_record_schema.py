"""The schema of the record: documented, current, and as the record is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from agent.observe.personal import personal_fields
from agent.observe.record_schema import CallRecord, Turn
from tests.store.records import FULL, record

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "call-record.schema.json").read_text())


def test_the_page_and_the_schema_are_what_the_structs_say() -> None:
    script = ROOT / "scripts" / "write_call_record.py"
    checked = subprocess.run([sys.executable, script, "--check"], cwd=ROOT, check=False)
    assert checked.returncode == 0, "run scripts/write_call_record.py"


@pytest.mark.parametrize("kept", [FULL, record("CA1")])
def test_records_are_as_the_schema_says(kept: CallRecord) -> None:
    document = json.loads(msgspec.json.encode(kept))
    Draft202012Validator(SCHEMA).validate(document)
    assert set(document) == set(SCHEMA["$defs"]["CallRecord"]["properties"])


def test_personal_fields_are_marked_in_the_schema() -> None:
    assert personal_fields(CallRecord) == {"caller"}
    assert personal_fields(Turn) == {"caller_text", "agent_text"}
    marked = {
        (name, field)
        for name, part in SCHEMA["$defs"].items()
        for field, schema in part.get("properties", {}).items()
        if schema.get("x-personal")
    }
    assert marked == {
        ("CallRecord", "caller"),
        ("Transfer", "address"),
        ("Turn", "caller_text"),
        ("Turn", "agent_text"),
    }


def test_every_field_is_described() -> None:
    for part in SCHEMA["$defs"].values():
        for field in part.get("properties", {}).values():
            assert len(field["description"]) > 5


def test_a_field_of_a_later_version_is_passed_over() -> None:
    document = msgspec.to_builtins(FULL) | {"later": {"x": 1}}
    assert msgspec.json.decode(msgspec.json.encode(document), type=CallRecord) == FULL
