"""Writes docs/tenant-reference.md and config/tenant.schema.json from the models of a tenant's file.

    python scripts/write_reference.py [--check]

With --check nothing is written; the exit code says whether both are up to date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from agent.cli.keys import Key, keys_of
from agent.cli.schema import schema_text
from agent.tenants.tenant import Tenant

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tenant-reference.md"
SCHEMA = ROOT / "config" / "tenant.schema.json"
HEAD = """\
# Every key of a tenant's file

Written by `scripts/write_reference.py` from the models in `agent/tenants`, which are what the
service reads: change the docstrings there, and run it. [writing-an-agent.md](writing-an-agent.md)
explains what the keys do together, [tools.md](tools.md) the tools.

- Every value is read as the text that stands there: `+15550100100`, `no`, `9:30` and `1e3` need no
  quotes. An empty value counts as a key left out. An unknown key is an error.
- A *duration* is `250ms`, `4s`, `20m`, `1h` or `30d`; a *size* `64KiB` or `1MiB`; *true or
  false* is also `yes`, `no`, `on`, `off`. A *sentence* has at most 1,000 characters, a *short
  sentence* 200.
- Secrets stand nowhere in the file, only where they are found: `${ENV:NAME}`, `${FILE:path}`.
- `[]` in a key stands for each entry of a list, `<name>` for a name of your own.
"""
TABLE = "\n| Key | What is written there | Default | Meaning |\n|---|---|---|---|\n"


def page() -> str:
    """The whole page: a table for each key at the top of the file that has others below it."""
    groups: dict[str, list[Key]] = {}
    for key in keys_of(Tenant):
        top = key.path.replace("[", ".").partition(".")[0]
        groups.setdefault(top, []).append(key)
    parts = [HEAD, "\n## At the top\n", TABLE, *(row(keys[0]) for keys in groups.values())]
    for name, keys in groups.items():
        if len(keys) > 1:
            parts += [f"\n## {name}\n", TABLE, *map(row, keys[1:])]
    return "".join(parts)


def row(key: Key) -> str:
    """One line of a table."""
    default = "required" if key.default is None else f"`{key.default}`" if key.default else ""
    cells = (f"`{key.path}`", key.kind, default, key.text)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def files() -> Iterator[tuple[Path, str]]:
    """What is written, and where."""
    yield PAGE, page()
    yield SCHEMA, schema_text()


def main() -> int:
    """Write the files, or check them."""
    if "--check" in sys.argv[1:]:
        return int(any(not path.exists() or path.read_text() != text for path, text in files()))
    for path, text in files():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
