"""`seamline calls replay`: a kept call run again, and made into a test."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from agent.call.tape import Drained, Fact, Out
from agent.cli.replay_test import write_test
from agent.errors import ConfigError
from agent.observe.replay import Difference, Replayed, replay
from agent.observe.wire_key import read_keys
from agent.observe.wires import ReadTape, read_tape
from agent.service.recording_file import file_name
from agent.service.settings import load_settings

SHOWN = 110
"""Characters of a text on the screen."""


def run_replay(
    target: str, key: str, config: Path | None, to_test: Path | None, *, facts: bool
) -> int:
    """Run a call again and say how it went.

    Args:
        target: a file, or the carrier's id of a call.
        key: the environment variable that holds the key.
        to_test: where to write a test that runs the masked call.
        facts: list all that the tape holds instead.

    Returns:
        The exit code: 1 when the call goes otherwise than it did.

    Raises:
        ConfigError: there is no such tape, or it cannot be read.
    """
    path = _found(target, config)
    tape = read_tape(path, read_keys(os.environ.get(key, ""), key))
    console = Console(highlight=False, soft_wrap=True)
    if facts:
        for line in listing(tape):
            console.print(line, markup=False)
        return 0
    again = replay(tape)
    for line in told(path, tape, again):
        console.print(line, markup=False)
    if to_test is not None:
        for line in write_test(tape, to_test):
            console.print(line, markup=False)
    return 0 if again.difference is None else 1


def _found(target: str, config: Path | None) -> Path:
    path = Path(target)
    if path.is_file():
        return path
    folder = load_settings(config).data / "wires"
    name = file_name(target)
    found = sorted([*folder.glob(f"*/{name}.wire"), *folder.glob(f"*/{name}-[0-9]*.wire")])
    if not found:
        raise ConfigError(f"{target}: no such file, and no wires of such a call below {folder}")
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise ConfigError(f"{target}: it was served more than once; name one of {names}")
    return found[0]


def told(path: Path, tape: ReadTape, again: Replayed) -> list[str]:
    """What a person wants to know of it."""
    began = tape.began
    lines = [
        f"{path.name}: a call of {began.plan.tenant}, {again.seconds:.1f} s"
        + (f", {began.at_utc}" if began.at_utc else "")
        + f", kept by version {began.version}",
    ]
    if again.ended is not None:
        lines.append(f"compared up to {again.seconds:.1f} s: {again.ended}")
    if again.difference is None:
        lines.append(
            f"it goes as it did: {again.facts} facts, {again.effects} effects, none differs"
        )
        return lines
    return lines + _difference(again.difference)


def _difference(difference: Difference) -> list[str]:
    lines = [
        f"it differs first at {difference.at_s:.3f} s",
        f"  told last  {_fact(difference.told)}",
    ]
    if difference.error is not None:
        error = difference.error
        return [*lines, f"  it raised  {type(error).__name__}: {error}"]
    return [
        *lines,
        f"  did        {_out(difference.kept)}",
        f"  does now   {_out(difference.found)}",
    ]


def listing(tape: ReadTape) -> list[str]:
    """All that a tape holds, a line for each fact and each effect."""
    lines = []
    for fact in tape.facts:
        at = f"{fact.at - tape.began.at:10.4f}"
        if isinstance(fact, Drained):
            lines += [f"{at}    > {_out(out)}" for out in fact.out]
        else:
            lines.append(f"{at}  {_fact(fact)}")
    if tape.torn is not None:
        lines.append(f"the end is missing: {tape.torn}")
    return lines


def _fact(fact: Fact) -> str:
    values = (
        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for name in fact.__struct_fields__
        if name != "at" and (value := getattr(fact, name)) is not None
    )
    return _short(f"{type(fact).__name__} {' '.join(values)}")


def _out(out: Out | None) -> str:
    if out is None:
        return "nothing"
    more = "" if len(out.shown) == out.size else f" ... ({out.size} bytes, {out.digest.hex()})"
    return _short(f"{out.kind} {out.shown.decode(errors='replace')}") + more


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ... ({len(text)} characters)"
