"""API keys: made, listed, revoked, and recognised without SQL for each request.

A key is 256 random bits behind the prefix `zw-`. What is kept is its SHA-256; whoever reads the database cannot call
the API. All keys in force are held in memory for `FRESH_S` seconds, so a key that another process makes or revokes
counts within that time. `security.api_key` of the settings is a key of its own, for everything.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from configs.settings import Settings
from server.caller import Caller, Scope
from server.db import api_keys as rows
from server.db.api_key_tables import ApiKeyRow
from server.db.session import Database
from server.db.tables import now
from server.errors import BadName, BadSetting, KeyExists, KeyNotFound, PublicWithoutKey
from server.knowledge_base.names import KbName

PREFIX = "zw-"
FRESH_S = 2.0
NOTE_EVERY_S = 60.0
MAX_CHARACTERS = 64
_NAME = re.compile(r"\w[\w .@-]{0,63}")
SETTINGS_KEY = "security.api_key"
PAGE_AND_API = ("webui", "api")
_NOT_BOTH = {
    "reason_en": "a key limited to some knowledge bases can have the scope read or write, not admin",
    "reason_zh": "限定知识库的密钥权限只能是 read 或 write，不能是 admin",
}


@dataclass(frozen=True)
class KeyInfo:
    """A key as people see it; the key itself is shown once, when it is made."""

    name: str
    scope: Scope
    knowledge_bases: tuple[str, ...] | None
    created: datetime
    last_used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True)
class _Known:
    id: int
    digest: bytes
    caller: Caller


class ApiKeys:
    """The keys of one installation. Every method may be called from any thread."""

    def __init__(self, settings: Settings, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Sequence[_Known] = ()
        self._read_at = float("-inf")
        self._noted_at = clock()
        self._uses: dict[int, datetime] = {}
        configured = settings.security.api_key.get_secret_value()
        self._fixed = [_Known(0, _digest(configured), Caller(SETTINGS_KEY, "admin"))] if configured else []

    def create(
        self, name: str, scope: Scope = "write", knowledge_bases: Collection[str] | None = None
    ) -> tuple[KeyInfo, str]:
        """Make a key, limited to knowledge bases if they are given; they need not exist yet. Returns it with its text.

        Raises:
            BadName: of the key or of a knowledge base.
            BadSetting: a key limited to knowledge bases cannot be for the whole server as well.
            KeyExists: the name is taken, perhaps by a key that was revoked.
        """
        name = _checked(name)
        if scope == "admin" and knowledge_bases is not None:
            raise BadSetting(name="scope", **_NOT_BOTH)
        limited = None if knowledge_bases is None else [KbName.parse(each).text for each in knowledge_bases]
        text = PREFIX + secrets.token_urlsafe(32)
        row = ApiKeyRow(name=name, sha256=_digest(text).hex(), scope=scope, knowledge_bases=limited)
        with self._database.unit_of_work() as session:
            if rows.find_key(session, name) is not None:
                raise KeyExists(name=name)
            info = _info(rows.add_key(session, row))
        self._forget()
        return info, text

    def list(self) -> list[KeyInfo]:
        """All keys, revoked ones too, oldest first."""
        self._note_uses()
        with self._database.read() as session:
            return [_info(row) for row in rows.list_keys(session)]

    def revoke(self, name: str) -> KeyInfo:
        """End a key: at once in this process, within `FRESH_S` in others. Raises `KeyNotFound`."""
        with self._database.unit_of_work() as session:
            row = rows.revoke_key(session, name)
            if row is None:
                raise KeyNotFound(name=name)
            info = _info(row)
        self._forget()
        return info

    @property
    def is_fresh(self) -> bool:
        """Whether `exist` and `recognise` answer from memory now, without SQL."""
        return self._clock() - self._read_at < FRESH_S

    def exist(self) -> bool:
        """Whether any key is in force, so that requests need one."""
        return bool(self._fixed or self._in_force())

    def recognise(self, text: str) -> Caller | None:
        """Whose key this is; None for one that is not, or no longer, in force."""
        digest = _digest(text)
        found: _Known | None = None
        for known in (*self._fixed, *self._in_force()):
            # All are compared, each in constant time: how long it takes tells nothing.
            if hmac.compare_digest(known.digest, digest):
                found = known
        if found is None:
            return None
        if found.id:
            self._uses[found.id] = now()
        return found.caller

    def _in_force(self) -> Sequence[_Known]:
        with self._lock:
            if not self.is_fresh:
                with self._database.read() as session:
                    every = rows.list_keys(session)
                self._known = [_known(row) for row in every if row.revoked is None]
                self._read_at = self._clock()
                if self._clock() - self._noted_at > NOTE_EVERY_S:
                    self._note_uses()
            return self._known

    def _forget(self) -> None:
        self._read_at = float("-inf")

    def _note_uses(self) -> None:
        self._noted_at = self._clock()
        uses, self._uses = self._uses, {}
        if uses:
            with self._database.unit_of_work() as session:
                rows.note_uses(session, uses)


def public_services(settings: Settings, names: Collection[str] = PAGE_AND_API) -> dict[str, str]:
    """Those of the page and the API that other machines can reach: setting and host."""
    services = {name: getattr(settings.services, name) for name in PAGE_AND_API if name in names}
    return {f"services.{name}.host": service.host for name, service in services.items() if service.is_public}


def require_key(settings: Settings, database: Database, public: Mapping[str, str]) -> None:
    """Refuse to let other machines in while there is no key at all.

    Raises:
        PublicWithoutKey: there is a public service and no key.
    """
    if public and not ApiKeys(settings, database).exist():
        setting, host = next(iter(public.items()))
        raise PublicWithoutKey(setting=setting, host=host)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checked(name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name) or name == SETTINGS_KEY:
        raise BadName(
            name=name[:MAX_CHARACTERS],
            reason_en=f"a key has a name of 1 to {MAX_CHARACTERS} letters, digits, blanks and . _ @ -",
            reason_zh=f"密钥名称须为 1 到 {MAX_CHARACTERS} 个字母、汉字、数字、空格或 . _ @ -",
        )
    return name


def _known(row: ApiKeyRow) -> _Known:
    names = row.knowledge_bases
    keys = None if names is None else frozenset(KbName.parse(name).key for name in names)
    scope: Scope = row.scope  # pyright: ignore[reportAssignmentType]  # only `create` writes it
    return _Known(row.id, bytes.fromhex(row.sha256), Caller(row.name, scope, keys))


def _info(row: ApiKeyRow) -> KeyInfo:
    names = row.knowledge_bases
    scope: Scope = row.scope  # pyright: ignore[reportAssignmentType]  # only `create` writes it
    return KeyInfo(row.name, scope, None if names is None else tuple(names), row.created, row.last_used, row.revoked)
