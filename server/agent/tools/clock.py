"""What time it is, here or elsewhere."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from server.agent.tool import Text, Tool
from server.errors import BadToolArguments

NAME = "current_time"
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


class Arguments(BaseModel):
    """Where."""

    timezone: str = Field(
        default="",
        description="A name such as Asia/Shanghai or Europe/London, or an offset such as UTC+8; empty for here.",
    )


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    offset = _OFFSET.fullmatch(name)
    try:
        if offset:
            length = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
            return timezone(-length if offset[1] == "-" else length)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reason = f'there is no time zone "{name[:40]}"; use a name such as Asia/Shanghai or an offset such as UTC+8'
        raise BadToolArguments(name=NAME, reason=reason) from None


async def _call(timezone: str = "") -> str:
    now = datetime.now().astimezone(_zone(timezone.strip()))
    return f"{now.isoformat(timespec='seconds')} ({now:%A}, week {now.isocalendar().week}, {now.tzname()})"


TOOL = Tool(
    name=NAME,
    title=Text("Current time", "当前时间"),
    description=Text(
        "Tells the current date, weekday and time, here or in another time zone.",
        "查询当前日期、星期与时间，可指定时区。",
    ),
    arguments=Arguments,
    call=_call,
)
