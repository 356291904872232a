"""Who may do what, and how much of it."""

from server.errors.base import AccessDenied, Busy, Conflict, InvalidInput, NotFound, Unavailable


class ScopeMissing(AccessDenied):
    """Detail: scope, needed."""

    code = "scope_missing"
    en = 'This needs an API key with the scope "{needed}"; the key sent has "{scope}". Ask for another key.'
    zh = "此操作需要权限为 {needed} 的 API 密钥，当前密钥的权限为 {scope}。请申请相应的密钥。"


class KnowledgeBaseForbidden(AccessDenied):
    """Detail: name."""

    code = "knowledge_base_forbidden"
    en = 'The API key sent is limited to other knowledge bases than "{name}". Ask for a key that includes it.'
    zh = "当前 API 密钥不能使用知识库“{name}”。请申请包含该知识库的密钥。"


class KeyNotFound(NotFound):
    """Detail: name."""

    code = "key_not_found"
    en = 'There is no API key "{name}" in force. List them: python startup.py --list-keys'
    zh = "没有名为“{name}”的有效 API 密钥。查看全部密钥：python startup.py --list-keys"


class KeyExists(Conflict):
    """Detail: name."""

    code = "key_exists"
    en = 'There was already an API key "{name}"; names are used once only. Choose another name.'
    zh = "已有过名为“{name}”的 API 密钥，名称不能重复使用，请换一个名称。"


class PublicWithoutKey(InvalidInput):
    """Detail: setting, host."""

    code = "public_without_key"
    en = (
        "{setting} = {host} lets other machines in, and there is no API key. Create one with "
        "python startup.py --create-key NAME, set a long random security.api_key, or bind to 127.0.0.1."
    )
    zh = (
        "{setting} = {host} 会让其他机器访问，但没有任何 API 密钥。请用 python startup.py --create-key 名称 创建密钥，"
        "或设置足够长的随机 security.api_key，或改为 127.0.0.1。"
    )


class BodyTooLarge(InvalidInput):
    """Detail: limit_mb, setting."""

    code = "body_too_large"
    en = "The request is larger than {limit_mb} MB. Send less at once, or raise {setting} in the settings."
    zh = "请求超过 {limit_mb} MB，请分批发送，或调大设置 {setting}。"


class TooManyFiles(InvalidInput):
    """Detail: limit."""

    code = "too_many_files"
    en = "The request holds more than {limit} files. Send them in several requests, or raise limits.max_files."
    zh = "一次请求的文件超过 {limit} 个，请分批上传，或调大设置 limits.max_files。"


class QueryTooLong(InvalidInput):
    """Detail: limit."""

    code = "query_too_long"
    en = "The question has more than {limit} characters. Shorten it, or raise limits.max_query_chars in the settings."
    zh = "问题超过 {limit} 个字符，请缩短问题，或调大设置 limits.max_query_chars。"


class RateLimited(Busy):
    """Detail: limit, retry_after (seconds)."""

    code = "rate_limited"
    en = "More than {limit} requests in a minute. Try again in {retry_after} s, or raise limits.requests_per_minute."
    zh = "一分钟内的请求超过 {limit} 次，请在 {retry_after} 秒后重试，或调大设置 limits.requests_per_minute。"


class TooManyStreams(Busy):
    """Detail: limit, retry_after (seconds)."""

    code = "too_many_streams"
    en = "{limit} answers are being streamed to you already. Try again when one ends, or raise limits.caller_streams."
    zh = "已有 {limit} 个回答正在传输，请等其中一个结束后重试，或调大设置 limits.caller_streams。"


class ServerFull(Unavailable):
    """Detail: limit, retry_after (seconds)."""

    code = "server_full"
    en = "{limit} answers are being streamed already. Try again in {retry_after} s, or raise limits.streams."
    zh = "服务器正在传输 {limit} 个回答，请在 {retry_after} 秒后重试，或调大设置 limits.streams。"
