from typing import Any

import pytest

from agent.tools.mcp_schema import MAX_BYTES, MAX_PARTS, Unusable, told


def field(schema: object, **more: Any) -> Any:
    """What the model is told of one field, required."""
    whole = {"type": "object", "properties": {"x": schema}, "required": ["x"], **more}
    parameters = told(whole).parameters
    assert parameters is not None
    return parameters["properties"]["x"]


def refusal(schema: object, **more: Any) -> str:
    with pytest.raises(Unusable) as caught:
        field(schema, **more)
    return str(caught.value)


def test_an_object_becomes_parameters() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Arguments",
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date", "description": "The  day."},
            "people": {"type": "integer", "minimum": 1, "default": 2},
        },
        "required": ["day"],
        "additionalProperties": False,
    }
    assert told(schema).parameters == {
        "type": "OBJECT",
        "properties": {
            "day": {"type": "STRING", "description": "The day. Format: date."},
            "people": {"type": "INTEGER", "description": "At least 1. Default: 2."},
        },
        "required": ["day"],
    }


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "object", "properties": {}}])
def test_no_arguments_are_no_parameters(schema: dict[str, Any]) -> None:
    assert told(schema).parameters is None


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "number"}, {"type": "NUMBER"}),
        (
            {"type": "boolean", "default": True},
            {"type": "BOOLEAN", "description": "Default: true."},
        ),
        ({"type": ["integer", "number"]}, {"type": "NUMBER"}),
        ({"type": ["string", "integer"]}, {"type": "STRING"}),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": "string", "nullable": True}, {"type": "STRING", "nullable": True}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, {"type": "STRING"}),
        ({"allOf": [{"type": "string"}], "title": "A"}, {"type": "STRING", "description": "A"}),
        ({"enum": ["a", "b"]}, {"type": "STRING", "enum": ["a", "b"]}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        (
            {"anyOf": [{"const": "a"}, {"enum": ["b"]}]},
            {"type": "STRING", "enum": ["a", "b"]},
        ),
        ({"enum": [1, 2]}, {"type": "INTEGER", "description": "One of 1, 2."}),
        (
            {"type": "array", "items": {"type": "string"}},
            {"type": "ARRAY", "items": {"type": "STRING"}},
        ),
        (
            {"properties": {"y": {"type": "string"}}},
            {"type": "OBJECT", "properties": {"y": {"type": "STRING"}}},
        ),
    ],
)  # fmt: skip
def test_what_the_model_is_told_of_a_field(schema: object, expected: object) -> None:
    assert field(schema) == expected


def test_a_reference_is_followed_and_its_neighbours_add_to_it() -> None:
    shared = {"a/b": {"type": "string", "description": "Old."}}
    schema = {"$ref": "#/$defs/a~1b", "description": "New."}
    assert field(schema, **{"$defs": shared}) == {"type": "STRING", "description": "New."}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (True, "x: any value at all is not a type"),
        ({}, "x: type unknown cannot be told"),
        ({"type": "null"}, "x: type null cannot be told"),
        ({"type": ["string", "object"]}, "x: type object or string cannot be told"),
        ({"type": "file"}, "x: type file cannot be told"),
        ({"type": "array"}, "x: what the list holds is not said"),
        ({"type": "array", "items": {}}, "x[]: type unknown cannot be told"),
        ({"type": "object"}, "x: an object of any shape cannot be told"),
        ({"type": "object", "properties": []}, "x: its fields are not a mapping"),
        ({"type": "object", "required": ["y", {}]}, 'x: "y" is required, but not described'),
        ({"anyOf": []}, "x: anyOf of 0 schemas cannot be told"),
        ({"anyOf": "odd"}, "x: anyOf of 0 schemas cannot be told"),
        ({"allOf": [{"type": "string"}, {"maxLength": 3}]}, "x: allOf of 2 schemas cannot be told"),
        (
            {"oneOf": [{"type": "string"}, {"type": "object"}]},
            "x: alternatives (oneOf) cannot be told",
        ),
        ({"$ref": "https://example.com/a"}, "x: it refers to another document"),
        ({"$ref": 3}, "x: it refers to another document"),
        ({"$ref": "#/$defs/none"}, "x: #/$defs/none does not exist"),
        ({"$ref": "#/properties/x"}, "x: it refers to itself"),
        ({"enum": [None]}, "x: type NoneType cannot be told"),
    ],
)
def test_what_has_no_form_is_refused_where_it_is_required(schema: object, why: str) -> None:
    assert refusal(schema) == why


def test_what_has_no_form_is_left_out_where_it_is_optional() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}
    found = told({"type": "object", "properties": {"x": inner, "y": {"type": "object"}}})
    assert found.parameters == {
        "type": "OBJECT",
        "properties": {"x": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}},
    }
    assert found.left_out == (
        "x.b: type unknown cannot be told",
        "y: an object of any shape cannot be told",
    )


def test_a_schema_that_nests_without_end_is_left_out() -> None:
    node = {"type": "object", "properties": {"x": {"$ref": "#"}}}
    found = told(node)
    assert found.parameters is None
    assert found.left_out[0] == "x.x.x.x.x.x.x: it is nested more than 6 levels deep"


def test_references_that_multiply_are_refused_soon() -> None:
    def level(next_level: int) -> dict[str, Any]:
        each = {"$ref": f"#/$defs/{next_level}"}
        return {"type": "object", "properties": {f"f{n}": each for n in range(100)}}

    definitions = {str(n): level(n + 1) for n in range(5)}
    assert refusal(level(0), **{"$defs": definitions}) == (
        f"its schema has more than {MAX_PARTS} parts"
    )


def test_a_schema_too_large_for_the_model_is_refused() -> None:
    words = {"type": "string", "description": "x" * 5_000}
    with pytest.raises(Unusable, match=f"larger than {MAX_BYTES // 1024} KiB"):
        told({"type": "object", "properties": {f"f{n}": words for n in range(20)}})


def test_arguments_that_are_no_object_are_refused() -> None:
    with pytest.raises(Unusable, match="not an object"):
        told({"type": "string"})
