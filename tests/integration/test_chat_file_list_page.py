"""The list of files on the chat page: a source like any other, but one that offers nothing to download."""

from datetime import datetime, timezone

from webui_fake_api import running_fake_api
from webui_page import open_page, texts

from server.api.sources import sources_of
from server.chat.file_list import file_list
from server.knowledge_base.ledger import FileInfo

QUESTION = "这个知识库里有哪些文件？"
FILES = [FileInfo(f"{n:02}_*规定*.pdf", "ready", 2048, 3, datetime(2026, 1, 1, tzinfo=timezone.utc)) for n in range(30)]


def test_the_list_opens_whole_and_offers_no_download():
    listed = file_list(QUESTION, {"samples": FILES})
    (source,) = sources_of([listed], QUESTION, "http://127.0.0.1:7861")
    with running_fake_api() as api:
        api.sources[:] = [source.model_dump()]
        page = open_page(api, "chat")
        page.chat_input(key="question").set_value(QUESTION).run()
        assert r"**\[1\] 文件清单**" in texts(page)
        assert "29\\_" not in texts(page)
        page.button(key="open_0_1").click().run()
        assert not page.exception
        assert "29\\_\\*规定\\*.pdf" in texts(page).replace("\\.", ".")
        assert "passage_download" not in {
            button.key for kind in ("button", "download_button") for button in page.get(kind)
        }
        assert not [where for where, _, _ in api.requests if "chunks" in where or "page_image" in where]
