"""What is written about each key, out of the models and their docstrings."""

from typing import Annotated, Literal

from pydantic import Field

from agent.cli.keys import Key, descriptions, keys_of
from agent.tenants.scalars import Switch, duration, size, whole
from agent.tenants.strict import Strict
from agent.tenants.tenant import Tenant


class Inner(Strict):
    """A group.

    Attributes:
        wait: how long,
            on two lines.
    """

    wait: Annotated[float, duration(0.1, 60)] = 7.0


class Outer(Strict):
    """A file.

    Attributes:
        name: who.
        kind: which, or
            other.
        few, many: how many.
    """

    name: str
    kind: Literal["a", "b"] | None = None
    few: Annotated[int, whole(1, 5)] = 2
    many: Annotated[int, size(1, 2048)] = 1024
    inner: Inner = Inner()
    switch: Switch = False
    rows: tuple[Inner, ...] = ()
    table: dict[str, Inner] = Field(default_factory=dict)
    ratio: float = 0.5
    odd: bytes = b""


def test_each_key_has_its_path_kind_default_and_meaning() -> None:
    wait = ("duration, 100ms to 1m", "7s", "how long, on two lines.")
    assert list(keys_of(Outer)) == [
        Key("name", "text", None, "who."),
        Key("kind", "`a`, `b`", "", "which, or other."),
        Key("few", "whole number, 1 to 5", "2", "how many."),
        Key("many", "size, 1B to 2KiB", "1KiB", "how many."),
        Key("inner", "keys", "", ""),
        Key("inner.wait", *wait),
        Key("switch", "true or false", "false", ""),
        Key("rows", "list: keys", "", ""),
        Key("rows[].wait", *wait),
        Key("table", "by name: keys", "", ""),
        Key("table.<name>.wait", *wait),
        Key("ratio", "number", "0.5", ""),
        Key("odd", "value", "b''", ""),
    ]


def test_every_key_of_a_tenants_file_is_written_about() -> None:
    keys = list(keys_of(Tenant))
    assert [key.path for key in keys if not key.text] == []
    assert [key.path for key in keys if "value" in key.kind.split(" or ")] == []
    assert {"agent.vad.silence", "tools[].python", "tools[].http.url"} <= {k.path for k in keys}


def test_a_model_without_a_list_of_its_keys_says_nothing_of_them() -> None:
    class Silent(Strict):
        """Nothing."""

        key: str

    assert descriptions(Silent) == {}
