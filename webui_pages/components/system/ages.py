"""Moments and lengths of time as people read them, and amounts of data."""

from datetime import datetime, timedelta, timezone

import streamlit as st

from webui_pages.ui import Ui

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = ("B", "KB", "MB", "GB", "TB")


def age(ui: Ui, seconds: float) -> str:
    """A length of time in its two greatest units."""
    text, whole = ui.text, int(seconds)
    if whole >= _DAY:
        return text.span_days.format(days=whole // _DAY, hours=whole % _DAY // _HOUR)
    if whole >= _HOUR:
        return text.span_hours.format(hours=whole // _HOUR, minutes=whole % _HOUR // _MINUTE)
    if whole >= _MINUTE:
        return text.span_minutes.format(minutes=whole // _MINUTE, seconds=whole % _MINUTE)
    return text.span_seconds.format(seconds=whole)


def moment(written: str) -> str:
    """A moment, ISO 8601 and in UTC where it names no zone, to the second by the clock of the reader."""
    known = datetime.fromisoformat(written.replace("Z", "+00:00"))
    known = known if known.tzinfo else known.replace(tzinfo=timezone.utc)
    # As browsers count it: minutes to be added to the time there to get UTC.
    behind = timedelta(minutes=st.context.timezone_offset or 0)
    return f"{known.astimezone(timezone(-behind)):%Y-%m-%d %H:%M:%S}"


def amount(count: int) -> str:
    """Bytes in the unit that fits."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:,.0f} {_UNITS[unit]}" if value >= 10 or not unit else f"{value:.1f} {_UNITS[unit]}"
