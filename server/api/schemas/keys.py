"""API keys, without their texts."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request

KeyScope = Literal["read", "write", "admin"]


class KeyDetails(BaseModel):
    """One key. `knowledge_bases` is null for a key that may use all of them; times are ISO 8601."""

    name: str
    scope: KeyScope
    knowledge_bases: list[str] | None = None
    created: str
    last_used: str | None = None
    revoked: str | None = None


class NewKey(KeyDetails):
    """A key that was just made, with its text, which is shown this once."""

    key: str


class CreateKey(Request):
    """POST /keys."""

    name: str = Field(max_length=64, examples=["reports"])
    scope: KeyScope = "write"
    knowledge_bases: list[str] | None = Field(default=None, description="leave out for a key that may use all of them")


class CurrentKey(BaseModel):
    """What the caller may do. `needed` tells whether this service wants a key at all."""

    name: str
    scope: KeyScope
    knowledge_bases: list[str] | None = None
    needed: bool


class KeyListResponse(BaseResponse):
    """All keys, revoked ones too, oldest first."""

    data: list[KeyDetails] = Field(default_factory=list)


class KeyResponse(BaseResponse):
    """One key."""

    data: KeyDetails | None = None


class NewKeyResponse(BaseResponse):
    """A new key."""

    data: NewKey | None = None


class CurrentKeyResponse(BaseResponse):
    """The caller."""

    data: CurrentKey | None = None
