"""Bodies and envelopes every route is made of.

Names and defaults of 0.2.10 fields are that version's; `null` for a field with a default means the default, which
`Request` sees to. Every field that 0.2.10 does not know is optional.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Request(BaseModel):
    """Base of JSON bodies."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        try:
            return {name: _whole(value) for name, value in values.items() if value is not None or name in required}
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _whole(value: Any) -> Any:
    """JSON can hold half of a surrogate pair (a cut emoji), which no file, database or model takes: it becomes �."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


class BaseResponse(BaseModel):
    """Envelope of 0.2.10: `code` equals the HTTP status. Errors put their stable code and details into `data`."""

    code: int = 200
    msg: str = "success"
    data: Any = None


class ListResponse(BaseResponse):
    """Envelope around a list of names."""

    data: list[str] = Field(default_factory=list)
