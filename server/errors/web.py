"""Errors of the internet: pages that are fetched, and search engines."""

from server.errors.base import InvalidInput, NotFound, UpstreamFailed


class UrlRefused(InvalidInput):
    """An address that must not be fetched from this server. Detail: url, reason_en, reason_zh."""

    code = "url_refused"
    en = (
        "{url} is not fetched: {reason_en}. Name a public http or https address; "
        "an administrator can allow others in fetching.allow_private."
    )
    zh = (
        "拒绝访问 {url}：{reason_zh}。请使用公网的 http 或 https 地址；"
        "管理员可在 fetching.allow_private 中放行其他地址。"
    )


class FetchFailed(UpstreamFailed):
    """A page that could not be got, or that holds no text. Detail: url, reason_en, reason_zh."""

    code = "fetch_failed"
    en = "{url} could not be read: {reason_en}. Check the address, and search.proxy if this machine needs a proxy."
    zh = "无法读取 {url}：{reason_zh}。请检查地址；如本机需要代理，请检查设置 search.proxy。"


class SearchEngineUnknown(NotFound):
    """Detail: name, known."""

    code = "search_engine_unknown"
    en = 'There is no search engine "{name}". There are: {known}.'
    zh = "未支持搜索引擎 {name}，可用的有：{known}。"


class SearchEngineNotConfigured(NotFound):
    """The key or the address of an engine is missing. The Chinese text is what clients of the 0.2.10 API compare with.

    Detail: label, setting.
    """

    code = "search_engine_not_configured"
    en = "To use the search engine {label}, set `{setting}`."
    zh = "要使用{label}搜索引擎，需要设置 `{setting}`"


class SearchFailed(UpstreamFailed):
    """An engine could not be asked, or answered with an error. Detail: name, setting, reason_en, reason_zh."""

    code = "search_failed"
    en = (
        "The search engine {name} failed: {reason_en}. Check the setting {setting}, "
        "or name other engines in search.engine or search.fallback."
    )
    zh = (
        "搜索引擎 {name} 出错：{reason_zh}。请检查设置 {setting}，"
        "或在 search.engine、search.fallback 中改用其他搜索引擎。"
    )


class SearchTimeout(UpstreamFailed):
    """Detail: name, seconds."""

    code = "search_timeout"
    en = (
        "The search engine {name} did not answer within {seconds} s. It may be blocked in this network, as DuckDuckGo "
        "is in mainland China: set search.proxy, name other engines in search.engine or search.fallback, or raise "
        "search.timeout_s."
    )
    zh = (
        "搜索引擎 {name} 在 {seconds} 秒内没有响应，可能无法从本机网络访问（如中国大陆访问 DuckDuckGo）。请设置 "
        "search.proxy，在 search.engine、search.fallback 中改用其他搜索引擎，或调大 search.timeout_s。"
    )


class SearchFoundNothing(NotFound):
    """Detail: name."""

    code = "search_found_nothing"
    en = (
        "The search engine {name} found nothing. Ask with other words, or name other engines in search.engine "
        "or search.fallback; engines that take this machine for a robot answer like this too."
    )
    zh = (
        "搜索引擎 {name} 没有返回结果。请换一种问法，或在 search.engine、search.fallback 中改用其他搜索引擎；"
        "搜索引擎把本机当作机器人时也会如此。"
    )


class SearchEngineReplaced(UpstreamFailed):
    """A notice: another engine answered. Detail: name, replacement, reason_en, reason_zh."""

    code = "search_engine_replaced"
    en = "{replacement} was searched in place of {name}. {reason_en}"
    zh = "已改用 {replacement} 搜索，代替 {name}。{reason_zh}"
