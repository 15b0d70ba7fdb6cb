"""Shapes as SVG and as pixels."""

from io import BytesIO
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from agent.observe.shapes import SHARPNESS, Area, Bar, Drawing, Shape, Text, Upright, png_of, svg_of

SVG = "{http://www.w3.org/2000/svg}"
RED, BLUE = "#ff0000", "#0000ff"


def drawing(*shapes: Shape, title: str = "a call") -> Drawing:
    return Drawing(100, 50, title, "#000000", shapes)


def pixels(*shapes: Shape) -> NDArray[np.uint8]:
    """Rows of red, green, blue, one for each unit of the drawing."""
    with Image.open(BytesIO(png_of(drawing(*shapes)))) as image:
        assert image.size == (100 * SHARPNESS, 50 * SHARPNESS)
        return np.asarray(image)[SHARPNESS // 2 :: SHARPNESS, SHARPNESS // 2 :: SHARPNESS]


def test_each_shape_is_an_element() -> None:
    shapes = (
        Text(1, 12, "left", RED),
        Text(2.25, 12, "<b> & co", RED, "middle", size=15, bold=True),
        Upright(3, 4, 40, BLUE),
        Upright(3, 4, 40, BLUE, dashed=True),
        Area([(0, 0), (10, 0), (10, 5.25)], RED, 0.5),
        Bar(5, 6, 7, 8, BLUE, "what it is"),
    )
    text = svg_of(drawing(*shapes, title="<script>"))
    root = fromstring(text)
    assert root.get("viewBox") == "0 0 100 50"
    assert root.findtext(f"{SVG}title") == "<script>"
    assert '<text x="1.0" y="12" fill="#ff0000">left</text>' in text
    bold = 'font-size="15" font-weight="600" text-anchor="middle" fill="#ff0000">&lt;b&gt; &amp; co'
    assert f'<text x="2.2" y="12" {bold}</text>' in text
    assert '<path d="M3.0 4V40" stroke="#0000ff"/>' in text
    assert '<path d="M3.0 4V40" stroke="#0000ff" stroke-dasharray="4 3"/>' in text
    assert '<path d="M0.0 0.0L10.0 0.0L10.0 5.2Z" fill="#ff0000" fill-opacity="0.5"/>' in text
    assert root.findtext(f"{SVG}rect/{SVG}title") == "what it is"


def test_an_area_lets_through_what_lies_below() -> None:
    square = [(10.0, 10.0), (40.0, 10.0), (40.0, 40.0), (10.0, 40.0)]
    found = pixels(Bar(0, 0, 20, 50, BLUE, ""), Area(square, RED, 0.5))
    assert found[25, 5].tolist() == [0, 0, 255]
    assert found[25, 15].tolist() == pytest.approx([128, 0, 127], abs=1)
    assert found[25, 30].tolist() == pytest.approx([255, 127, 127], abs=1)
    assert found[25, 60].tolist() == [255, 255, 255]


def test_a_dashed_line_has_gaps() -> None:
    whole = pixels(Upright(50, 0, 49, RED))[:49, 50]
    dashed = pixels(Upright(50, 0, 49, RED, dashed=True))[:49, 50]
    assert (whole == (255, 0, 0)).all()
    n = int((dashed == (255, 0, 0)).all(axis=1).sum())
    assert 20 <= n <= 40


@pytest.mark.parametrize(("anchor", "left", "right"), [("start", 50, 85), ("end", 15, 50)])
def test_words_stand_where_they_are_anchored(anchor: str, left: int, right: int) -> None:
    text = Text(50, 25, "mmm", RED, "end" if anchor == "end" else "start")
    written = np.nonzero((pixels(text) != 255).any(axis=2))
    assert left <= written[1].min()
    assert written[1].max() <= right
    assert 10 <= written[0].min() < written[0].max() <= 27


@settings(max_examples=30, deadline=None)
@example("two\nlines\r\n")
@given(st.text())
def test_any_text_can_be_drawn(text: str) -> None:
    shape = Text(10, 10, text, RED)
    assert fromstring(svg_of(drawing(shape, title=text))).tag == f"{SVG}svg"
    assert pixels(shape).shape == (50, 100, 3)
