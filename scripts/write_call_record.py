"""Writes docs/call-record.md and docs/call-record.schema.json from `agent.observe.record_schema`.

    python scripts/write_call_record.py [--check]

With --check nothing is written; the exit code says whether both are up to date.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from agent.observe.personal import personal_fields
from agent.observe.record import LONG
from agent.observe.record_schema import SCHEMA, CallRecord

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "call-record.md"
FILE = ROOT / "docs" / "call-record.schema.json"
HEAD = f"""\
# The record of a call

Written by `scripts/write_call_record.py` from the structs in `agent/observe/record_schema.py`,
which are what the service writes: change the docstrings there, and run it. As JSON Schema:
[call-record.schema.json](call-record.schema.json).

Every call leaves one, but for some that never came to the agent
([store.md](store.md#calls-that-never-came-to-the-agent)). It goes to the store; `seamline calls
show --json` and `seamline calls export` print it. The line `call.ended` of the log is this record
without personal data and without the lists {", ".join(f"`{name}`" for name in LONG)}.

- This is version {SCHEMA}. Fields may be added without a new one: ignore what you do not know.
- Every field is always there; what is not known is null.
- Times that end in `_s` are seconds. Where nothing else is said they count from the carrier's
  `start`; what came before has a negative one.
- **Personal** fields hold what a caller said or is. So do values of the timeline whose names begin
  with `pii.`.
"""
ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n      .*)*)", re.MULTILINE)
TABLE = "\n| Field | Type | Meaning |\n|---|---|---|\n"
TITLES = {"CallRecord": "The call"}
PLAIN = {"entry"}
"""What needs no section of its own."""


def page() -> str:
    """The whole page: a table for each struct, the call itself first."""
    return "".join([HEAD, *(part for struct in structs(CallRecord) for part in section(struct))])


def structs(top: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A struct and all those in it, in the order in which they occur."""
    found = [top]
    for struct in found:
        types = (field.type for field in msgspec.structs.fields(struct))
        found += [inner for type in types for inner in inside(type) if inner not in found]
    return found


def inside(type: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs that a type names."""
    if inspect.isclass(type) and issubclass(type, msgspec.Struct):
        yield type
    for argument in getattr(type, "__args__", ()):
        yield from inside(argument)


def described(struct: type[msgspec.Struct]) -> tuple[str, dict[str, str]]:
    """What a docstring says of its struct, and of each of its fields."""
    text = inspect.cleandoc(struct.__doc__ or "")
    fields = {name: " ".join(said.split()) for name, said in ATTRIBUTE.findall(text)}
    return text.partition("\n")[0], fields


def section(struct: type[msgspec.Struct]) -> Iterator[str]:
    """One table."""
    what, meanings = described(struct)
    schema = msgspec.json.schema(struct, schema_hook=any_value)["$defs"][struct.__name__]
    personal = personal_fields(struct)
    title = TITLES.get(struct.__name__) or words(struct.__name__)
    yield f"\n## {title[0].upper()}{title[1:]}\n"
    if struct is not CallRecord:
        yield f"\n{what}\n"
    yield TABLE
    for name, field in schema["properties"].items():
        said = f"**Personal.** {meanings[name]}" if name in personal else meanings[name]
        yield f"| `{name}` | {kind(field)} | {said} |\n"


def words(name: str) -> str:
    """A struct's name as one writes it."""
    return re.sub("(?<!^)([A-Z])", r" \1", name).lower()


def any_value(type: object) -> dict[str, Any]:
    """The schema of what may be anything."""
    return {"description": "any value"}


def kind(schema: dict[str, Any]) -> str:
    """A type in words."""
    if "$ref" in schema:
        name = words(schema["$ref"].rpartition("/")[2])
        return name if name in PLAIN else f"[{name}](#{name.replace(' ', '-')})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(kind, schema["anyOf"])))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"list of {len(schema['prefixItems'])} values"
        case "array":
            return f"list of {kind(schema['items'])}"
        case "object":
            return f"names to {kind(schema['additionalProperties'])}s"
        case "string" if schema.get("format") == "date-time":
            return "time"
        case "string" if schema.get("format") == "decimal":
            return "decimal text"
        case "string":
            return "text"
        case known:
            return str(known)


def schema_text() -> str:
    """The JSON Schema, with what is said of each field beside it."""
    schema = msgspec.json.schema(CallRecord, schema_hook=any_value)
    for struct in structs(CallRecord):
        there = schema["$defs"][struct.__name__]
        there["description"], meanings = described(struct)
        for name, field in there["properties"].items():
            field["description"] = meanings[name]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def files() -> Iterator[tuple[Path, str]]:
    """What is written, and where."""
    yield PAGE, page()
    yield FILE, schema_text()


def main() -> int:
    """Write the files, or check them."""
    if "--check" in sys.argv[1:]:
        return int(any(not path.exists() or path.read_text() != text for path, text in files()))
    for path, text in files():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
