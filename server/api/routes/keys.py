"""API keys: list, create, revoke (scope admin), and what one's own key may do."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from server.api.deps import ContainerDep, LanguageDep
from server.api.schemas.keys import (
    CreateKey,
    CurrentKey,
    CurrentKeyResponse,
    KeyDetails,
    KeyListResponse,
    KeyResponse,
    NewKey,
    NewKeyResponse,
)
from server.caller import NOBODY, caller
from server.keys import KeyInfo

router = APIRouter(prefix="/keys", tags=["API Keys"])
_CREATED = {"zh": "已创建密钥，只显示这一次", "en": "The key is created; it is shown this once"}
_REVOKED = {"zh": "已吊销密钥", "en": "The key is revoked"}


@router.get("")
def list_keys(container: ContainerDep) -> KeyListResponse:
    """All keys, without their texts; revoked ones too."""
    return KeyListResponse(data=[KeyDetails(**_details(info)) for info in container.api_keys.list()])


@router.post("")
def create_key(body: CreateKey, container: ContainerDep, language: LanguageDep) -> NewKeyResponse:
    """Make a key. The answer holds its text, which cannot be shown again. It counts for other processes in seconds."""
    info, text = container.api_keys.create(body.name, body.scope, body.knowledge_bases)
    return NewKeyResponse(msg=_CREATED[language], data=NewKey(key=text, **_details(info)))


@router.get("/current")
def current_key() -> CurrentKeyResponse:
    """What the caller's own key may do; without any key in force, everybody at this machine may do all."""
    who = caller()
    limited = None if who.knowledge_bases is None else sorted(who.knowledge_bases)
    own = CurrentKey(name=who.name, scope=who.scope, knowledge_bases=limited, needed=who is not NOBODY)
    return CurrentKeyResponse(data=own)


@router.post("/{name}/revoke")
def revoke_key(name: str, container: ContainerDep, language: LanguageDep) -> KeyResponse:
    """End a key. Its name stays taken."""
    return KeyResponse(msg=_REVOKED[language], data=KeyDetails(**_details(container.api_keys.revoke(name))))


def _details(info: KeyInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "scope": info.scope,
        "knowledge_bases": None if info.knowledge_bases is None else list(info.knowledge_bases),
        "created": _moment(info.created),
        "last_used": _moment(info.last_used),
        "revoked": _moment(info.revoked),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
