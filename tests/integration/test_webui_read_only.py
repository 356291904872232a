"""What a key may not do is no button that the API refuses: it is disabled, and says why."""

import pytest
from webui_fake_api import job_entry, running_fake_api
from webui_fake_documents import summary_entry
from webui_page import open_page

from webui_pages.state import Access

READER = Access(key="k", name="reader", scope="read", needed=True, asked=True)
LIMITED = Access(key="k", name="team", scope="write", needed=True, asked=True, knowledge_bases=frozenset({"samples"}))
READING = (
    "all_knowledge_bases",
    "open_",
    "check",
    "show_chunks",
    "chunk_page_of_",
    "retrieval_ask",
    "preview_",
    "found_open_",
)


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("webui_pages.components.documents.files._table", lambda ui, files: files[:1])
    with running_fake_api() as running:
        running.jobs = [job_entry(1, "a.md")]
        running.documents.summaries = [summary_entry("支持的文件格式.md")]
        yield running


def opened(api, access, **params):
    page = open_page(api, "knowledge_base", access=access)
    for name, value in params.items():
        page.query_params[name] = value
    return page.run()


@pytest.mark.parametrize("tab", ["", "files", "chunks", "retrieval", "summaries", "settings"])
def test_with_a_key_for_reading_what_writes_is_disabled_and_says_why(api, tab):
    page = opened(api, READER, **({"kb": "samples", "tab": tab} if tab else {}))
    assert not page.exception
    enabled = [one.key for one in page.button if not one.disabled and not str(one.key).startswith(READING)]
    assert enabled == []
    told = {one.help for one in page.button if one.disabled and one.key != "chunk_save"}
    assert told <= {"当前密钥只有只读权限（read），此操作需要 write 权限的密钥。"}
    assert told or tab == "retrieval"


@pytest.mark.parametrize("tab", ["files", "chunks", "summaries", "settings"])
def test_with_a_key_for_writing_nothing_of_that_is_disabled_by_it(api, tab):
    page = opened(api, LIMITED, kb="samples", tab=tab)
    assert [one.help for one in page.button if one.disabled and one.help] == []


def test_a_limited_key_makes_no_knowledge_base_beside_its_own(api):
    button = opened(api, LIMITED).button(key="new_knowledge_base")
    assert button.disabled
    assert "samples" in button.help
    del api.bases["samples"]
    assert not opened(api, LIMITED).button(key="new_knowledge_base").disabled
