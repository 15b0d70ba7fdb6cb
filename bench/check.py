"""What 1,000 tenants cost to check: `python -m bench.check [--tenants 1000]`.

The files are the example restaurant's and the example shop's in turn, under names and numbers of
their own, and are checked as `seamline check` does, functions and setups included. The command is
timed as a person waits for it, Python's start included; the reading alone is timed in this process.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent.service.tenant_files import load_tenants

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "config" / "functions"
EXAMPLES = (
    ("bella-vista", "+15550100100"),
    ("corner-shop", "+15550100101"),
)
LIMIT_S = 3.0


def write_tenants(folder: Path, n: int) -> None:
    """Files that differ in name and number only."""
    texts = [
        (ROOT / "config" / "tenants" / f"{name}.yaml").read_text().replace(number, "{number}")
        for name, number in EXAMPLES
    ]
    for index in range(n):
        which = index % len(EXAMPLES)
        text = texts[which].replace("{number}", f"+1555{index:07}")
        text = text.replace(f"\ntenant: {EXAMPLES[which][0]}", f"\ntenant: t{index:04}")
        (folder / f"t{index:04}.yaml").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenants", type=int, default=1000)
    n: int = parser.parse_args().tenants
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tenants(folder, n)
        command = [sys.executable, "-m", "agent", "check", name]
        began = time.perf_counter(), _children_s()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        command_s = time.perf_counter() - began[0], _children_s() - began[1]
        began = time.perf_counter(), time.process_time()
        load_tenants(folder, [FUNCTIONS])
        reading_s = time.perf_counter() - began[0], time.process_time() - began[1]
    table = Table(title=f"checking {n} tenants", title_justify="left")
    for heading in ("what", "seconds", "of the processor", f"limit {LIMIT_S:g} s"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what, (seconds, cpu_s) in (("seamline check", command_s), ("its reading", reading_s)):
        kept = "kept" if seconds < LIMIT_S else "MISSED"
        table.add_row(what, f"{seconds:.2f}", f"{cpu_s:.2f}", kept)
    Console().print(table)


def _children_s() -> float:
    """Time of the processor that child processes have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
