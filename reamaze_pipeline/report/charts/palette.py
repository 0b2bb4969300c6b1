"""The page's colours, each in a light and a dark form, and the style rules that put one in place of the other.

A chart is drawn once, with the light colours as attributes; on the page a rule per colour lets the style sheet
take over. So each light colour that a chart uses stands for one role alone.

The series colours follow Okabe and Ito in hue, darkened or lightened until each has a contrast of 3:1 or more
against its background and any two differ by ΔE 13 or more under simulated protanopia, deuteranopia and
tritanopia. Text has 4.5:1 or more.
"""

from __future__ import annotations

ROLES: dict[str, tuple[str, str]] = {
    "series-1": ("#00629b", "#2f95d6"),
    "series-2": ("#b87a00", "#c98d10"),
    "series-3": ("#00855f", "#12c795"),
    "series-4": ("#92456f", "#dbb3c9"),
    "series-5": ("#3597d6", "#8fd0f7"),
    "series-rest": ("#80868f", "#7f8791"),
    "chart-ink": ("#1c2531", "#e7ebf0"),
    "chart-muted": ("#5b6675", "#a3adba"),
    "grid": ("#e4e8ed", "#2b323d"),
    "axis": ("#c3cad3", "#465060"),
    "gap": ("#d5dae1", "#394250"),
    "panel": ("#fefefe", "#171c24"),
    "p90": ("#c25100", "#f08a4b"),
}
SERIES = tuple(ROLES[f"series-{n}"][0] for n in (1, 2, 3, 4, 5))
REST = ROLES["series-rest"][0]
INK, MUTED, GRID, AXIS, GAP, PANEL, P90 = (
    ROLES[role][0] for role in ("chart-ink", "chart-muted", "grid", "axis", "gap", "panel", "p90")
)


def series_roles(number: int) -> list[str]:
    """The roles of so many series, the last being the rest if there are more than five."""
    return [f"series-{n}" for n in range(1, 6)][:number] + ["series-rest"] * max(0, number - 5)


def chart_style() -> str:
    """Style rules: the variables of both colour schemes, and what gives them to the charts."""
    light = "".join(f"--{role}:{colours[0]};" for role, colours in ROLES.items())
    dark = "".join(f"--{role}:{colours[1]};" for role, colours in ROLES.items())
    given = "".join(
        f'.chart [fill="{colours[0]}"]{{fill:var(--{role})}}.chart [stroke="{colours[0]}"]{{stroke:var(--{role})}}'
        for role, colours in ROLES.items()
    )
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{given}"
