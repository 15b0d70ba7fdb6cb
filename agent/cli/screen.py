"""A call on the terminal as it happens: who says what, what is called, who interrupts."""

import asyncio
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from agent.call.core import Call
from agent.call.report import CallReport
from agent.call.timeline import Entry
from agent.service.running import RunningCall

REFRESH_S = 0.05


class Screen:
    """A `CallObserver` that prints the timeline of each call while it grows.

    Attributes:
        only: the number of a caller; the calls of others are not looked at. None: all are.
        last: the call that ended last, and what it told.
        ended_one: one has ended.
    """

    def __init__(self, console: Console, *, only: str | None = None) -> None:
        self.only = only
        self._console = console
        self._watching: dict[Call, asyncio.Task[None]] = {}
        self.last: tuple[Call, CallReport] | None = None
        self.ended_one = asyncio.Event()

    def began(self, running: RunningCall) -> None:
        """Print what happens in this call from now on."""
        if self.only not in {None, running.caller.number}:
            return
        self._watching[running.call] = asyncio.create_task(self._watch(running.call))

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """Stop watching; the rest is printed at once."""
        watching = self._watching.pop(running.call, None)
        if watching is None:
            return
        watching.cancel()
        self.last = running.call, report
        self.ended_one.set()

    async def _watch(self, call: Call) -> None:
        shown = 0
        try:
            while True:
                shown = self._print_from(call, shown)
                await asyncio.sleep(REFRESH_S)
        finally:
            self._print_from(call, shown)

    def _print_from(self, call: Call, shown: int) -> int:
        entries = list(call.timeline)
        for entry in entries[shown:]:
            if (text := line_of(entry)) is not None:
                self._console.print(f"[dim]{entry.t:6.2f} s[/]  {text}", soft_wrap=True)
        return len(entries)


def line_of(entry: Entry) -> str | None:
    """One entry of a timeline for a person to read, as rich markup; None for the small ones."""
    values = entry.values
    words = escape(str(values.get("pii.text", "")))
    match entry.name:
        case "call.started":
            return "[dim]the phone rings; the agent answers[/]"
        case "caller.said":
            return f"[bold blue]caller[/]  {words}"
        case "agent.said":
            return f"[bold green]agent[/]   {words}"
        case "tool.requested":
            return f"[yellow]tool[/]    {escape(str(values.get('tool')))} ..."
        case "tool.finished":
            return f"[yellow]tool[/]    {'failed' if values.get('failed') else 'answered'}"
        case "barge_in":
            return f"[red]barge-in[/] the caller interrupts ({values.get('by')})"
        case "call.ended":
            return f"[dim]the call is over: {values.get('outcome')}[/]"
        case _:
            moved = _of_the_connection(entry)
            return None if moved is None else f"[magenta]model[/]   {moved}"


def _of_the_connection(entry: Entry) -> str | None:
    """What became of the model's connection; None for something else."""
    values = entry.values
    match entry.name:
        case "model.going_away":
            return f"the connection will end{_within(values)}"
        case "model.leaving":
            return "leaves its connection" if values.get("planned") else "the connection is lost"
        case "model.move_failed":
            return f"no connection: {escape(str(values.get('reason')))}"
        case "model.moved":
            how = "goes on" if values.get("resumed") else "begins anew, told what was said,"
            number, took_s = values.get("connection"), values.get("took_s")
            return f"{how} on connection {number}, {took_s} s later"
        case _:
            return None


def _within(values: Mapping[str, object]) -> str:
    left_s = values.get("time_left_s")
    return f" within {left_s:g} s" if isinstance(left_s, int | float) else ""
