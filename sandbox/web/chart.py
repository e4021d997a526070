"""A series as a picture: SVG, without script and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import leather

LINES = 6
"""Keys of a series that a picture shows; more would hide each other."""


def chart(said: Mapping[str, Any]) -> str | None:
    """Give the series of `said` (as SeriesOut) as SVG, with the two ends of its intervals where it has no keys; None
    where fewer than two periods have a value."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for place, item in enumerate(said["items"]):
        for row in item["rows"]:
            name = ", ".join(str(part) for part in row["key"].values())
            for what in ("value",) if name else ("value", "low", "high"):
                if row[what] is not None:
                    lines.setdefault(name or what, []).append((place, float(row[what])))
    drawn = {name: points for name, points in sorted(lines.items())[:LINES] if len(points) > 1}
    if not drawn:
        return None
    made = leather.Chart(said["name"])
    shown = ("value", "low", "high") if "low" in drawn else tuple(drawn)
    for name, colour in zip(shown, _INTERVAL if "low" in drawn else _COLOURS, strict=False):
        made.add_line(drawn[name], name=name, stroke_color=colour)
    heights = [height for points in drawn.values() for _, height in points]
    least, most = min(heights), max(heights)
    edge = (most - least) * 0.1 or abs(most) * 0.1 or 1.0
    made.add_y_scale(least - edge, most + edge)
    names = [item["period"] for item in said["items"]]
    step = -(-len(names) // 8)
    made.add_x_axis(
        ticks=list(range(0, len(names), step)), tick_formatter=lambda place, *_: names[int(place)], name="period"
    )
    return str(made.to_svg(width=900, height=420))


_INTERVAL = ("#1f4e79", "#9dbad5", "#9dbad5")
_COLOURS = ("#1f4e79", "#b5482f", "#4a7c3a", "#8a6d1d", "#6a4c8c", "#3c8080")
