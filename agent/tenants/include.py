"""What many tenants share: `include: shared/defaults.yaml`, merged under a file, without I/O.

Groups of keys merge, and what the file itself says wins; texts and lists are replaced whole. A
value keeps the place where it stands, so that a mistake is looked for in the right file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from agent.tenants.scalars import quoted
from agent.tenants.tree import Node, Problem, read_tree

INCLUDE = "include"
MAX_INCLUDES = 10

type ReadFile = Callable[[str], bytes | str]
"""The content of a file, by its path; may raise OSError."""


def merge_included(
    root: Node, path: str, read_file: ReadFile | None
) -> tuple[Node, list[Problem], tuple[str, ...]]:
    """Put what a file includes under what it says.

    Args:
        root: of the file.
        path: of the file; what it includes lies in its folder or below.
        read_file: reads an included file; None: nothing can be included.
    Returns:
        The root of all, what is wrong with the included files, and their paths.
    """
    node = root.value.get(INCLUDE) if isinstance(root.value, dict) else None
    if node is None:
        return root, [], ()
    problems: list[Problem] = []
    paths: list[str] = []
    merged = Node(root.line, root.column, {})
    for index, (field, wanted) in enumerate(_wanted(node)):
        name = str(wanted.value)
        refused = _refused(name, index, paths, path, read_file)
        if refused or read_file is None:
            problems.append(wanted.problem(field, refused))
            continue
        where = str(PurePosixPath(path).parent / name)
        paths.append(where)
        try:
            included, found = read_tree(read_file(where), where)
        except OSError as error:
            problems.append(wanted.problem(field, f"{where} cannot be read: {error.strerror}"))
            continue
        problems.extend(found)
        if included is None:
            continue
        if problem := _unfit(included):
            problems.append(problem)
        else:
            merged = _merge(merged, included)
    return _merge(merged, root), problems, tuple(paths)


def _wanted(node: Node) -> Iterator[tuple[str, Node]]:
    """The files that are named, each with the field that names it; the rest is no file's name."""
    if isinstance(node.value, list):
        for index, item in enumerate(node.value):
            if isinstance(item.value, str):
                yield f"{INCLUDE}[{index}]", item
    elif isinstance(node.value, str):
        yield INCLUDE, node


def _refused(name: str, index: int, paths: list[str], path: str, read_file: ReadFile | None) -> str:
    """Why a file cannot be included, or nothing."""
    if read_file is None:
        return "files cannot be included here"
    if index >= MAX_INCLUDES:
        return f"includes more than {MAX_INCLUDES} files"
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name:
        return f"{quoted(name)} lies outside this file's folder; name a file in it or below"
    if pure.suffix not in {".yaml", ".yml"}:
        return f"{quoted(name)} is not a .yaml file"
    where = PurePosixPath(path).parent / pure
    if where == PurePosixPath(path):
        return "a file cannot include itself"
    return f"{quoted(name)} is included twice" if str(where) in paths else ""


def _unfit(included: Node) -> Problem | None:
    if not isinstance(included.value, dict):
        return included.problem("", "should hold keys, as a tenant's file does")
    if INCLUDE in included.value:
        node = included.value[INCLUDE]
        return node.problem(INCLUDE, "an included file cannot include others")
    return None


def _merge(under: Node, over: Node) -> Node:
    """Both, where what is over wins; a value that is empty there takes the other away."""
    if not isinstance(under.value, dict) or not isinstance(over.value, dict):
        return over
    value = dict(under.value)
    for name, child in over.value.items():
        value[name] = _merge(value[name], child) if name in value else child
    return replace(over, value=value)
