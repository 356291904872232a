"""From a question to passages of web pages: a loopback SearXNG, loopback pages, the real ranking."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from free_ports import free_port

from configs.settings import load_settings
from server.chat.grounds import Found
from server.chat.web import WebFinder
from server.errors import SearchFailed, SearchFoundNothing
from server.fetching.fetcher import Fetcher
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.ranking import TextRanker
from server.llm.catalog import choose_embedder
from server.search_engines.catalog import SearchEngines
from server.search_engines.web_search import WebSearch
from tests.integration.websearch_servers import Answer, Site, as_json, site

QUESTION = "知问的保修期是多久？"
FILLER = "本页还有许多别的内容，与用户的提问没有任何关系。" * 60
LATE_S = 60
"""A page that comes too late for the test's time limit, which leaves a busy machine room."""
WARRANTY = "保修期为购买之日起二十四个月，凭发票办理。"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that is SearXNG and three pages at once."""
    with site() as running:
        monkeypatch.setenv("ZHIWEN__SEARCH__ENGINE", "searxng")
        monkeypatch.setenv("ZHIWEN__SEARCH__ENGINES__SEARXNG__URL", running.url)
        monkeypatch.setenv("ZHIWEN__FETCHING__ALLOW_PRIVATE", f'["{running.address}"]')
        running.answers["/search"] = as_json(
            {
                "results": [
                    {"title": "天气", "url": f"{running.url}/weather", "content": "今天晴，气温二十度。"},
                    {"title": "售后说明", "url": f"{running.url}/service", "content": "关于售后的说明。"},
                    {"title": "招聘", "url": f"{running.url}/jobs", "content": "我们正在招聘工程师。"},
                ]
            }
        )
        running.answers["/weather"] = Answer("<p>今天晴，气温二十度，适合出行。</p>".encode())
        running.answers["/service"] = Answer(
            f"<html><body><nav>首页</nav><main><p>{FILLER}</p><p>知问的{WARRANTY}</p></main></body></html>".encode()
        )
        running.answers["/jobs"] = Answer("<p>我们正在招聘工程师，请投简历。</p>".encode())
        yield running


def find(question: str = QUESTION, **how) -> Found:
    settings = load_settings()
    ranker = TextRanker(Embedders(settings, choose_embedder(settings, "builtin-ngram")), settings.retrieval.candidates)
    finder = WebFinder(settings, WebSearch(SearchEngines(settings)), Fetcher.of(settings), ranker)
    return asyncio.run(finder.find(question, **how))


def test_each_page_gives_its_best_passage_in_the_engines_order(web: Site) -> None:
    hits = find().hits
    assert [hit.chunk.file for hit in hits] == ["天气", "售后说明", "招聘"]
    assert WARRANTY in hits[1].chunk.text
    assert len(hits[1].chunk.text) <= 800
    assert hits[1].relevance > 0.5 > hits[2].relevance
    assert all(0 <= hit.relevance <= 1 for hit in hits)
    assert (hits[1].chunk.knowledge_base, hits[1].chunk.meta["url"]) == ("", f"{web.url}/service")
    assert hits[1].chunk.meta["engine"] == "searxng"


def test_split_results_are_the_best_passages_of_all_pages(web: Site) -> None:
    hits = find(split_result=True, top_k=2).hits
    assert len(hits) == 2
    assert WARRANTY in hits[0].chunk.text
    assert len(hits[0].chunk.text) <= 250
    assert hits[0].relevance >= hits[1].relevance
    assert len({hit.chunk.id for hit in hits}) == 2


def test_top_k_counts_results(web: Site) -> None:
    assert [hit.chunk.file for hit in find(top_k=1).hits] == ["天气"]
    assert web.requests[-1].path == "/weather"


def test_without_fetching_only_the_engine_is_asked(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__SEARCH__FETCH_PAGES", "false")
    hits = find().hits
    assert [hit.chunk.text for hit in hits] == ["今天晴，气温二十度。", "关于售后的说明。", "我们正在招聘工程师。"]
    assert [request.path for request in web.requests] == ["/search"]


def test_only_so_many_pages_are_read(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__SEARCH__MAX_PAGES", "1")
    assert len(find().hits) == 3
    assert [request.path for request in web.requests] == ["/search", "/weather"]


@pytest.mark.parametrize(
    "broken",
    [
        Answer(b"gone", 404), Answer(b"late", wait_s=LATE_S), Answer(b"%PDF", content_type="application/pdf"),
        Answer(b"<script>render()</script>"), Answer(status=302, headers={"Location": "http://127.0.0.9/"}),
    ],
)  # fmt: skip
def test_a_page_that_fails_is_stood_in_for_by_its_snippet(
    web: Site, broken: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIWEN__FETCHING__TIMEOUT_S", "2")
    web.answers["/service"] = broken
    began = time.monotonic()
    hits = find().hits
    assert hits[1].chunk.text == "关于售后的说明。"
    assert time.monotonic() - began < LATE_S


def test_a_page_that_only_asks_to_log_in_does_not_hide_the_snippet(web: Site) -> None:
    web.answers["/search"] = as_json(
        {"results": [{"title": "售后", "url": f"{web.url}/service", "content": f"知问的{WARRANTY}"}]}
    )
    web.answers["/service"] = Answer("<p>请先登录后查看全部内容。</p>".encode())
    assert find().hits[0].chunk.text == f"知问的{WARRANTY}"


def test_a_result_without_any_text_is_its_title(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__SEARCH__FETCH_PAGES", "false")
    web.answers["/search"] = as_json({"results": [{"title": "只有标题", "url": f"{web.url}/x"}]})
    assert find().hits[0].chunk.text == "只有标题"


def test_pages_are_read_side_by_side(web: Site) -> None:
    for path in ("/weather", "/service", "/jobs"):
        web.answers[path] = Answer("<p>慢慢来的一页。</p>".encode(), wait_s=5)
    began = time.monotonic()
    assert len(find(split_result=True, top_k=6).hits) == 6
    assert time.monotonic() - began < 14, "one after the other would take fifteen seconds"
    assert {request.path for request in web.requests} == {"/search", "/weather", "/service", "/jobs"}


def test_pages_in_the_network_are_not_read_for_an_engine(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__FETCHING__ALLOW_PRIVATE", "[]")
    assert find().hits[1].chunk.text == "关于售后的说明。"
    assert [request.path for request in web.requests] == ["/search"]


def test_a_replaced_engine_is_a_notice(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__SEARCH__FALLBACK", '["searxng"]')
    monkeypatch.setenv("ZHIWEN__SEARCH__ENGINES__TAVILY__KEY", "k")
    monkeypatch.setenv("ZHIWEN__SEARCH__ENGINES__TAVILY__URL", f"http://127.0.0.1:{free_port()}")
    found = find(engine="tavily")
    assert [notice.code for notice in found.notices] == ["search_engine_replaced"]
    assert found.hits[0].chunk.meta["engine"] == "searxng"


def test_failures_are_raised(web: Site) -> None:
    web.answers["/search"] = as_json({"results": []})
    with pytest.raises(SearchFoundNothing):
        find()
    web.answers["/search"] = as_json({}, 500)
    with pytest.raises(SearchFailed):
        find()


class TestRanking:
    @staticmethod
    def rank(question: str, texts: list[str], candidates: int = 50):
        settings = load_settings()
        return TextRanker(Embedders(settings, choose_embedder(settings, "builtin-ngram")), candidates)(question, texts)

    def test_best_first_with_places(self) -> None:
        ranked = self.rank("保修期多久", ["今天晴", WARRANTY, "招聘"])
        assert ranked[0].id == 1
        assert {each.id for each in ranked} == {0, 1, 2}
        assert ranked[0].relevance > 0.5

    def test_nothing(self) -> None:
        assert self.rank("问", []) == []

    def test_only_the_best_by_words_are_embedded(self) -> None:
        ranked = self.rank("保修期多久", ["今天晴"] * 5 + [WARRANTY], candidates=2)
        assert ranked[0].id == 5
        assert len(ranked) == 2
