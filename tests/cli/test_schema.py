"""The JSON Schema: valid, true to what the service takes, and kept up to date."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from agent.cli.schema import schema_text, tenant_schema
from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "config" / "tenants").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=../tenant.schema.json\n"
VALIDATOR = jsonschema.Draft202012Validator(tenant_schema())

# The core schema of YAML 1.2, which editors read by.
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def as_an_editor(text: str) -> Any:
    """The file as an editor reads it, which takes plain words for numbers where it can."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    return _value(root)


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {_value(key): _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    if node.style is not None:
        return node.value
    if node.value in ("", "~", "null", "Null", "NULL"):
        return None
    if node.value.lower() in ("true", "false"):
        return node.value.lower() == "true"
    if _INT.fullmatch(node.value):
        return int(node.value)
    return float(node.value) if _FLOAT.fullmatch(node.value) else node.value


def problems(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(as_an_editor(text))]


def taken(text: str) -> bool:
    """Whether the service takes the file."""
    try:
        parse_tenant(text, "a.yaml", lambda _: "{}")
    except ConfigError:
        return False
    return True


def tenant(more: str = "", numbers: str = "[+15550100100]", agent: str = "") -> str:
    return f"tenant: a\nnumbers: {numbers}\nagent: {{instructions: Be kind.{agent}}}\n{more}"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(tenant_schema())
    assert tenant_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_fit_it_and_point_to_it(path: Path) -> None:
    text = path.read_text()
    assert problems(text) == []
    assert text.startswith(MODELINE)
    assert (path.parent / "../tenant.schema.json").resolve() == ROOT / "config/tenant.schema.json"


GOOD = [
    tenant(),
    tenant(numbers="[+1 (555) 010-0100, '+15550100101', +15550100102, +1555*, default]"),
    tenant("record: {audio: yes}\nlimits: {concurrent: 5, call: 20m}"),
    tenant('record: {audio: true}\nlimits: {concurrent: "5"}'),
    tenant("record: {audio: Off}\nidle: {prompt_after: 10 s, say: 42}"),
    tenant("record:\nhours: {timezone: }"),
    tenant("idle: {say: true}", agent=", greeting: 1e3, voice: no"),
    tenant("hours: {open: {mon-fri: 9:30-12:00}, holidays: [12-25, 2026-12-31], closed: {say: 0}}"),
    tenant("tools: [{python: a.b, timeout: 250ms}, builtin: end_call]"),
    tenant("tools: [http: {name: f, description: F., url: 'https://example.com/f', retries: 1}]"),
    "include: shared.yaml\ntenant: a\nnumbers: [+15550100100]\nagent: {instructions: x}\n",
    tenant(
        "tools: [python: a.find]\nrecord: {audio: yes, consent: We record., keep: 30d}\n"
        'lookup: {tool: find, timeout: 2s, arguments: {n: 5, phone: "{caller.number}"}}',
        agent=', greeting: "Hi {caller.name|there}"',
    ),
]
BAD = [
    "tenant: a\n",
    tenant(numbers="[]"),
    tenant(numbers="[one]"),
    tenant(numbers="[1234]"),
    tenant("recrod: {audio: yes}"),
    tenant("record: {audio: maybe}"),
    tenant("limits: {call: 20}"),
    tenant("limits: {call: 20 minutes}"),
    tenant("limits: {concurrent: 0}"),
    tenant("limits: {concurrent: some}"),
    tenant(agent=", barge_in: never"),
    tenant(agent=", vad: {silence: [1s]}"),
    tenant("tools: end_call"),
    tenant("tools: [builtin: sing]"),
    tenant("tools: [{python: a.b, builtin: end_call}]"),
    tenant("tools: [{python: a.b, timeout: 5}]"),
    tenant("tools: [http: {name: f}]"),
    tenant("hours: {open: {mon-fri: 9:30-12:00}, closed: {}}"),
    tenant("hours: [Europe/Rome]"),
    tenant("record: {keep: 30}"),
    tenant("lookup: {timeout: 2s}"),
    tenant("lookup: {tool: find, retries: 1}"),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_the_service_takes_is_not_refused(text: str) -> None:
    assert taken(text)
    assert problems(text) == []


@pytest.mark.parametrize("text", BAD)
def test_common_mistakes_are_seen_by_the_editor(text: str) -> None:
    assert not taken(text)
    assert problems(text) != []


def test_what_is_included_may_hold_what_a_file_must_have() -> None:
    assert problems("include: shared.yaml\ntenant: a\nagent: {voice: Kore}\n") == []
    assert problems("include: shared.yaml\ntenant: a\nagnet: {voice: Kore}\n") != []


def test_every_key_is_explained() -> None:
    schema = tenant_schema()
    for place in (schema, *schema["$defs"].values()):
        for name, value in place.get("properties", {}).items():
            if "$ref" not in value or "anyOf" in value:
                assert value.get("description") or name in ("http", "mcp"), name


def test_the_kept_files_are_up_to_date() -> None:
    script = ROOT / "scripts" / "write_reference.py"
    checked = subprocess.run([sys.executable, script, "--check"], check=False)
    assert checked.returncode == 0, "run scripts/write_reference.py"
    assert json.loads((ROOT / "config/tenant.schema.json").read_text()) == json.loads(schema_text())
