import pytest

from agent.tenants.include import MAX_INCLUDES, merge_included
from agent.tenants.tree import MAX_BYTES, Node, read_tree


def read_file(path: str) -> bytes | str:
    if "missing" in path:
        raise FileNotFoundError(2, "No such file or directory", path)
    files: dict[str, bytes | str] = {
        "t/a.yaml": "one: {x: a, y: [a]}\ntwo: a",
        "t/sub/b.yaml": "one: {x: b, z: b}\nthree: {v: b}",
        "t/list.yaml": "[a]",
        "t/nested.yaml": "include: a.yaml",
        "t/empty.yaml": "",
        "t/bad.yaml": "a: *x\nb: [",
        "t/large.yaml": b"x" * (MAX_BYTES + 1),
    }
    return files[path]


def root_of(text: str) -> Node:
    root, problems = read_tree(text)
    assert root is not None
    assert not problems
    return root


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {name: plain(child) for name, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def refused(text: str) -> list[str]:
    _, problems, _ = merge_included(root_of(text), "t/x.yaml", read_file)
    return [problem.text("t/x.yaml") for problem in problems]


def test_groups_merge_and_the_rest_is_replaced_by_what_comes_later() -> None:
    text = "include: [a.yaml, sub/b.yaml]\none: {y: [x, x]}\nthree: x\ntwo:\n"
    root, problems, paths = merge_included(root_of(text), "t/x.yaml", read_file)
    assert not problems
    assert paths == ("t/a.yaml", "t/sub/b.yaml")
    assert plain(root) == {
        "include": ["a.yaml", "sub/b.yaml"],
        "one": {"x": "b", "y": ["x", "x"], "z": "b"},
        "two": None,
        "three": "x",
    }


def test_a_value_keeps_the_place_where_it_stands() -> None:
    root, _, _ = merge_included(root_of("include: a.yaml\none: {z: x}"), "t/x.yaml", read_file)
    assert isinstance(root.value, dict)
    one = root.value["one"]
    assert (one.file, one.line) == ("", 2)
    assert isinstance(one.value, dict)
    assert [(name, node.file, node.line) for name, node in one.value.items()] == [
        ("x", "t/a.yaml", 1),
        ("y", "t/a.yaml", 1),
        ("z", "", 2),
    ]


@pytest.mark.parametrize("text", ["one: x", "[a]", "include:\n", "include: [{a: b}]"])
def test_what_names_no_file_includes_none(text: str) -> None:
    root = root_of(text)
    merged, problems, paths = merge_included(root, "x.yaml", None)
    assert plain(merged) == plain(root)
    assert (problems, paths) == ([], ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "include: ../a.yaml",
            't/x.yaml:1:10: include: "../a.yaml" lies outside this file\'s folder; '
            "name a file in it or below",
        ),
        ("include: /a.yaml", 't/x.yaml:1:10: include: "/a.yaml" lies outside this file\'s folder;'),
        ("include: sub\\a.yaml", 't/x.yaml:1:10: include: "sub\\a.yaml" lies outside'),
        ("include: C:a.yaml", 't/x.yaml:1:10: include: "C:a.yaml" lies outside'),
        ("include: key.pem", 't/x.yaml:1:10: include: "key.pem" is not a .yaml file'),
        ("include: x.yaml", "t/x.yaml:1:10: include: a file cannot include itself"),
        (
            "include: [a.yaml, ./a.yaml]",
            't/x.yaml:1:19: include[1]: "./a.yaml" is included twice',
        ),
        (
            "include: missing.yaml",
            "t/x.yaml:1:10: include: t/missing.yaml cannot be read: No such file or directory",
        ),
        ("include: list.yaml", "t/list.yaml:1:1: should hold keys, as a tenant's file does"),
        (
            "include: nested.yaml",
            "t/nested.yaml:1:10: include: an included file cannot include others",
        ),
        ("include: empty.yaml", "t/empty.yaml:1:1: the file is empty"),
        ("include: large.yaml", "t/large.yaml:1:1: the file is larger than 256 KiB"),
    ],
)
def test_what_cannot_be_included_says_why(text: str, problem: str) -> None:
    (found,) = refused(text)
    assert found.startswith(problem)


def test_all_that_is_wrong_with_the_form_of_an_included_file_is_told_with_its_name() -> None:
    found = refused("include: bad.yaml")
    assert found[0] == "t/bad.yaml:1:4: a: refers to an anchor (*x); write it out"
    assert found[1].startswith("t/bad.yaml:3:1: not YAML: ")
    assert len(found) == 2


def test_where_nothing_can_be_read_nothing_can_be_included() -> None:
    _, problems, _ = merge_included(root_of("include: a.yaml"), "x.yaml", None)
    assert [problem.message for problem in problems] == ["files cannot be included here"]


def test_the_number_of_included_files_is_bounded() -> None:
    names = ", ".join(f"missing{n}.yaml" for n in range(MAX_INCLUDES + 1))
    assert refused(f"include: [{names}]")[-1].endswith(f"includes more than {MAX_INCLUDES} files")
