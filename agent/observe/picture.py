"""A call as a picture: both voices, turns, functions, barge-ins and moves on one time axis, as SVG.

A move is a band over both voices, from the moment the session left its connection to the moment the
next one carried it: whether the caller heard anything of it can be seen at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from agent.audio.pcm import Pcm16
from agent.call.timeline import Entry

WIDTH = 1280
LEFT, RIGHT = 84, 20
TOP = 56
LANE = 110
BAR_LANE = 26
RATE_HZ = 8000

CALLER, AGENT, TOOL, BARGE_IN, MOVE, INK, FAINT = (
    "#2563eb", "#0f9d58", "#b45309", "#dc2626", "#7c3aed", "#1f2937", "#9ca3af",
)  # fmt: skip

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

SPANS = {
    "caller.speech_started": ("caller.speech_ended", "caller"),
    "agent.audio_started": ("agent.audio_ended", "agent"),
    "tool.requested": ("tool.finished", "tool"),
    "model.leaving": ("model.moved", "move"),
}
ROWS = {
    "caller": ("speaks", CALLER),
    "agent": ("speaks", AGENT),
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
    """Draw one call.

    Args:
        entries: the call's timeline, `t` in seconds from its start.
        caller: int16, shape (n,), what the caller said, at 8 kHz.
        agent: int16, shape (m,), what the caller heard, at 8 kHz.
        title: one line above the picture; shown as text whatever it contains.
        audio_starts_s: when, on the timeline's clock, the first sample of both was heard.
    Returns:
        A complete SVG document.
    """
    end_s = max(
        [audio_starts_s + max(caller.size, agent.size) / RATE_HZ, 1.0]
        + [entry.t for entry in entries]
    )
    title = _text(title)
    height = TOP + 2 * LANE + len(ROWS) * BAR_LANE + 40
    scale = (WIDTH - LEFT - RIGHT) / end_s
    found = spans(entries, end_s)
    body = [
        *_axis(end_s, scale, height),
        *_bands(found, scale),
        *_lane("caller", CALLER, TOP, caller, audio_starts_s, scale),
        *_lane("agent", AGENT, TOP + LANE, agent, audio_starts_s, scale),
        *_bars(found, scale),
        *_moments(entries, scale, height),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}" role="img">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">{title}</text>',
            *body,
            "</svg>",
            "",
        ]
    )


def _text(text: str) -> str:
    """As the text of an element, whatever it contains."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _x(t_s: float, scale: float) -> float:
    return LEFT + t_s * scale


def _axis(end_s: float, scale: float, height: int) -> Iterator[str]:
    step = next((step for step in (1, 2, 5, 10, 30, 60, 300) if end_s / step <= 30), 3600)
    for second in range(0, int(end_s) + 1, step):
        x = _x(second, scale)
        yield f'<path d="M{x:.1f} {TOP - 8}V{height - 30}" stroke="#e5e7eb"/>'
        yield (
            f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" fill="{FAINT}">'
            f"{second} s</text>"
        )


def _lane(
    name: str, colour: str, top: int, pcm: Pcm16, starts_s: float, scale: float
) -> Iterator[str]:
    middle = top + LANE / 2
    yield f'<text x="12" y="{middle + 4:.0f}" font-weight="600" fill="{colour}">{name}</text>'
    per_pixel = max(1, int(RATE_HZ / scale))
    columns = pcm[: pcm.size // per_pixel * per_pixel].reshape(-1, per_pixel)
    if not columns.size:
        return
    half = (LANE - 16) / 2
    peak = max(int(np.abs(pcm.astype(np.int32)).max()), 1)
    upper = columns.max(axis=1).clip(0) * (half / peak)
    lower = columns.min(axis=1).clip(None, 0) * (half / peak)
    x0 = _x(starts_s, scale)
    width = per_pixel / RATE_HZ * scale
    there = [f"{x0 + i * width:.1f} {middle - y:.1f}" for i, y in enumerate(upper)]
    back = [f"{x0 + i * width:.1f} {middle - y:.1f}" for i, y in enumerate(lower)]
    yield f'<path d="M{"L".join(there + back[::-1])}Z" fill="{colour}" fill-opacity="0.75"/>'


def _bands(found: Iterable[Span], scale: float) -> Iterator[str]:
    """Where no model was there, over both voices."""
    for span in found:
        if span.kind == "move":
            width = max((span.end_s - span.start_s) * scale, 2)
            outline = f"M{_x(span.start_s, scale):.1f} {TOP}h{width:.1f}v{2 * LANE}h-{width:.1f}z"
            yield f'<path d="{outline}" fill="{MOVE}" fill-opacity="0.18"/>'


def _bars(found: Iterable[Span], scale: float) -> Iterator[str]:
    tops = {kind: TOP + 2 * LANE + row * BAR_LANE for row, kind in enumerate(ROWS)}
    for kind, (text, colour) in ROWS.items():
        yield f'<text x="12" y="{tops[kind] + 15}" fill="{colour}">{text}</text>'
    for span in found:
        y, colour = tops[span.kind] + 4, ROWS[span.kind][1]
        x, width = _x(span.start_s, scale), max((span.end_s - span.start_s) * scale, 2)
        yield (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR_LANE - 10}" rx="3" '
            f'fill="{colour}"><title>{_text(f"{span.kind} {span.label}").strip()} '
            f"{span.start_s:.2f}-{span.end_s:.2f} s</title></rect>"
        )
        if span.label:
            at, anchor = (x + width + 4, "start") if x < WIDTH - 120 else (x - 4, "end")
            yield (
                f'<text x="{at:.1f}" y="{y + 12}" text-anchor="{anchor}" fill="{colour}">'
                f"{_text(span.label)}</text>"
            )


def _moments(entries: Iterable[Entry], scale: float, height: int) -> Iterator[str]:
    for entry in entries:
        if entry.name in MOMENTS:
            label, colour = MOMENTS[entry.name]
            x = _x(entry.t, scale)
            yield (
                f'<path d="M{x:.1f} {TOP - 8}V{height - 30}" stroke="{colour}" '
                f'stroke-dasharray="4 3"/>'
            )
            at, anchor = (x + 3, "start") if x < WIDTH - 90 else (x - 3, "end")
            yield (
                f'<text x="{at:.1f}" y="{TOP - 12}" text-anchor="{anchor}" fill="{colour}">'
                f"{label}</text>"
            )
