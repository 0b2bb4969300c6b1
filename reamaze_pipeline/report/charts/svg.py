"""A drawing made safe and small enough to stand inside the page.

Only shapes and their looks get through, whatever the renderer or a text in the data brought along; the name
of a mark becomes its tooltip. What is drawn does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from markupsafe import Markup

_SVG = "http://www.w3.org/2000/svg"
_SHAPES = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath"}
_LOOKS = {
    "clip-path", "cx", "cy", "d", "dx", "dy", "fill", "fill-opacity", "font-size", "font-weight", "height", "id",
    "opacity", "r", "rx", "ry", "stroke", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
    "stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor", "transform", "viewBox", "width", "x",
    "x1", "x2", "y", "y1", "y2",
}  # fmt: skip
_IDLE = {("opacity", "1"), ("stroke-miterlimit", "10")}
_DECIMALS = re.compile(r"(\d+\.\d{2})\d+")
_REFERENCE = re.compile(r"^url\(['\"]?#([\w-]+)['\"]?\)$")
_MARKS = {"path", "rect", "circle", "text"}
_Ids = Mapping[str, str]


def inline(drawing: str, name: str, description: str) -> Markup:
    """The drawing as an element of an HTML page, told to a screen reader by ``description``.

    ``name`` is unique on the page and keeps ids apart.
    """
    root = ET.fromstring(drawing)  # noqa: S314 (our renderer's output; entities and DTDs it has none)
    width, height = root.get("width"), root.get("height")
    # Numbered anew: a renderer counts on from drawing to drawing, and the same facts should give the same page.
    given = dict.fromkeys(element.attrib["id"] for element in root.iter() if "id" in element.attrib)
    drawn = _kept(root, {each: f"{name}-{number}" for number, each in enumerate(given)})
    drawn.attrib = {
        "class": "drawing",
        "viewBox": root.get("viewBox") or f"0 0 {width} {height}",
        "role": "img",
        "aria-label": description,
        "focusable": "false",
    }
    return Markup(ET.tostring(drawn, encoding="unicode"))  # noqa: S704 (escaped by the serializer)


def _kept(element: ET.Element, ids: _Ids) -> ET.Element:
    tag = _local(element)
    copy = ET.Element(tag, _looks(element, ids))
    copy.text, copy.tail = (element.text if tag in {"text", "tspan"} else None), None
    told = element.get("aria-label")
    if told and tag in _MARKS:
        ET.SubElement(copy, "title").text = told
    for child in element:
        if _local(child) in _SHAPES and child.get("display") != "none" and not _empty(child):
            kept = _kept(child, ids)
            if kept.tag != "g" or len(kept):
                copy.append(kept)
    return copy


def _looks(element: ET.Element, ids: _Ids) -> dict[str, str]:
    looks = {}
    for attribute, value in element.attrib.items():
        if attribute not in _LOOKS or (attribute, value) in _IDLE:
            continue
        reference = _REFERENCE.match(value)
        if attribute == "id":
            looks[attribute] = ids[value]
        elif reference and reference[1] in ids:
            looks[attribute] = f"url(#{ids[reference[1]]})"
        elif "url(" not in value:
            looks[attribute] = _DECIMALS.sub(r"\1", value)
    return looks


def _empty(element: ET.Element) -> bool:
    """A path without extent or paint: the renderer leaves many."""
    if _local(element) != "path":
        return False
    return element.get("d") in {None, "", "M0,0h0v0h0Z"} or (
        element.get("class") in {"background", "foreground"} and not {"fill", "stroke"} & set(element.attrib)
    )


def _local(element: ET.Element) -> str:
    tag = str(element.tag)
    return tag.removeprefix(f"{{{_SVG}}}") if tag.startswith(f"{{{_SVG}}}") else ""
