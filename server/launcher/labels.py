"""The words of the console in English and Chinese, and which of the two to use."""

import locale
import os
from collections.abc import Mapping
from unicodedata import east_asian_width

from server.errors import Language

_LABELS = {
    "service": ("service", "服务"),
    "state": ("state", "状态"),
    "seconds": ("seconds", "秒"),
    "address": ("address", "地址"),
    "waiting": ("waiting", "等待"),
    "starting": ("starting", "启动中"),
    "ready": ("ready", "就绪"),
    "restarting": ("restarting", "重启中"),
    "stopping": ("stopping", "停止中"),
    "stopped": ("stopped", "已停止"),
    "failed": ("failed", "失败"),
    "webui": ("web page", "网页界面"),
    "api": ("knowledge API", "知识库 API"),
    "openai_api": ("OpenAI API", "OpenAI API"),
    "controller": ("controller", "控制器"),
    "providers": ("providers", "在线模型"),
    "worker": ("model", "模型"),
    "system": ("system", "操作系统"),
    "python": ("Python", "Python"),
    "versions": ("versions", "版本"),
    "splitter": ("text splitter", "文本分割器"),
    "llm": ("chat model", "对话模型"),
    "embed": ("embedding model", "向量模型"),
    "database": ("database", "数据库"),
    "settings": ("settings", "设置文件"),
    "none_yet": ("(none, defaults)", "（无，使用默认值）"),
    "missing": ("not usable", "不可用"),
    "after_restart": ("restart in {0:.0f} s", "{0:.0f} 秒后重启"),
    "all_ready": ("Ready in {0:.1f} s.", "已就绪，用时 {0:.1f} 秒。"),
    "open": ("Open {0} in a browser.", "请在浏览器中打开 {0}"),
    "how_to_stop": ("Ctrl-C stops everything.", "按 Ctrl-C 停止全部服务。"),
    "some_failed": (
        "Some models are not running, see above. All else works; once the reason is gone, start them on the page "
        "(Models), or start Zhiwen again.",
        "部分模型未能运行，见上文；其余功能均可使用。排除原因后，可在网页“模型”中启动，或重新启动知问。",
    ),
    "see_above": ("failed, see above", "失败，见上文"),
    "stands_in": ("stands in for it", "代替上述模型"),
    "start_failed": ("Zhiwen was not started.", "知问未能启动。"),
    "stopping_all": ("Stopping …", "正在停止……"),
    "nothing_asked": (
        "Nothing was asked to start. Most people want: python startup.py -a",
        "没有指定要启动的服务，通常使用：python startup.py -a",
    ),
    "no_download_needed": ("{0} is built in; there is nothing to download.", "{0} 为内置模型，无需下载。"),
    "already_here": ("The weights of {0} are already here: {1}", "{0} 的权重已在本机：{1}"),
    "key_created": (
        'The API key "{0}" ({1}; knowledge bases: {2}). It is shown only now:',
        "API 密钥“{0}”（{1}；知识库：{2}），只显示这一次：",
    ),
    "key_revoked": ('The API key "{0}" is revoked.', "API 密钥“{0}”已吊销。"),
    "no_keys": (
        "There is no API key yet. Create one: python startup.py --create-key NAME",
        "还没有 API 密钥。创建密钥：python startup.py --create-key 名称",
    ),
    "key_everywhere": ("all", "全部"),
    "key_heads": (
        "name\tscope\tknowledge bases\tcreated\tlast used",
        "名称\t权限\t知识库\t创建\t最近使用",
    ),
    "key_is_revoked": ("revoked", "已吊销"),
    "rerank": ("rerank model", "重排模型"),
    "name": ("name", "名称"),
    "kind": ("kind", "类型"),
    "engine": ("engine", "引擎"),
    "weights": ("weights", "权重"),
    "runs": ("running", "运行中"),
    "needs": ("what is missing", "还缺什么"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "not_needed": ("none needed", "无需"),
    "downloaded_repository": (
        '{0} is complete: {1}\nTo use it, add [models.llm."{2}"], [models.embed."{2}"] or [models.rerank."{2}"] '
        "to configs/local.toml, see docs/configuration.md",
        '{0} 下载完成：{1}\n要使用它，请在 configs/local.toml 中加入 [models.llm."{2}"]、[models.embed."{2}"] 或 '
        '[models.rerank."{2}"]，见 docs/configuration.md',
    ),
    "downloaded": ("{0} is complete: {1}", "{0} 下载完成：{1}"),
}


class Labels:
    """The table read in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, *values: object) -> str:
        """The words for a key, filled with the values."""
        return _LABELS[key][1 if self.language == "zh" else 0].format(*values)

    def service(self, name: str) -> str:
        """A service by the name people know it by."""
        if name.startswith("worker-"):
            return f"{self('worker')} {name.removeprefix('worker-')}"
        return self(name) if name in _LABELS else name


def console_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Chinese where the environment or, without one, the system's locale is Chinese; else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(variable):
            return "zh" if value.lower().startswith("zh") else "en"
    system = locale.getlocale()[0] or ""
    return "zh" if system.lower().startswith(("zh", "chinese")) else "en"


def padded(text: str, width: int) -> str:
    """The text filled up to a number of columns; a Chinese character takes two."""
    return text + " " * (width - shown_width(text))


def shown_width(text: str) -> int:
    """Columns of a text on a console; a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
