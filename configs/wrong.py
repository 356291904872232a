"""What is wrong with the settings, in English and Chinese."""

from pathlib import Path
from typing import Any

_ZH = {
    "extra_forbidden": "没有这个设置项（全部设置见 configs/default.toml）",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为带引号的文字",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "literal_error": "应为 {expected}",
}
"""By pydantic's name of the kind; the texts of our own checks stand in their English."""


class SettingsError(ValueError):
    """The settings cannot be used; the text says which key is wrong and where it was set."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self._zh = zh

    def message(self, language: str) -> str:
        """The text in Chinese for "zh", else in English."""
        return self._zh if language == "zh" else str(self)


def not_usable(items: list[Any], local_file: Path, prefix: str) -> SettingsError:
    """For the complaints of pydantic about single keys."""
    places = [(".".join(map(str, item["loc"])), item) for item in items]
    en = [
        "The settings are not usable:",
        *(f"  {place}: {_in_english(item)}" if place else f"  {_in_english(item)}" for place, item in places),
        f"Look in {local_file} and at environment variables that begin with {prefix}.",
    ]
    zh = [
        "设置有误：",
        *(f"  {place}：{_in_chinese(item)}" if place else f"  {_in_chinese(item)}" for place, item in places),
        f"请检查 {local_file} 和以 {prefix} 开头的环境变量。",
    ]
    return SettingsError("\n".join(en), "\n".join(zh))


def unreadable(local_file: Path, reason: Exception) -> SettingsError:
    """For a file that is no TOML, or that this user may not read."""
    return SettingsError(
        f"The settings file {local_file} cannot be read: {reason}", f"无法读取设置文件 {local_file}：{reason}"
    )


def no_section(variable: str, sections: list[str]) -> SettingsError:
    """For an environment variable that belongs nowhere."""
    known = ", ".join(sorted(sections))
    return SettingsError(
        f"The environment variable {variable} names no section of the settings; sections are {known}",
        f"环境变量 {variable} 不对应任何设置分组；分组有：{known}",
    )


def _in_english(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "there is no such setting (see configs/default.toml for all of them)"
    return str(item["msg"]).removeprefix("Value error, ")


def _in_chinese(item: Any) -> str:
    known = _ZH.get(item["type"])
    return known.format(**item.get("ctx", {})) if known else _in_english(item)
