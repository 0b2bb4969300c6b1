"""Nothing in the data can become more than text, and nothing on the page reaches out of it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reamaze_pipeline.report.build import Report
from reamaze_pipeline.report.charts.palette import REST, ROLES, SERIES
from reamaze_pipeline.report.charts.svg import inline
from reamaze_pipeline.report.preview import partition_previews
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.table import Table
from tests.report.conftest import HOSTILE
from tests.report.parsed import Page

ALLOWED_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "footer", "div", "span"),
    *("h1", "h2", "h3", "p", "a", "b", "bdi", "small", "code", "pre", "ul", "ol", "li", "dl", "dt", "dd", "figure"),
    *("details", "summary", "strong", "em"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "g", "path", "rect", "line", "circle", "text", "defs"),
    *("clippath", "wbr"),
}
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\ufffe\uffff]")


@pytest.fixture(scope="module", params=["hostile", "second_week"])
def report(request: pytest.FixtureRequest) -> Report:
    built = request.getfixturevalue(request.param)
    assert isinstance(built, Report)
    return built


def test_only_harmless_elements_and_attributes(report: Report) -> None:
    for tag, attributes in Page(report.html).tags:
        assert tag in ALLOWED_TAGS
        assert not any(name.startswith("on") or name in {"src", "srcset", "action"} for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#")


def test_the_page_loads_nothing(report: Report) -> None:
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", report.html)
    assert "@import" not in report.html
    assert all(reference.startswith("#") for reference in re.findall(r"url\(([^)]*)", report.html))
    assert "default-src 'none'" in report.html
    assert len(report.html.encode()) < 2_000_000


def test_hostile_texts_are_shown_as_they_are(hostile: Report) -> None:
    text = Page(hostile.html).text
    for said in HOSTILE:
        shown = " ".join(re.sub(TURNING, "\ufffd", said).split())
        assert text.count(shown) >= 3, said


def test_no_character_turns_or_breaks_the_page(hostile: Report) -> None:
    assert not TURNING.search(hostile.html.replace("\n", ""))
    assert not TURNING.search(hostile.preview_markdown.replace("\n", ""))


def test_every_chart_is_told_to_those_who_cannot_see_it(report: Report) -> None:
    page = Page(report.html)
    charts = page.all("svg")
    assert len(charts) == 14
    assert all(chart["role"] == "img" and len(chart["aria-label"] or "") > 20 for chart in charts)
    assert len(page.all("details")) >= 5
    assert all(
        region["aria-label"] and region["tabindex"] == "0"
        for region in page.all("div")
        if region.get("role") == "region"
    )


def test_ids_are_unique_and_links_lead_somewhere(report: Report) -> None:
    page = Page(report.html)
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert set(ids.values()) == {1}
    assert {(link["href"] or "")[1:] for link in page.all("a")} <= set(ids)


def test_drawings_lose_what_is_not_drawing() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
        '<script>alert(1)</script><a xlink:href="javascript:alert(1)"><path d="M0,0"/></a>'
        '<foreignObject><b onclick="x()">b</b></foreignObject><image href="https://x.example/i.png"/>'
        '<defs><clipPath id="clip7"/></defs>'
        '<g onload="x()" style="x" clip-path="url(#clip7)" fill="url(#elsewhere)">'
        '<path d="M1,1h1" fill="url(https://x.example)" aria-label="&lt;i&gt;"/></g></svg>'
    )
    kept = ET.fromstring(inline(drawing, "n", 'what "it" says'))
    assert [element.tag for element in kept.iter()] == ["svg", "defs", "clipPath", "g", "path", "title"]
    clip, group, path, title = list(kept.iter())[2:]
    assert (clip.attrib, group.attrib) == ({"id": "n-0"}, {"clip-path": "url(#n-0)"})
    assert (path.attrib, title.text) == ({"d": "M1,1h1"}, "<i>")
    assert kept.get("aria-label") == 'what "it" says'


def test_markdown_previews_neither_format_nor_link(hostile_database: Path) -> None:
    with reading(hostile_database) as connection:
        for schema, name in (("metrics", "staff_response_counts"), ("core", "messages"), ("metrics", "awaiting_reply")):
            preview = partition_previews(connection, Table(schema, name, ()), [])[None].markdown
            rows = preview.split("\n\n", 1)[1].splitlines()
            widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
            assert len(widths) == 1
            assert not re.search(r"(?<!\\)[<`\[]", preview)
            assert not TURNING.search(preview.replace("\n", ""))
            assert "a body that nobody may see" not in preview


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_panel(scheme: int) -> None:
    panel = ROLES["panel"][scheme]
    lines = [role for role, colours in ROLES.items() if colours[0] in {*SERIES, REST} or role == "p90"]
    assert all(_contrast(ROLES[role][scheme], panel) >= 3 for role in lines)
    assert all(_contrast(ROLES[role][scheme], panel) >= 4.5 for role in ("chart-ink", "chart-muted"))


def test_each_colour_has_one_role() -> None:
    assert len({light for light, _ in ROLES.values()}) == len(ROLES)


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it."""
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
