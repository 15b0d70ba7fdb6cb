"""A folder of tenant files as somebody changes it, and what the log tells of it."""

import json
from pathlib import Path
from typing import Any

from tests.service.house import NUMBER

GOOD = "tenant: {0}\nnumbers: [{1}]\nagent: {{instructions: Be kind.}}\n"


def write(folder: Path, name: str, number: str = NUMBER) -> None:
    """Write the file of a tenant in which nothing is wrong."""
    (folder / f"{name}.yaml").write_text(GOOD.format(name, number))


def lines(log: Any, event: str) -> list[dict[str, Any]]:
    """What was logged under this name."""
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]
