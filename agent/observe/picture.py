"""A call as a picture: both voices, turns, functions, barge-ins and moves on one time axis.

A move is a band over both voices, from the moment the session left its connection to the moment the
next one carried it: whether the caller heard anything of it can be seen at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.audio.pcm import Pcm16
from agent.call.timeline import Entry
from agent.observe.shapes import Area, Bar, Drawing, Shape, Text, Upright, svg_of

WIDTH = 1280
LEFT, RIGHT = 96, 20
TOP = 56
LANE = 110
BAR_LANE = 26
RATE_HZ = 8000

CALLER, AGENT, TOOL, BARGE_IN, MOVE, INK, FAINT, GRID = (
    "#2563eb", "#0f9d58", "#b45309", "#dc2626", "#7c3aed", "#1f2937", "#9ca3af", "#e5e7eb",
)  # fmt: skip

SPANS = {
    "caller.speech_started": ("caller.speech_ended", "caller"),
    "agent.audio_started": ("agent.audio_ended", "agent"),
    "tool.requested": ("tool.finished", "tool"),
    "model.leaving": ("model.moved", "move"),
}
ROWS = {
    "caller": ("caller talks", CALLER),
    "agent": ("agent talks", AGENT),
    "tool": ("tool", TOOL),
    "move": ("model", MOVE),
}
"""Kinds of spans in the order of their rows: what stands before the row, and its colour."""
MOMENTS = {
    "barge_in": ("barge-in", BARGE_IN),
    "model.lost": ("model lost", BARGE_IN),
    "model.going_away": ("goAway", MOVE),
    "dtmf": ("key", INK),
    "call.ended": ("end", INK),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted, in seconds from the start of the call."""

    kind: str
    start_s: float
    end_s: float
    label: str


def spans(entries: Sequence[Entry], end_s: float) -> list[Span]:
    """Pair the timeline's starts with their ends; what never ended lasts to `end_s`.

    A barge-in ends what the agent says, and a cancellation ends functions.
    """
    found: list[Span] = []
    begun: dict[tuple[str, object], Entry] = {}
    for entry in entries:
        ended = [key for key in _ends(entry) if key in begun]
        found.extend(_span(key[0], begun.pop(key), entry.t) for key in ended)
        if entry.name in SPANS:
            begun[SPANS[entry.name][1], entry.values.get("id")] = entry
    found.extend(_span(kind, opened, end_s) for (kind, _), opened in begun.items())
    return sorted(found, key=lambda span: span.start_s)


def _ends(entry: Entry) -> list[tuple[str, object]]:
    """What this entry brings to its end: kinds, each with its id if it has one."""
    if entry.name == "tool.cancelled":
        ids = entry.values.get("ids")
        return [("tool", id) for id in ids] if isinstance(ids, tuple) else []
    if entry.name == "barge_in":
        return [("agent", None)]
    id = entry.values.get("id")
    return [(kind, id) for start, (end, kind) in SPANS.items() if entry.name in (start, end)]


def _span(kind: str, opened: Entry, end_s: float) -> Span:
    label = str(opened.values.get("tool", ""))
    if kind == "move":
        label = "moves" if opened.values.get("planned") else "lost, moves"
    return Span(kind, opened.t, max(opened.t, end_s), label)


def timeline_svg(
    entries: Sequence[Entry],
    caller: Pcm16,
    agent: Pcm16,
    *,
    title: str,
    audio_starts_s: float = 0.0,
) -> str:
    """Draw one call as a complete SVG document; see `timeline_drawing`."""
    return svg_of(
        timeline_drawing(entries, caller, agent, title=title, audio_starts_s=audio_starts_s)
    )


def timeline_drawing(
    entries: Sequence[Entry],
    caller: Pcm16,
    agent: Pcm16,
    *,
    title: str,
    audio_starts_s: float = 0.0,
) -> Drawing:
    """Draw one call.

    Args:
        entries: the call's timeline, `t` in seconds from its start.
        caller: int16, shape (n,), what the caller said, at 8 kHz.
        agent: int16, shape (m,), what the caller heard, at 8 kHz.
        title: one line above the picture; shown as text whatever it contains.
        audio_starts_s: when, on the timeline's clock, the first sample of both was heard.
    """
    end_s = max(
        [audio_starts_s + max(caller.size, agent.size) / RATE_HZ, 1.0]
        + [entry.t for entry in entries]
    )
    height = TOP + 2 * LANE + len(ROWS) * BAR_LANE + 40
    scale = (WIDTH - LEFT - RIGHT) / end_s
    found = spans(entries, end_s)
    shapes: list[Shape] = [
        Text(LEFT, 24, title, INK, size=15, bold=True),
        *_axis(end_s, scale, height),
        *_bands(found, scale),
        *_lane("caller", CALLER, TOP, caller, audio_starts_s, scale),
        *_lane("agent", AGENT, TOP + LANE, agent, audio_starts_s, scale),
        *_bars(found, scale),
        *_moments(entries, scale, height),
    ]
    return Drawing(WIDTH, height, title, INK, shapes)


def _x(t_s: float, scale: float) -> float:
    return LEFT + t_s * scale


def _axis(end_s: float, scale: float, height: int) -> Iterator[Shape]:
    step = next((step for step in (1, 2, 5, 10, 30, 60, 300) if end_s / step <= 30), 3600)
    for second in range(0, int(end_s) + 1, step):
        x = _x(second, scale)
        yield Upright(x, TOP - 8, height - 30, GRID)
        yield Text(x, height - 12, f"{second} s", FAINT, "middle")


def _lane(
    name: str, colour: str, top: int, pcm: Pcm16, starts_s: float, scale: float
) -> Iterator[Shape]:
    middle = top + LANE / 2
    yield Text(12, middle + 4, name, colour, bold=True)
    per_pixel = max(1, int(RATE_HZ / scale))
    columns = pcm[: pcm.size // per_pixel * per_pixel].reshape(-1, per_pixel)
    if not columns.size:
        return
    half = (LANE - 16) / 2
    peak = max(int(pcm.max()), -int(pcm.min()), 1)
    upper = columns.max(axis=1).clip(0) * (half / peak)
    lower = columns.min(axis=1).clip(None, 0) * (half / peak)
    x0 = _x(starts_s, scale)
    width = per_pixel / RATE_HZ * scale
    there = [(x0 + i * width, middle - float(y)) for i, y in enumerate(upper)]
    back = [(x0 + i * width, middle - float(y)) for i, y in enumerate(lower)]
    yield Area(there + back[::-1], colour, 0.75)


def _bands(found: Iterable[Span], scale: float) -> Iterator[Shape]:
    """Where no model was there, over both voices."""
    for span in found:
        if span.kind == "move":
            left, right = _x(span.start_s, scale), _x(span.end_s, scale)
            right, bottom = max(right, left + 2), TOP + 2 * LANE
            yield Area([(left, TOP), (right, TOP), (right, bottom), (left, bottom)], MOVE, 0.18)


def _bars(found: Iterable[Span], scale: float) -> Iterator[Shape]:
    tops = {kind: TOP + 2 * LANE + row * BAR_LANE for row, kind in enumerate(ROWS)}
    for kind, (text, colour) in ROWS.items():
        yield Text(12, tops[kind] + 15, text, colour)
    for span in found:
        y, colour = tops[span.kind] + 4, ROWS[span.kind][1]
        x, width = _x(span.start_s, scale), max((span.end_s - span.start_s) * scale, 2)
        says = f"{span.kind} {span.label}".strip() + f" {span.start_s:.2f}-{span.end_s:.2f} s"
        yield Bar(x, y, width, BAR_LANE - 10, colour, says)
        if span.label:
            right = x < WIDTH - 120
            at = x + width + 4 if right else x - 4
            yield Text(at, y + 12, span.label, colour, "start" if right else "end")


def _moments(entries: Iterable[Entry], scale: float, height: int) -> Iterator[Shape]:
    for entry in entries:
        if entry.name in MOMENTS:
            label, colour = MOMENTS[entry.name]
            x = _x(entry.t, scale)
            yield Upright(x, TOP - 8, height - 30, colour, dashed=True)
            right = x < WIDTH - 90
            yield Text(
                x + 3 if right else x - 3, TOP - 12, label, colour, "start" if right else "end"
            )
