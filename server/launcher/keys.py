"""API keys on the command line: `--create-key`, `--list-keys`, `--revoke-key`; and what needs one to start."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from configs.settings import Settings
from server.db.session import Database
from server.keys import ApiKeys, KeyInfo, public_services, require_key
from server.launcher.arguments import Options
from server.launcher.labels import Labels

COLUMN = 20


def require_key_for(settings: Settings, parts: Collection[str]) -> None:
    """Raises `PublicWithoutKey` when one of these services is open to other machines and there is no key."""
    with _database(settings) as database:
        require_key(settings, database, public_services(settings, parts))


def keys_text(settings: Settings, options: Options, labels: Labels) -> list[str]:
    """Do what the command line asks about keys; returns what to print.

    Raises:
        KeyExists, KeyNotFound, BadName, BadSetting: nothing was changed.
    """
    with _database(settings) as database:
        keys = ApiKeys(settings, database)
        if options.create_key:
            info, text = keys.create(options.create_key, options.scope, options.key_for or None)
            return [labels("key_created", info.name, info.scope, _where(info, labels)), "", f"  {text}"]
        if options.revoke_key:
            return [labels("key_revoked", keys.revoke(options.revoke_key).name)]
        lines = [_line(info, labels) for info in keys.list()]
        return [labels("key_heads").expandtabs(COLUMN), *lines] if lines else [labels("no_keys")]


def _line(info: KeyInfo, labels: Labels) -> str:
    used = f"{info.last_used:%Y-%m-%d %H:%M}" if info.last_used else "-"
    state = labels("key_is_revoked") if info.revoked else ""
    words = [info.name, info.scope, _where(info, labels), f"{info.created:%Y-%m-%d}", used, state]
    return "\t".join(words).expandtabs(20).rstrip()


def _where(info: KeyInfo, labels: Labels) -> str:
    return labels("key_everywhere") if info.knowledge_bases is None else ", ".join(info.knowledge_bases)


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        database.create_tables()
        yield database
    finally:
        database.close()
