"""The root of all errors, and the families that decide the HTTP status."""

from typing import Any, ClassVar, Literal

Language = Literal["zh", "en"]


class ZhiwenError(Exception):
    """Base of all errors a user may see. `detail` fills the placeholders of the text and travels to clients."""

    code: ClassVar[str] = "internal"
    en: ClassVar[str] = "Something went wrong inside Zhiwen. The log of the service has the details."
    zh: ClassVar[str] = "知问内部出错，详情见该服务的日志。"

    def __init__(self, **detail: Any) -> None:
        super().__init__(detail)
        self.detail = detail

    def message(self, language: Language = "en") -> str:
        """The text for people, in their language."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(_Blank(self.detail))

    def __str__(self) -> str:
        return self.message("en")


class _Blank(dict[str, Any]):
    """A template with a missing detail shows an ellipsis instead of raising while an error is reported."""

    def __missing__(self, key: str) -> str:
        return "…"


class InvalidInput(ZhiwenError):
    """The request itself is wrong; asking again unchanged cannot work."""


class AccessDenied(ZhiwenError):
    """The caller has no right to this."""

    code = "api_key_required"
    en = "This service needs an API key. Send the header: Authorization: Bearer <key>."
    zh = "该服务需要 API 密钥，请在请求头中加入 Authorization: Bearer <密钥>。"


class NotFound(ZhiwenError):
    """Something named in the request does not exist."""


class Conflict(ZhiwenError):
    """The request does not fit the present state."""


class Unreadable(ZhiwenError):
    """A file from which no searchable text can be got."""


class Unavailable(ZhiwenError):
    """Something this needs is not running or not installed."""


class Busy(ZhiwenError):
    """Too much is asked at once; the same request works later."""


class UpstreamFailed(ZhiwenError):
    """A model was asked and failed."""


class Damaged(ZhiwenError):
    """Stored data cannot be used as it is."""
