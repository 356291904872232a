"""API keys: what is kept of them, how they are recognised without SQL, and what becomes of revoked ones."""

import hashlib

import pytest

from server.caller import NOBODY, Caller, acting_for, caller
from server.db import api_keys as rows
from server.db.session import Database
from server.errors import BadName, BadSetting, KeyExists, KeyNotFound, KnowledgeBaseForbidden, PublicWithoutKey
from server.keys import FRESH_S, NOTE_EVERY_S, ApiKeys, public_services, require_key
from server.knowledge_base.names import KbName


@pytest.fixture
def database(settings):
    made = Database(settings.database_url)
    made.create_tables()
    yield made
    made.close()


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def keys(settings, database, clock):
    return ApiKeys(settings, database, clock=lambda: clock[0])


def stored(database):
    with database.read() as session:
        return rows.list_keys(session)


def test_only_the_hash_of_a_key_is_kept(keys, database):
    _, text = keys.create("ci")
    assert text.startswith("zw-")
    assert len(text) > 43
    (row,) = stored(database)
    assert row.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert text not in str(vars(row))


def test_a_key_is_recognised_with_its_scope_and_knowledge_bases(keys):
    _, text = keys.create("ci", "read", ["Samples", "合同"])
    assert keys.recognise(text) == Caller("ci", "read", frozenset({"samples", "合同"}))
    for wrong in ("", text[:-1], text + "x", text.upper(), "zw-"):
        assert keys.recognise(wrong) is None


def test_a_request_costs_no_sql(keys, database, monkeypatch):
    _, text = keys.create("ci")
    keys.recognise(text)
    monkeypatch.setattr(database, "read", None)
    for _ in range(100):
        assert keys.recognise(text)
        assert keys.recognise("zw-unknown") is None
    assert keys.exist()


def test_another_process_revokes_within_seconds(keys, settings, database, clock):
    _, text = keys.create("ci")
    assert keys.recognise(text)
    ApiKeys(settings, database).revoke("ci")
    assert keys.recognise(text)
    clock[0] += FRESH_S
    assert keys.recognise(text) is None
    assert not keys.exist()


def test_this_process_revokes_at_once(keys):
    _, text = keys.create("ci")
    assert keys.recognise(text)
    assert keys.revoke("ci").revoked
    assert keys.recognise(text) is None
    with pytest.raises(KeyNotFound):
        keys.revoke("ci")
    with pytest.raises(KeyExists):
        keys.create("ci")


def test_last_use_is_written_now_and_then(keys, database, clock):
    _, text = keys.create("ci")
    keys.recognise(text)
    assert stored(database)[0].last_used is None
    clock[0] += NOTE_EVERY_S + 1
    keys.recognise(text)
    assert stored(database)[0].last_used
    assert keys.list()[0].last_used


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\nb", "x" * 65, "security.api_key", "-x"])
def test_bad_names(keys, name):
    with pytest.raises(BadName):
        keys.create(name)


def test_bad_limits(keys):
    with pytest.raises(BadName):
        keys.create("ci", "read", ["../x"])
    with pytest.raises(BadSetting):
        keys.create("ci", "admin", ["samples"])


def test_the_key_of_the_settings(data_paths, monkeypatch, database):
    from configs import load_settings

    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "s" * 20)
    keys = ApiKeys(load_settings(), database)
    assert keys.exist()
    assert keys.recognise("s" * 20) == Caller("security.api_key", "admin")
    assert keys.recognise("s" * 19) is None


@pytest.mark.parametrize("service", ["API", "WEBUI"])
def test_open_to_others_only_with_some_key(data_paths, monkeypatch, database, service):
    from configs import load_settings

    monkeypatch.setenv(f"ZHIWEN__SERVICES__{service}__HOST", "0.0.0.0")
    settings = load_settings()
    public = public_services(settings)
    assert list(public) == [f"services.{service.lower()}.host"]
    with pytest.raises(PublicWithoutKey):
        require_key(settings, database, public)
    ApiKeys(settings, database).create("first")
    require_key(settings, database, public)
    ApiKeys(settings, database).revoke("first")
    with pytest.raises(PublicWithoutKey):
        require_key(settings, database, public)


def test_loopback_needs_no_key(settings, database):
    assert public_services(settings) == {}
    require_key(settings, database, {})


def test_names_of_knowledge_bases_are_refused_to_who_may_not_use_them():
    assert KbName.parse("anything").text == "anything"
    with acting_for(Caller("ci", "read", frozenset({"samples"}))):
        assert KbName.parse("SAMPLES").key == "samples"
        with pytest.raises(KnowledgeBaseForbidden):
            KbName.parse("other")
    assert caller() is NOBODY
