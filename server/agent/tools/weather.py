"""The weather of a place, from an API in the manner of open-meteo."""

from typing import Any

from pydantic import BaseModel, Field

from configs.sections.agent import Weather
from server.agent.tool import Text, Tool
from server.agent.tools.web_api import WebApi
from server.analysis import has_cjk
from server.errors import ToolFailed

NAME = "weather"
_CURRENT = "temperature_2m,apparent_temperature,relative_humidity_2m,precipitation,weather_code,wind_speed_10m"
_DAILY = "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_probability_max"
# The codes of the World Meteorological Organization that open-meteo sends.
_SKIES = {
    0: "clear 晴",
    1: "mainly clear 晴间多云",
    2: "partly cloudy 多云",
    3: "overcast 阴",
    45: "fog 雾",
    48: "rime fog 冻雾",
    51: "light drizzle 毛毛雨",
    53: "drizzle 毛毛雨",
    55: "heavy drizzle 毛毛雨",
    56: "freezing drizzle 冻雨",
    57: "freezing drizzle 冻雨",
    61: "light rain 小雨",
    63: "rain 中雨",
    65: "heavy rain 大雨",
    66: "freezing rain 冻雨",
    67: "freezing rain 冻雨",
    71: "light snow 小雪",
    73: "snow 中雪",
    75: "heavy snow 大雪",
    77: "snow grains 米雪",
    80: "light showers 小阵雨",
    81: "showers 阵雨",
    82: "violent showers 强阵雨",
    85: "snow showers 阵雪",
    86: "heavy snow showers 强阵雪",
    95: "thunderstorm 雷阵雨",
    96: "thunderstorm with hail 雷阵雨伴冰雹",
    99: "thunderstorm with hail 雷阵雨伴冰雹",
}


class Arguments(BaseModel):
    """Where, and how far ahead."""

    place: str = Field(min_length=1, max_length=100, description="Name of a city, without its province or country.")
    days: int = Field(default=3, ge=1, le=7, description="Days of the forecast, today included.")


def weather_tool(settings: Weather, api: WebApi) -> Tool:
    """The tool on the APIs of the settings."""
    key = {"apikey": settings.api_key.get_secret_value()} if settings.api_key.get_secret_value() else {}

    async def call(place: str, days: int = 3) -> str:
        spot = await _find(api, settings.geocoding_url, place, key)
        asked = {"latitude": spot["latitude"], "longitude": spot["longitude"], "timezone": "auto"}
        answer = await api.get_json(
            NAME, settings.url, {**asked, "current": _CURRENT, "daily": _DAILY, "forecast_days": days, **key}
        )
        return _told(spot, answer)

    return Tool(
        name=NAME,
        title=Text("Weather", "天气查询"),
        description=Text(
            "Tells the present weather of a city and the forecast for up to seven days.",
            "查询城市当前天气与未来最多七天的预报。",
        ),
        arguments=Arguments,
        call=call,
    )


async def _find(api: WebApi, url: str, place: str, key: dict[str, str]) -> dict[str, Any]:
    language = "zh" if has_cjk(place) else "en"
    found = await api.get_json(NAME, url, {"name": place, "count": 1, "language": language, "format": "json", **key})
    spots = found.get("results") or []
    if not spots or not {"latitude", "longitude"} <= spots[0].keys():
        raise ToolFailed(
            name=NAME,
            reason_en=f'no place named "{place}" is known; try another spelling',
            reason_zh=f"没有找到地名“{place}”，请换一种写法",
        )
    return spots[0]


def _told(spot: dict[str, Any], answer: dict[str, Any]) -> str:
    now, days = answer.get("current") or {}, answer.get("daily") or {}
    where = ", ".join(str(spot[key]) for key in ("name", "admin1", "country") if spot.get(key))
    lines = [
        f"{where}, {now.get('time', '')}: {_sky(now)}, {now.get('temperature_2m')} °C "
        f"(feels like {now.get('apparent_temperature')} °C), humidity {now.get('relative_humidity_2m')} %, "
        f"wind {now.get('wind_speed_10m')} km/h, precipitation {now.get('precipitation')} mm"
    ]
    for number, day in enumerate(days.get("time") or []):
        values = {key: series[number] for key, series in days.items() if number < len(series)}
        lines.append(
            f"{day}: {_sky(values)}, {values.get('temperature_2m_min')} to {values.get('temperature_2m_max')} °C, "
            f"precipitation {values.get('precipitation_sum')} mm ({values.get('precipitation_probability_max')} %)"
        )
    return "\n".join(lines)


def _sky(values: dict[str, Any]) -> str:
    code = values.get("weather_code")
    return _SKIES.get(code, f"weather code {code}") if isinstance(code, int) else "sky unknown"
