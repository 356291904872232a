"""The routes behind the pages “Models” and “System”: services, logs, the machine, the catalog, downloads."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from api_app import ScriptedModel, make_settings, running_app
from embed_fake_hub import FakeHub
from embed_fake_hub import running as hub_running

from server.machine import parsed_gpus

FILES = {"config.json": b'{"architectures": ["BertModel"]}', "weights.bin": b"w" * 300_000}
SECRET = "hidden-for-ever"


@pytest.fixture
def settings(tmp_path: Path):
    return make_settings(
        tmp_path,
        ZHIWEN__PATHS__LOGS=str(tmp_path / "logs"),
        ZHIWEN__MODELS__EMBED='{"tiny": {"engine": "sentence-transformers", "repo": "org/tiny"}}',
        ZHIWEN__PROVIDERS__CLOUD__API_KEY=SECRET,
        ZHIWEN__PROVIDERS__CLOUD__BASE_URL="http://127.0.0.1:9/v1",
    )


@pytest.fixture
def client(settings):
    with running_app(settings, ScriptedModel()) as opened:
        opened.headers["Accept-Language"] = "en"
        yield opened


def test_without_a_launcher_nothing_is_said_of_other_services(client):
    data = client.get("/system/services").json()["data"]
    assert data == {"launcher": False, "services": [], "logs": []}


def test_services_have_state_uptime_memory_and_the_reason_of_a_failure(client, monkeypatch):
    import os

    known = {"model_name": "", "address": "http://127.0.0.1:1", "seconds": 1.5, "restarts": 2, "log": "api.log"}
    failure = {"en": "It died.", "zh": "已退出。"}

    async def services():
        return [
            {**known, "name": "api", "state": "ready", "pid": os.getpid(), "failure": None},
            {**known, "name": "webui", "state": "failed", "pid": None, "failure": failure},
        ]

    monkeypatch.setattr(client.app.state.container.model_states, "services", services)
    api, webui = client.get("/system/services").json()["data"]["services"]
    assert api["uptime_s"] > 0
    assert api["memory_mb"] > 10
    assert (webui["memory_mb"], webui["failure"], webui["restarts"]) == (0, "It died.", 2)


def test_the_end_of_a_log_and_of_no_other_file(client, settings):
    settings.paths.logs.mkdir()
    (settings.paths.logs / "api.log").write_text("\n".join(f"line {number}" for number in range(500)), "utf-8")
    (settings.paths.logs.parent / "outside.log").write_text("not yours", "utf-8")
    assert client.get("/system/logs/api", params={"lines": 2}).json()["data"]["lines"] == ["line 498", "line 499"]
    assert client.get("/system/services").json()["data"]["logs"] == ["api"]
    for name in ("outside", "..%2Foutside", "api.log", "nothing"):
        assert client.get(f"/system/logs/{name}").status_code == 404, name


def test_information_has_room_and_settings_but_no_secret(client):
    answer = client.get("/system/info")
    data = answer.json()["data"]
    assert {folder["name"] for folder in data["folders"]} == {"knowledge_base", "logs", "models"}
    assert 0 < data["memory_used_mb"] < data["memory_total_mb"]
    assert "[services.api]" in data["settings"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/system/services", "/system/info", "/system/logs/api"])
def test_the_system_is_for_administrators(tmp_path, path):
    with running_app(make_settings(tmp_path), ScriptedModel()) as opened:
        reader = opened.post("/keys", json={"name": "reader", "scope": "write"}).json()["data"]["key"]
        assert opened.get(path, headers={"Authorization": f"Bearer {reader}"}).status_code == 403


def test_gpus_are_read_from_what_the_driver_says():
    said = "NVIDIA H200, 37, 1024, 143771\nA, GPU, [N/A], 12, 4096\nNo devices were found\n"
    assert [(gpu.name, gpu.percent, gpu.used_mb, gpu.total_mb) for gpu in parsed_gpus(said)] == [
        ("NVIDIA H200", 37, 1024, 143771),
        ("A, GPU", None, 12, 4096),
    ]


def test_the_catalog_says_which_model_is_used_and_what_others_lack(client):
    entries = {(entry["kind"], entry["name"]): entry for entry in client.get("/llm_model/catalog").json()["data"]}
    used = entries["embed", "builtin-ngram"]
    assert (used["in_use"], used["rank"], used["available"]) == (True, 1, True)
    tiny = entries["embed", "tiny"]
    assert (tiny["available"], tiny["can_download"], tiny["bytes"]) == (False, True, None)
    assert "--download tiny" in tiny["reason"] or "needs" in tiny["reason"]


def finished(client) -> dict:
    return awaited(client, lambda one: one["state"] != "running")


def awaited(client, wanted: Callable[[dict], bool]) -> dict:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        [one] = client.get("/llm_model/downloads").json()["data"]
        if wanted(one):
            return one
        time.sleep(0.1)
    pytest.fail(f"still {one}")


@pytest.fixture
def hub(monkeypatch, settings, tmp_path):
    pytest.importorskip("huggingface_hub")
    with hub_running(FakeHub(FILES)) as made:
        for name, value in {
            "ZHIWEN__PATHS__MODELS": str(settings.paths.models),
            "ZHIWEN__MODELS__EMBED": json.dumps({"tiny": {"engine": "sentence-transformers", "repo": "org/tiny"}}),
            "ZHIWEN__MODELS__HUB": "huggingface",
            "HF_ENDPOINT": made.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield made


def test_a_model_is_fetched_in_the_background(client, hub, settings):
    began = client.post("/llm_model/download", json={"model_name": "tiny"}).json()["data"]
    assert began["state"] == "running"
    assert client.post("/llm_model/download", json={"model_name": "tiny"}).status_code == 409
    done = finished(client)
    assert (done["state"], done["total"]) == ("done", sum(map(len, FILES.values())))
    assert (settings.paths.models / "tiny" / "weights.bin").stat().st_size == 300_000
    # Without a new start: whoever makes a knowledge base may choose it.
    pytest.importorskip("sentence_transformers")
    embedders = client.get("/knowledge_base/formats").json()["data"]["embedders"]
    assert {one["name"]: one["available"] for one in embedders}["tiny"]


def test_a_failed_download_says_why_without_paths(client, settings, monkeypatch):
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(settings.paths.models))
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED", '{"tiny": {"engine": "sentence-transformers", "repo": "org/tiny"}}')
    monkeypatch.setenv("ZHIWEN__MODELS__HUB", "huggingface")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    client.post("/llm_model/download", json={"model_name": "tiny"})
    failed = finished(client)
    assert failed["state"] == "failed"
    assert "there is no connection" in failed["reason"]
    assert str(settings.paths.models) not in failed["reason"]


def test_a_download_can_be_cancelled(client, hub):
    client.post("/llm_model/download", json={"model_name": "tiny"})
    answer = client.post("/llm_model/cancel_download", json={"model_name": "tiny"})
    assert answer.json()["data"]["state"] == "cancelled"
    assert finished(client)["state"] == "cancelled"
    assert client.post("/llm_model/cancel_download", json={"model_name": "tiny"}).status_code == 404


def test_only_configured_models_are_fetched(client):
    answer = client.post("/llm_model/download", json={"model_name": "somebody/else"})
    assert (answer.status_code, answer.json()["data"]["error"]) == (404, "model_not_found")
