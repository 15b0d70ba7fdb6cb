"""`seamline schema`: the tenant's file as a JSON Schema, for editors.

Editors read YAML in their own way: `+15550100100` is a number to them and `no` a text. This service
reads every value as the text that stands there. So wherever a text is wanted the schema takes
numbers and switches as well, and never refuses what the service takes; the other way round it knows
less: `seamline check` has the last word.
"""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from agent.cli.keys import descriptions
from agent.tenants.tenant import Tenant

DRAFT = "https://json-schema.org/draft/2020-12/schema"

type Schema = dict[str, Any]


def schema_text() -> str:
    """The schema as it is kept in `config/tenant.schema.json`."""
    return json.dumps(tenant_schema(), indent=2, ensure_ascii=False) + "\n"


def tenant_schema() -> Schema:
    """The schema of a tenant's file, JSON Schema draft 2020-12."""
    written = Tenant.model_json_schema(schema_generator=_AsWritten)
    root: Schema = {"$schema": DRAFT, "title": "A tenant of Seamline", **written}
    required = _take_required(root, root["$defs"])
    without = {"not": {"required": ["include"]}}
    return {**root, "if": without, "then": required}


class _AsWritten(GenerateJsonSchema):
    """The schema of what stands in a file, in place of what the model holds."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        found = super().str_schema(schema)
        if "pattern" not in found:
            found["type"] = ["string", "number", "boolean"]
        return found

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A key that may be left out may be left empty; the default stands in its description."""
        inner = self.generate_inner(schema["schema"])
        options = inner.get("anyOf", [inner])
        if {"type": "null"} in options:
            return inner
        return {"anyOf": [*options, {"type": "null"}]}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        texts = descriptions(schema["cls"])
        found["description"] = (schema["cls"].__doc__ or "").partition("\n")[0]
        for name, value in found.get("properties", {}).items():
            value.pop("title", None)
            if name in texts:
                found["properties"][name] = {"description": texts[name], **value}
        return found


def _take_required(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Take out which keys a file must have, as a schema of its own.

    A file that includes others may find them there: only what stands in lists is never merged.
    """
    taken: Schema = {}
    if "required" in schema:
        taken["required"] = schema.pop("required")
    properties = {
        name: found
        for name, value in schema.get("properties", {}).items()
        if (inner := _model_in(value, definitions)) is not None
        and (found := _take_required(inner, definitions))
    }
    return {**taken, "properties": properties} if properties else taken


def _model_in(value: Schema, definitions: dict[str, Schema]) -> Schema | None:
    """The model that a key holds, if it holds one."""
    for option in value.get("anyOf", [value]):
        name = option.get("$ref", "").removeprefix("#/$defs/")
        if name and definitions[name].get("type") == "object" and "properties" in definitions[name]:
            return definitions[name]
    return None
