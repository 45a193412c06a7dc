from __future__ import annotations

from xml.etree import ElementTree

import pytest

from llm_trainer.cli.reporting.charts import HEIGHT, WIDTH, Chart, Point, Series, svg, written


def chart(*values: float, **more: object) -> Chart:
    points = [Point(10.0 * x, y, y - 0.1, y + 0.1) for x, y in enumerate(values)]
    return Chart("<title>", "", [Series("a & b", points)], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [(0.1, 0.9), (5.0, 5.0, 5.0), (-3.0, 4.0), (0.0, 1e6), (0.0, 0.0)])
def test_every_point_lies_inside_and_the_drawing_is_well_formed(values: tuple[float, ...]) -> None:
    drawn = ElementTree.fromstring(svg(chart(*values)))
    line = drawn.find("polyline")

    assert line is not None
    for pair in line.attrib["points"].split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert drawn.find("polygon") is not None
    assert "a & b" in drawn.attrib["aria-label"]


def test_a_level_to_compare_with_is_drawn_and_named() -> None:
    drawn = svg(chart(0.2, 0.8, percent=True, level=(0.25, "chance")))

    assert ">chance<" in drawn
    assert 'class="level"' in drawn


def test_one_point_is_no_curve() -> None:
    assert svg(chart(1.0)) == svg(chart()) == ""


def test_values_are_written_as_people_read_them() -> None:
    assert [written(0.256, True), written(3.0, False), written(2.34, False), written(1234.5, False)] == [
        "26 %",
        "3",
        "2.3",
        "1234",
    ]
