"""`seamline messages`: what callers have left for a business."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.errors import ConfigError
from agent.service.settings import load_settings
from agent.tools.messages import path_of, read


def show_messages(config: Path | None, tenant: str, *, as_json: bool) -> None:
    """Print the messages of a tenant, oldest first.

    Args:
        as_json: one object a line, for programs.

    Raises:
        ConfigError: they cannot be read.
    """
    path = path_of(load_settings(config).data, tenant)
    try:
        messages = read(path)
    except sqlite3.Error as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    if as_json:
        for message in messages:
            typer.echo(msgspec.json.encode(message))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not messages:
        others = ", ".join(sorted(file.stem for file in path.parent.glob("*.sqlite3")))
        hint = f"; there are some for {others}" if others else ""
        console.print(f"no messages for {tenant}{hint}", markup=False)
        return
    table = Table("taken at", "caller", "message", "call")
    for message in messages:
        cells = (message.taken_at, message.caller or "withheld", message.text, message.call_id)
        table.add_row(*map(escape, cells))
    Console().print(table)
