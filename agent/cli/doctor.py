"""`seamline doctor`: this machine and its settings, and the resamplers' figures."""

import os
import platform
import sys
from collections.abc import Callable
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from agent import __version__
from agent.audio.figures import measure
from agent.audio.resample import Phase
from agent.errors import ConfigError
from agent.service.app import endpoint_of, read_tenants
from agent.service.settings import check_for_service, load_settings

type Finding = tuple[bool, str]

PAIRS = ((8000, 16000), (24000, 8000))
PHASES: tuple[Phase, ...] = ("linear", "minimum")


def run_doctor() -> int:
    """Print every finding.

    Returns:
        0 when a service could be started as things stand, else 1.
    """
    console = Console(highlight=False)
    table = Table(show_header=False, box=None)
    all_well = True
    for name, look, needed in CHECKS:
        well, text = look()
        all_well = all_well and (well or not needed)
        mark = "[green]ok[/]" if well else "[red]missing[/]" if needed else "[yellow]absent[/]"
        table.add_row(mark, name, text)
    console.print(table)
    console.print(figures_table())
    return 0 if all_well else 1


def figures_table() -> Table:
    """The resamplers' figures, measured now on the converters that calls use."""
    table = Table(title="resamplers, measured now", title_justify="left")
    for heading in ("conversion", "phase", "rejection", "ripple 0-3.4 kHz", "delay", "held back"):
        table.add_column(heading, justify="left" if heading in ("conversion", "phase") else "right")
    for rate_in, rate_out in PAIRS:
        for phase in PHASES:
            figures = measure(rate_in, rate_out, phase)
            table.add_row(
                f"{rate_in // 1000} -> {rate_out // 1000} kHz",
                phase,
                f"{figures.rejection_db:.1f} dB",
                f"{figures.ripple_db:.3f} dB",
                f"{figures.group_delay_ms:.2f} ms",
                f"{figures.held_worst_ms:.2f} ms",
            )
    return table


def _python() -> Finding:
    text = f"CPython {platform.python_version()}, seamline {__version__}"
    return sys.version_info >= (3, 12), text


def _uvloop() -> Finding:
    found = find_spec("uvloop") is not None
    return found, "installed" if found else "not installed: asyncio's own loop is used"


def _stand_ins() -> Finding:
    found = find_spec("pocketsphinx") is not None and find_spec("espeakng_loader") is not None
    hint = "not installed: pip install 'seamline[sim]' for demo, emulate and call"
    return found, "ear and voice installed" if found else hint


def _tenants() -> Finding:
    try:
        ready = read_tenants(load_settings(None)).current
    except ConfigError as error:
        return False, "\n".join(error.problems)
    return True, f"{len(ready.by_name)} tenants, {len(ready.directory.numbers)} numbers"


def _model() -> Finding:
    try:
        settings = load_settings(None)
        endpoint = endpoint_of(settings)
    except ConfigError as error:
        return False, "\n".join(error.problems)
    if settings.gemini.surface == "vertex":
        return True, str(endpoint.url)
    key = "key set" if settings.gemini_key else "GEMINI_API_KEY is not set"
    return bool(settings.gemini_key or settings.gemini_url), f"{endpoint.url}, {key}"


def _carrier() -> Finding:
    found = bool(os.environ.get("TWILIO_AUTH_TOKEN"))
    return found, "token set" if found else "TWILIO_AUTH_TOKEN is not set"


def _service() -> Finding:
    try:
        check_for_service(load_settings(None))
    except ConfigError as error:
        return False, "\n".join(error.problems)
    return True, "seamline serve can start"


CHECKS: tuple[tuple[str, Callable[[], Finding], bool], ...] = (
    ("Python", _python, True),
    ("uvloop", _uvloop, False),
    ("stand-ins", _stand_ins, False),
    ("tenants", _tenants, True),
    ("model", _model, True),
    ("carrier", _carrier, True),
    ("service", _service, True),
)
