"""Hostile names and texts on every route that takes one: nothing outside is read, made or deleted, and no 500."""

import json
import re
from urllib.parse import quote

import pytest
from guard_app import fill, guarded_app

SECRET = "the-secret-outside-7f3a"
SNAPSHOT_SKIPS = ("info.db", ".cache")
TRAVERSALS = {
    "raw": "../secret",
    "deep": "../../../../../../etc/passwd",
    "inside": "samples/../../secret",
    "encoded": "..%2Fsecret",
    "encoded-dots": "%2e%2e%2fsecret",
    "double-encoded": "..%252fsecret",
    "double-encoded-dots": "%252e%252e%252fsecret",
    "overlong": "..%c0%afsecret",
    "absolute": "/etc/passwd",
    "absolute-windows": "C:\\Windows\\win.ini",
    "unc": "\\\\server\\share",
    "backslash": "..\\secret",
    "nul": "samples\x00.txt",
    "nul-suffix": "../secret\x00",
    "dots": "..",
    "dot": ".",
    "hidden": ".incoming",
    "device": "CON",
    "database": "info.db",
    "fullwidth": "．．／secret",
    "url": "file:///etc/passwd",
}
INJECTIONS = {
    "template": "{{1337*7331}}",
    "format": "{0.__class__.__init__.__globals__}",
    "percent": "%(asctime)s%n%n",
    "dollar": "${jndi:ldap://127.0.0.1/x}",
    "sql": "'; DROP TABLE file; --",
    "sql-or": "' OR '1'='1",
    "sql-wildcard": "%",
    "sql-underscore": "_______",
    "html": "<script>alert(1)</script>",
    "markdown": "](javascript:alert(1))[",
    "newline": "samples\r\nX-Injected: 1",
    "surrogate": "\ud83d",
    "rtl": "\u202esamples",
    "long": "长" * 5000,
}
NAMES = {**TRAVERSALS, **INJECTIONS}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def client(place):
    (place / "secret").write_text(SECRET)
    (place / "kb" / "secret").parent.mkdir(exist_ok=True)
    with guarded_app(place) as client:
        fill(client, "samples")
        yield client


def names_kb(name):
    """Requests that name a knowledge base, in each way a name can travel."""
    in_json = {"knowledge_base_name": name, "query": "保修期"}
    yield "POST", "/knowledge_base/create_knowledge_base", {"json": in_json}
    yield "POST", "/knowledge_base/delete_knowledge_base", {"json": name}
    yield "POST", "/knowledge_base/update_info", {"json": {**in_json, "kb_info": "x"}}
    yield "POST", "/knowledge_base/update_settings", {"json": in_json}
    yield "POST", "/knowledge_base/search_docs", {"json": in_json}
    yield "POST", "/knowledge_base/search", {"json": {"knowledge_base_names": [name], "query": "保修期"}}
    yield "POST", "/knowledge_base/recreate_vector_store", {"json": {**in_json, "allow_empty_kb": False}}
    yield "POST", "/knowledge_base/delete_docs", {"json": {**in_json, "file_names": ["guide.txt"]}}
    yield "POST", "/knowledge_base/update_docs", {"json": {**in_json, "file_names": ["guide.txt"]}}
    yield "POST", "/knowledge_base/update_docs_by_id", {"json": {**in_json, "docs": {}}}
    yield "POST", "/knowledge_base/retry_failed", {"json": in_json}
    yield "POST", "/knowledge_base/kb_summary_api/summary_file_to_vector_store", {"json": {**in_json, "file_name": "a"}}
    yield "POST", "/chat/knowledge_base_chat", {"json": in_json}
    yield "POST", "/chat/kb_chat", {"json": {**in_json, "kb_name": name}}
    yield "POST", "/v1/chat/completions", {"json": {"model": f"kb:{name}", "messages": [said("保修期")]}}
    yield (
        "POST",
        f"/knowledge_base/local_kb/{quote(name, safe='', errors='replace')}/chat/completions",
        {"json": {"messages": [said("保修期")]}},
    )
    yield "POST", "/knowledge_base/upload_docs", {"data": {"knowledge_base_name": name}, "files": [file("a.txt")]}
    yield "GET", "/knowledge_base/list_files", {"params": {"knowledge_base_name": name}}
    yield "GET", "/knowledge_base/details", {"params": {"knowledge_base_name": name}}
    yield "GET", "/knowledge_base/chunks", {"params": {"knowledge_base_name": name}}
    yield "GET", "/knowledge_base/jobs", {"params": {"knowledge_base_name": name}}
    yield "GET", "/knowledge_base/download_doc", {"params": {"knowledge_base_name": name, "file_name": "guide.txt"}}


def names_file(name):
    """Requests that name a file, or something that is looked up by a name."""
    kb = {"knowledge_base_name": "samples"}
    yield "GET", "/knowledge_base/download_doc", {"params": {**kb, "file_name": name}}
    yield "GET", "/knowledge_base/chunks", {"params": {**kb, "file_name": name}}
    yield "POST", "/knowledge_base/delete_docs", {"json": {**kb, "file_names": [name], "delete_content": True}}
    yield "POST", "/knowledge_base/update_docs", {"json": {**kb, "file_names": [name]}}
    yield (
        "POST",
        "/knowledge_base/update_docs",
        {"json": {**kb, "file_names": [name], "docs": json.dumps({name: [{"page_content": "x"}]})}},
    )
    yield "POST", "/knowledge_base/search_docs", {"json": {**kb, "file_name": name}}
    yield "POST", "/knowledge_base/chunks", {"json": {**kb, "file_name": name, "text": "x"}}
    yield "POST", "/knowledge_base/kb_summary_api/summary_file_to_vector_store", {"json": {**kb, "file_name": name}}
    yield "POST", "/knowledge_base/search_temp_docs", {"json": {"knowledge_id": name, "query": "x"}}
    yield "POST", "/knowledge_base/delete_temp_docs", {"json": {"knowledge_id": name}}
    yield "POST", "/chat/file_chat", {"json": {"knowledge_id": name, "query": "x"}}
    yield "POST", "/chat/chat", {"json": {"query": "x", "prompt_name": name}}
    yield "POST", "/chat/chat", {"json": {"query": "x", "model_name": name}}
    yield "POST", "/chat/chat", {"json": {"query": name}}
    yield "POST", "/server/get_prompt_template", {"json": {"type": "llm_chat", "name": name}}
    yield "POST", "/llm_model/get_model_config", {"json": {"model_name": name}}
    yield "GET", f"/conversations/{quote(name, safe='', errors='replace')}/messages", {}
    yield "POST", "/tools/call", {"json": {"name": name, "arguments": {}}}
    yield "POST", f"/keys/{quote(name, safe='', errors='replace')}/revoke", {}


def said(text):
    return {"role": "user", "content": text}


def file(name):
    return ("files", (name, b"text", "text/plain"))


def request(client, method, path, options):
    """A body with half a surrogate pair is legal JSON, and no form or query can hold one."""
    if "json" in options:
        content = json.dumps(options["json"]).encode()
        return client.request(method, path, content=content, headers={"Content-Type": "application/json"})
    cleaned = json.loads(
        json.dumps({key: options[key] for key in ("params", "data") if key in options}).replace("\\ud83d", "?")
    )
    return client.request(method, path, **cleaned, **({"files": options["files"]} if "files" in options else {}))


SHELF = re.compile(r"kb/\.dropped(/tmp[0-9a-f]{32}(/store\.json|/[0-9a-f]+\.npz)?)?")
"""Where dropped files are kept: only under names that the service gives itself."""


def outside(place):
    """Everything on disk that no request may touch."""
    kept = place / "kb" / "samples" / "content" / "guide.txt"
    every = {path.relative_to(place).as_posix() for path in place.rglob("*") if "samples" not in path.parts}
    touched = {each for each in every if not any(skip in each for skip in SNAPSHOT_SKIPS)}
    return {each for each in touched if not SHELF.fullmatch(each)}, kept.read_bytes()


def check(answer, label):
    assert answer.status_code < 500 or answer.status_code in (502, 503, 504), (label, answer.text[:300])
    assert SECRET not in answer.text, label
    assert "root:" not in answer.text, label
    assert "x-injected" not in answer.headers, label


@pytest.mark.parametrize("kind", sorted(TRAVERSALS))
def test_no_traversal_gets_through(client, place, kind):
    name, before = TRAVERSALS[kind], outside(place)
    for method, path, options in (*names_kb(name), *names_file(name)):
        check(request(client, method, path, options), (kind, path))
    made = client.get("/knowledge_base/list_knowledge_bases").json()["data"]
    for each in made:
        if each != "samples":
            # Percent signs are ordinary characters: such a knowledge base is a folder of that very name.
            assert "%" in each or each == "secret" or "．" in each, each
            client.post("/knowledge_base/delete_knowledge_base", json=each)
    assert outside(place) == before


@pytest.mark.parametrize("kind", sorted(INJECTIONS))
def test_no_injection_is_carried_out(client, place, kind):
    name, before = INJECTIONS[kind], outside(place)
    for method, path, options in (*names_kb(name), *names_file(name)):
        answer = request(client, method, path, options)
        check(answer, (kind, path))
        assert "9801547" not in answer.text, path
        assert "__builtins__" not in answer.text, path
    for each in client.get("/knowledge_base/list_knowledge_bases").json()["data"]:
        if each != "samples":
            client.post("/knowledge_base/delete_knowledge_base", json=each)
    assert outside(place) == before
    assert client.get("/knowledge_base/list_files", params={"knowledge_base_name": "samples"}).json()["data"]


UPLOADED = [*TRAVERSALS, *INJECTIONS]


@pytest.mark.parametrize("kind", UPLOADED)
@pytest.mark.parametrize("path", ["/knowledge_base/upload_docs", "/knowledge_base/upload_temp_docs"])
def test_uploads_stay_in_their_folder(client, place, kind, path):
    name = f"{NAMES[kind]}.txt".encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace('"', "%22")
    before = outside(place)[0]
    content = b"\r\n".join(
        [
            b"--edge",
            b'Content-Disposition: form-data; name="knowledge_base_name"',
            b"",
            b"samples",
            b"--edge",
            b'Content-Disposition: form-data; name="files"; filename="'
            + name.replace("\r", "").replace("\n", "").encode()
            + b'"',
            b"",
            b"text of an upload",
            b"--edge--",
            b"",
        ]
    )
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    check(client.post(path, content=content, headers=headers), (kind, path))
    assert outside(place)[0] == before


@pytest.mark.parametrize("kind", sorted(TRAVERSALS))
def test_paths_of_the_server_lead_nowhere(client, kind):
    name = TRAVERSALS[kind]
    for prefix in ("/", "/static-offline-docs/", "/knowledge_base/download_doc/"):
        check(client.get(prefix + quote(name, safe="/%")), (kind, prefix))


def test_the_cases_are_many():
    assert len(NAMES) * (len([*names_kb("x")]) + len([*names_file("x")]) + 2) + 3 * len(TRAVERSALS) > 200


ELSEWHERE = ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:22", "file:///etc/passwd", "http://[::1]:1"]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("route", ["list_running_models", "list_config_models", "stop", "change", "get_model_config"])
def test_no_address_of_a_request_is_called(client, address, route, monkeypatch):
    called = []
    monkeypatch.setattr("socket.socket.connect", lambda _, to: called.append(to) or (_ for _ in ()).throw(OSError()))
    body = {"controller_address": address, "model_name": "m", "new_model_name": "n"}
    answer = client.post(f"/llm_model/{route}", json=body)
    check(answer, (route, address))
    assert all(to[0] == "127.0.0.1" and to[1] == 1 for to in called), called
