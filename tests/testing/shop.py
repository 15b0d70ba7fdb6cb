"""A call to the corner shop of the examples, on a Tuesday at noon."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path

from agent.testing import PhoneCall, phone_call

CONFIG = Path(__file__).parents[2] / "config"
TUESDAY = datetime(2026, 11, 24, 12, 0)
GREETING = "Corner Shop, hello. Do you have your order number at hand?"
ASK = "my order number is one zero four two"


def shop(
    *,
    data_dir: Path | None = None,
    caller: str | None = "+15550100",
    tools: Mapping[str, object] | None = None,
    slow: Mapping[str, float] | None = None,
) -> AbstractAsyncContextManager[PhoneCall]:
    """Call the shop; the options are those of `phone_call`."""
    return phone_call(
        "corner-shop", config=CONFIG, at=TUESDAY,
        data_dir=data_dir, caller=caller, tools=tools, slow=slow,
    )  # fmt: skip
