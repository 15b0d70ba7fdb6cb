"""A drawing as a list of simple shapes, and the same as SVG or PNG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.ImageDraw import ImageDraw

DASH = (4, 3)
SHARPNESS = 2
"""Pixels of a PNG for each unit of the drawing."""
FONT_SIZE = 12
LINE_ABOVE = 0.8
"""Of a text's size, what stands above the line that it is written on."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

type Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words on a line at `y`; whatever they contain, they are shown as they are."""

    x: float
    y: float
    text: str
    colour: str
    anchor: Anchor = "start"
    size: int = FONT_SIZE
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Upright:
    """A vertical line."""

    x: float
    top: float
    bottom: float
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled outline that lets through what lies below."""

    outline: Sequence[tuple[float, float]]
    colour: str
    opacity: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A box with round corners; where it can be pointed at, it says what it is."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    says: str


type Shape = Text | Upright | Area | Bar


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on white, the later ones above the earlier.

    Attributes:
        title: what it shows.
        ink: of what has no colour of its own.
    """

    width: int
    height: int
    title: str
    ink: str
    shapes: Sequence[Shape]


def svg_of(drawing: Drawing) -> str:
    """A complete SVG document."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {drawing.width} {drawing.height}" '
            f'font-family="system-ui, sans-serif" font-size="{FONT_SIZE}" fill="{drawing.ink}" '
            'role="img">',
            f"<title>{_xml(drawing.title)}</title>",
            f'<rect width="{drawing.width}" height="{drawing.height}" fill="#ffffff"/>',
            *map(_element, drawing.shapes),
            "</svg>",
            "",
        ]
    )


def _element(shape: Shape) -> str:
    match shape:
        case Text(x, y, text, colour, anchor, size, bold):
            look = f' font-size="{size}"' if size != FONT_SIZE else ""
            look += ' font-weight="600"' if bold else ""
            look += f' text-anchor="{anchor}"' if anchor != "start" else ""
            return f'<text x="{x:.1f}" y="{y:.0f}"{look} fill="{colour}">{_xml(text)}</text>'
        case Upright(x, top, bottom, colour, dashed):
            look = f' stroke-dasharray="{DASH[0]} {DASH[1]}"' if dashed else ""
            return f'<path d="M{x:.1f} {top:.0f}V{bottom:.0f}" stroke="{colour}"{look}/>'
        case Area(outline, colour, opacity):
            points = "L".join(f"{x:.1f} {y:.1f}" for x, y in outline)
            return f'<path d="M{points}Z" fill="{colour}" fill-opacity="{opacity:g}"/>'
        case Bar(x, y, width, height, colour, says):
            return (
                f'<rect x="{x:.1f}" y="{y:.0f}" width="{width:.1f}" height="{height:.0f}" rx="3" '
                f'fill="{colour}"><title>{_xml(says)}</title></rect>'
            )
        case _:
            assert_never(shape)


def _xml(text: str) -> str:
    """As the text of an element, whatever it contains."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def png_of(drawing: Drawing) -> bytes:
    """A PNG file; its letters are those that come with the drawing library: Latin ones."""
    from PIL import Image, ImageDraw

    size = (drawing.width * SHARPNESS, drawing.height * SHARPNESS)
    image = Image.new("RGB", size, "#ffffff")
    canvas = ImageDraw.Draw(image, "RGBA")
    for shape in drawing.shapes:
        _paint(canvas, shape)
    file = BytesIO()
    image.save(file, "PNG", title=drawing.title)
    return file.getvalue()


def _paint(canvas: ImageDraw, shape: Shape) -> None:
    k = SHARPNESS
    match shape:
        case Text(x, y, text, colour, anchor, size, _):
            font, text = _font(size * k), " ".join(text.split())
            left = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * font.getlength(text)
            canvas.text((x * k - left, (y - LINE_ABOVE * size) * k), text, colour, font)
        case Upright(x, top, bottom, colour, dashed):
            for begin, end in _dashes(top, bottom) if dashed else [(top, bottom)]:
                canvas.line([(x * k, begin * k), (x * k, end * k)], colour, k)
        case Area(outline, colour, opacity):
            fill = (*_rgb(colour), round(opacity * 255))
            canvas.polygon([(x * k, y * k) for x, y in outline], fill)
        case Bar(x, y, width, height, colour, _):
            box = (x * k, y * k, (x + width) * k, (y + height) * k)
            canvas.rounded_rectangle(box, min(3.0, width / 2) * k, colour)
        case _:
            assert_never(shape)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _dashes(top: float, bottom: float) -> Iterator[tuple[float, float]]:
    while top < bottom:
        yield top, min(top + DASH[0], bottom)
        top += sum(DASH)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
