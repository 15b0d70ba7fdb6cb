import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.tenants.tree import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Node, child_path, read_tree


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {name: plain(child) for name, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def said(raw: bytes | str) -> list[str]:
    _, problems = read_tree(raw)
    return [problem.text("f") for problem in problems]


def read(raw: bytes | str) -> object:
    root, problems = read_tree(raw)
    assert not problems
    assert root is not None
    return plain(root)


@pytest.mark.parametrize("text", ["+15550100100", "no", "9:30", "1e3", "0x1f", "2026-12-25", "1_0"])
def test_scalars_stay_what_was_typed(text: str) -> None:
    assert read(f"a: {text}\nb: [{text}]") == {"a": text, "b": [text]}


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_an_empty_value_is_none_and_a_quoted_one_is_text(nothing: str) -> None:
    assert read(f'a: {nothing}\nb: "{nothing}"') == {"a": None, "b": nothing}


def test_blocks_of_text_keep_their_lines() -> None:
    assert read("a: |\n  one\n  two\n") == {"a": "one\ntwo\n"}


def test_every_value_knows_its_place_and_its_key() -> None:
    root, _ = read_tree("a:\n  - x\n  - b: y\n")
    assert root is not None
    assert isinstance(root.value, dict)
    items = root.value["a"].value
    assert isinstance(items, list)
    assert isinstance(items[1].value, dict)
    inner = items[1].value["b"]
    assert (inner.line, inner.column) == (3, 8)
    assert inner.key is not None
    assert (inner.key.line, inner.key.column) == (3, 5)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "f:1:1: the file is empty"),
        ("# nothing\n", "f:2:1: the file is empty"),
        (b"\xef\xbb\xbfa: b", "f:1:1: starts with a byte order mark; save it as UTF-8 without BOM"),
        (b"a: b\nc: \xff", "f:2:4: not UTF-8 text; save the file as UTF-8"),
        ("a: b\nc: \ud800", "f:2:4: not UTF-8 text; save the file as UTF-8"),
        ("a: b\nc: d\x07", "f:2:5: control character U+0007; remove it"),
        ("a:\n \tb: c", "f:2:2: a tab in the indentation; use spaces"),
        ("a: 1\nb: c: d", "f:2:5: not YAML: mapping values are not allowed in this context"),
        ("a: b\na: c", "f:2:1: a: given twice (first on line 1)"),
        ("a: &x b", "f:1:4: a: anchors (&name) are not used here; write the value out"),
        ("a: *x", "f:1:4: a: refers to an anchor (*x); write it out"),
        ("a: *", 'f:1:4: what begins with * is written in quotes, as "*"'),
        ("a: !!str b", "f:1:4: a: tags (!name) are not used here; remove it"),
        ("a: b\n---\nc: d", "f:2:1: a second document begins; a file holds one"),
        ("[x]: b", "f:1:1: a key must be a plain word"),
        ('x: {y: {"": b}}', "f:1:9: x.y: a key must be a plain word"),
        (b"a" * (MAX_BYTES + 1), "f:1:1: the file is larger than 256 KiB"),
    ],
)
def test_what_is_wrong_with_the_form_is_named_with_its_place(
    raw: bytes | str, problem: str
) -> None:
    assert said(raw) == [problem]


def test_a_syntax_error_past_the_last_line_has_a_place() -> None:
    assert said("a: [b\n")[0].startswith("f:2:1: not YAML: while parsing a flow sequence")


def test_problems_before_a_syntax_error_are_kept() -> None:
    assert len(said("a: &x b\nb: c: d")) == 2


def test_a_key_that_is_an_alias_is_reported_once() -> None:
    assert said("*x : b") == ["f:1:1: refers to an anchor (*x); write it out"]


def test_nesting_is_bounded() -> None:
    assert said("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH) == []
    (problem,) = said("[" * 50_000)
    assert problem.endswith(f"nested more than {MAX_DEPTH} levels deep")


def test_the_number_of_values_is_bounded() -> None:
    items = "x, " * (MAX_VALUES - 3)
    assert said(f"a: [{items}]") == []
    assert said(f"a: [{items}x]") == [
        f"f:1:{len(items) + 5}: the file holds more than {MAX_VALUES} values"
    ]


def test_a_value_and_a_problem_of_an_included_file_know_it() -> None:
    root, problems = read_tree("a: *x", "d.yaml")
    assert root is not None
    assert isinstance(root.value, dict)
    assert root.value["a"].problem("a", "b").text("f") == "d.yaml:1:4: a: b"
    assert [problem.text("f") for problem in problems] == [
        "d.yaml:1:4: a: refers to an anchor (*x); write it out"
    ]
    for raw in (b"\xff", "a: ["):
        assert [problem.file for problem in read_tree(raw, "d.yaml")[1]] == ["d.yaml"]


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"k{i}: &k{i} [*a, *a, *a]\n" for i in range(1000))
    assert len(said(bomb)) == 4001


def test_paths_are_written_as_owners_read_them() -> None:
    assert child_path(child_path(child_path("", "tools"), 0), "python") == "tools[0].python"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("ab:-[]{}&*!|#\n\t '\"", max_size=60)))
def test_any_input_gives_a_tree_or_problems(raw: bytes | str) -> None:
    root, problems = read_tree(raw)
    assert root is not None or problems
