"""Sizes and moments as people read them, and where in a file a chunk stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from webui_pages.labels import Labels

MOST_NAMES = 20
MINUTE, HOUR, DAY, LONG_AGO = 60, 3600, 86400, 30 * 86400


def size_text(size: int) -> str:
    """Bytes as people read them."""
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def some_of(names: Sequence[str]) -> str:
    """The first names of a list, and that there are more."""
    return ", ".join(names[:MOST_NAMES]) + (f"… (+{len(names) - MOST_NAMES})" if len(names) > MOST_NAMES else "")


def age_text(moment: str, text: Labels, now: datetime | None = None) -> str:
    """How long ago an ISO 8601 moment is; in UTC where it names no zone. A date where it is long ago."""
    try:
        parsed = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return moment
    known = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
    seconds = ((now or datetime.now(timezone.utc)) - known).total_seconds()
    if seconds >= LONG_AGO:
        return known.strftime("%Y-%m-%d")
    for unit, label in ((DAY, text.age_days), (HOUR, text.age_hours), (MINUTE, text.age_minutes)):
        if seconds >= unit:
            return label.format(count=int(seconds // unit))
    return text.age_now


def place_text(meta: Mapping[str, Any], text: Labels) -> str:
    """Where in its file a chunk stands, such as "Page 3 · Chapter 1 › Section 2"."""
    single = (
        (text.place_page, "page"),
        (text.place_slide, "slide"),
        (text.place_sheet, "sheet"),
        (text.place_row, "row"),
    )
    parts = [str(meta["part"])] if meta.get("part") else []
    parts += [label.format(**{name: meta[name]}) for label, name in single if meta.get(name)]
    spans = ((text.place_rows, meta.get("rows")), (text.place_lines, meta.get("lines")))
    parts += [label.format(first=span[0], last=span[-1]) for label, span in spans if span and not meta.get("row")]
    if headings := meta.get("headings"):
        parts.append(" › ".join(map(str, headings)))
    return " · ".join(parts)
