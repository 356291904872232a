"""The search engines against loopback servers that answer like them, and everything that can go wrong."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from free_ports import free_port

from configs.settings import Settings, SettingsError, load_settings
from server.errors import (
    SearchEngineNotConfigured,
    SearchEngineUnknown,
    SearchFailed,
    SearchFoundNothing,
    SearchTimeout,
)
from server.search_engines.base import WebResult
from server.search_engines.catalog import SearchEngines
from server.search_engines.web_search import Found, WebSearch
from tests.integration.websearch_servers import Answer, Site, as_json, forward_proxy, silent_port, site

FIRST = WebResult("知问 发布", "https://example.com/1", "知问 1.0 发布了 & 可用。")
SECOND = WebResult("第二条", "https://example.com/2", "另一条结果。")
ITEM_1, ITEM_2 = (
    {"title": "<strong>知问</strong> 发布", "url": FIRST.url, "content": "<b>知问</b> 1.0 发布了 &amp; 可用。"},
    {"title": SECOND.title, "url": SECOND.url, "content": SECOND.snippet},
)


def renamed(**names: str) -> list[dict[str, str]]:
    """The two items with other names of their fields."""
    return [{names.get(key, key): value for key, value in item.items()} for item in (ITEM_1, ITEM_2)]


ANSWERS = {
    "searxng": {"results": [ITEM_1, ITEM_2], "unresponsive_engines": []},
    "bing": {"webPages": {"value": renamed(title="name", content="snippet")}},
    "brave": {"web": {"results": renamed(content="description")}},
    "tavily": {"results": [ITEM_1, ITEM_2]},
    "exa": {"results": renamed(content="text")},
    "bocha": {"code": 200, "data": {"webPages": {"value": renamed(title="name", content="summary")}}},
}
PATHS = {name: "/search" if name == "searxng" else "/api" for name in ANSWERS}


@pytest.fixture
def engine_site() -> Iterator[Site]:
    with site() as running:
        yield running


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    """Settings of search, `engines__bing__key` style."""
    for name, value in values.items():
        monkeypatch.setenv(f"ZHIWEN__SEARCH__{name.upper()}", str(value))
    return load_settings()


def pointed(monkeypatch: pytest.MonkeyPatch, running: Site, name: str, **values: str) -> Settings:
    """Settings in which an engine is played by a server."""
    url = running.url if name == "searxng" else f"{running.url}/api"
    return settings(monkeypatch, **{f"engines__{name}__url": url, f"engines__{name}__key": "k-123", **values})


def search(made: Settings, engine: str, query: str = "知问 发布", count: int = 3) -> Found:
    return asyncio.run(WebSearch(SearchEngines(made)).search(query, engine=engine, count=count))


@pytest.mark.parametrize("name", ANSWERS)
def test_results(monkeypatch: pytest.MonkeyPatch, engine_site: Site, name: str) -> None:
    engine_site.answers[PATHS[name]] = as_json(ANSWERS[name])
    found = search(pointed(monkeypatch, engine_site, name), name)
    assert (found.engine, found.results, found.notices) == (name, (FIRST, SECOND), ())
    assert search(load_settings(), name, count=1).results == (FIRST,)


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("bing", "ocp-apim-subscription-key", "k-123"),
        ("brave", "x-subscription-token", "k-123"),
        ("tavily", "authorization", "Bearer k-123"),
        ("exa", "x-api-key", "k-123"),
        ("bocha", "authorization", "Bearer k-123"),
    ],
)
def test_the_key_goes_where_the_engine_wants_it(
    monkeypatch: pytest.MonkeyPatch, engine_site: Site, name: str, header: str, value: str
) -> None:
    engine_site.answers["/api"] = as_json(ANSWERS[name])
    search(pointed(monkeypatch, engine_site, name), name)
    asked = engine_site.requests[0]
    assert asked.headers[header] == value
    assert "k-123" not in str(asked.query) + str(asked.body)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("searxng", {"q": "知问 发布", "format": "json", "language": "zh-CN", "safesearch": "2"}),
        ("bing", {"q": "知问 发布", "count": "3", "mkt": "zh-CN", "safeSearch": "Strict"}),
        ("brave", {"q": "知问 发布", "count": "3", "country": "CN", "search_lang": "zh-hans", "safesearch": "strict"}),
        ("tavily", {"query": "知问 发布", "max_results": 3}),
        ("exa", {"query": "知问 发布", "numResults": 3, "userLocation": "CN", "moderation": True}),
        ("bocha", {"query": "知问 发布", "count": 3, "summary": True}),
    ],
)
def test_region_and_safe_search(
    monkeypatch: pytest.MonkeyPatch, engine_site: Site, name: str, sent: dict[str, object]
) -> None:
    engine_site.answers[PATHS[name]] = as_json(ANSWERS[name])
    search(pointed(monkeypatch, engine_site, name, region="zh-CN", safe_search="strict"), name)
    asked = engine_site.requests[0]
    assert sent.items() <= (asked.body or asked.query).items()


def test_duckduckgo_gets_region_count_and_safe_search(monkeypatch: pytest.MonkeyPatch) -> None:
    import ddgs

    asked: dict[str, object] = {}

    class Fake:
        def __init__(self, **made):
            asked.update(made)

        def text(self, query, **how):
            asked.update(how, query=query)
            return [{"title": SECOND.title, "href": SECOND.url, "body": SECOND.snippet}]

    monkeypatch.setattr(ddgs, "DDGS", Fake)
    made = settings(monkeypatch, region="zh-CN", safe_search="strict", proxy="http://127.0.0.1:9", timeout_s="4")
    assert search(made, "duckduckgo").results == (SECOND,)
    assert asked == {
        "proxy": "http://127.0.0.1:9", "timeout": 4, "query": "知问 发布", "region": "cn-zh", "safesearch": "on",
        "max_results": 3, "backend": "duckduckgo",
    }  # fmt: skip


class TestNames:
    def test_unknown(self) -> None:
        with pytest.raises(SearchEngineUnknown, match="altavista"):
            search(load_settings(), "altavista")

    def test_bing_without_a_key_says_what_0_2_10_said(self) -> None:
        with pytest.raises(SearchEngineNotConfigured) as caught:
            search(load_settings(), "bing")
        assert caught.value.message("zh") == "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`"
        assert "BING_SUBSCRIPTION_KEY" in caught.value.message("en")

    @pytest.mark.parametrize(
        ("name", "setting"),
        [
            ("searxng", "search.engines.searxng.url"), ("brave", "BRAVE_API_KEY"), ("tavily", "TAVILY_API_KEY"),
            ("exa", "EXA_API_KEY"), ("metaphor", "EXA_API_KEY"), ("bocha", "BOCHA_API_KEY"),
        ],
    )  # fmt: skip
    def test_what_else_is_missing(self, name: str, setting: str) -> None:
        with pytest.raises(SearchEngineNotConfigured, match=setting):
            search(load_settings(), name)

    def test_metaphor_is_exa(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        engine_site.answers["/api"] = as_json(ANSWERS["exa"])
        assert search(pointed(monkeypatch, engine_site, "exa"), "metaphor").engine == "exa"

    def test_the_key_of_a_variable(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        monkeypatch.setenv("BING_SUBSCRIPTION_KEY", " from-environment ")
        engine_site.answers["/api"] = as_json(ANSWERS["bing"])
        search(settings(monkeypatch, engines__bing__url=f"{engine_site.url}/api"), "bing")
        assert engine_site.requests[0].headers["ocp-apim-subscription-key"] == "from-environment"

    def test_known_and_configured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = settings(monkeypatch, engines__tavily__key="k", engine="tavily")
        assert SearchEngines(made).configured() == ["tavily", "duckduckgo"]
        assert SearchEngines(made).known()[:3] == ["duckduckgo", "searxng", "bing"]

    @pytest.mark.parametrize(
        "values",
        [
            {"engine": "altavista"}, {"fallback": '["altavista"]'}, {"proxy": "127.0.0.1:7890"},
            {"proxy": "ftp://127.0.0.1:7890"}, {"region": "china"}, {"engines__altavista__url": "http://a"},
        ],
    )  # fmt: skip
    def test_a_typo_is_an_error_at_start(self, monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
        with pytest.raises(SettingsError):
            settings(monkeypatch, **values)


class TestFailures:
    """Each names the engine, the reason and the setting to change, in both languages."""

    @staticmethod
    def failure(made: Settings, engine: str, kind: type[Exception] = SearchFailed) -> str:
        with pytest.raises(kind) as caught:
            search(made, engine)
        zh, en = caught.value.message("zh"), caught.value.message("en")  # type: ignore[attr-defined]
        assert engine in zh
        assert engine in en
        assert "…" not in zh + en
        assert "k-123" not in zh + en
        return en

    @pytest.mark.parametrize(
        ("status", "said", "setting"),
        [
            (401, "refused the key", "search.engines.tavily.key"),
            (403, "refused the key", "search.engines.tavily.key"),
            (429, "HTTP 429", "search.engines.tavily.key"),
            (500, "HTTP 500", "search.engines.tavily.url"),
            (302, "HTTP 302", "search.engines.tavily.url"),
            (404, "HTTP 404", "search.engines.tavily.url"),
        ],
    )
    def test_status(
        self, monkeypatch: pytest.MonkeyPatch, engine_site: Site, status: int, said: str, setting: str
    ) -> None:
        engine_site.answers["/api"] = as_json({"error": "no"}, status)
        text = self.failure(pointed(monkeypatch, engine_site, "tavily"), "tavily")
        assert said in text
        assert setting in text

    @pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[1, 2]", b'{"results": '])
    def test_no_json(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site, body: bytes) -> None:
        engine_site.answers["/search"] = Answer(body)
        text = self.failure(pointed(monkeypatch, engine_site, "searxng"), "searxng")
        assert "JSON" in text
        assert "search.engines.searxng.url" in text

    def test_searxng_that_gives_no_json(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        engine_site.answers["/search"] = Answer(b"Forbidden", 403)
        assert "search.formats" in self.failure(pointed(monkeypatch, engine_site, "searxng"), "searxng")

    def test_bochas_own_codes(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        engine_site.answers["/api"] = as_json({"code": "403", "message": "no money"})
        assert "403" in self.failure(pointed(monkeypatch, engine_site, "bocha"), "bocha")

    def test_nobody_listens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = settings(monkeypatch, engines__searxng__url=f"http://127.0.0.1:{free_port()}")
        assert "search.engines.searxng.url" in self.failure(made, "searxng")

    def test_bad_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = settings(monkeypatch, engines__searxng__url="htp://nowhere")
        assert "search.engines.searxng.url" in self.failure(made, "searxng")

    def test_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with silent_port() as port:
            made = settings(monkeypatch, engines__searxng__url=f"http://127.0.0.1:{port}", timeout_s="0.4")
            began = time.monotonic()
            text = self.failure(made, "searxng", SearchTimeout)
        assert "0.4 s" in text
        assert "search.proxy" in text
        assert time.monotonic() - began < 30

    def test_dripping_answers_count_as_silence(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        engine_site.answers["/search"] = Answer(b"x" * 100, drip_s=0.4)
        made = pointed(monkeypatch, engine_site, "searxng", timeout_s="0.5")
        began = time.monotonic()
        self.failure(made, "searxng", SearchTimeout)
        assert time.monotonic() - began < 30

    @pytest.mark.parametrize("results", [[], [{"title": "x"}], [{"url": "javascript:1"}], ["x"], None])
    def test_nothing_found(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site, results: object) -> None:
        engine_site.answers["/search"] = as_json({"results": results})
        self.failure(pointed(monkeypatch, engine_site, "searxng"), "searxng", SearchFoundNothing)

    def test_duckduckgo_on_a_closed_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`ddgs` itself, through a proxy nobody serves: what a machine without a way out gives, on any machine."""
        made = settings(monkeypatch, proxy=f"http://127.0.0.1:{free_port()}", timeout_s="60")
        began = time.monotonic()
        assert "search.proxy" in self.failure(made, "duckduckgo")
        assert time.monotonic() - began < 60

    def test_duckduckgo_that_swallows_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with silent_port() as port:
            made = settings(monkeypatch, proxy=f"http://127.0.0.1:{port}", timeout_s="1")
            began = time.monotonic()
            assert "mainland China" in self.failure(made, "duckduckgo", SearchTimeout)
        assert time.monotonic() - began < 30

    @pytest.mark.parametrize(
        ("kind", "text", "said"),
        [
            ("RatelimitException", "202 Ratelimit", "too often"),
            ("DDGSException", "DNSError: no records found", "off line"),
            ("DDGSException", "ConnectError: refused", "mainland China"),
        ],
    )
    def test_what_duckduckgo_says(self, monkeypatch: pytest.MonkeyPatch, kind: str, text: str, said: str) -> None:
        self.play_ddgs(monkeypatch, kind, text)
        message = self.failure(load_settings(), "duckduckgo")
        assert said in message
        assert "search.proxy" in message

    def test_duckduckgo_without_results(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.play_ddgs(monkeypatch, "DDGSException", "No results found.")
        assert "robot" in self.failure(load_settings(), "duckduckgo", SearchFoundNothing)

    @staticmethod
    def play_ddgs(monkeypatch: pytest.MonkeyPatch, kind: str, text: str) -> None:
        import ddgs
        import ddgs.exceptions

        def raising(*_, **__):
            raise getattr(ddgs.exceptions, kind)(text)

        monkeypatch.setattr(ddgs.DDGS, "text", raising)


class TestProxy:
    def test_requests_pass_through_it(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        engine_site.answers["/search"] = as_json(ANSWERS["searxng"])
        with forward_proxy() as proxy:
            made = pointed(monkeypatch, engine_site, "searxng", proxy=proxy.url)
            assert search(made, "searxng").results == (FIRST, SECOND)
        assert [request.path.startswith(f"{engine_site.url}/search?") for request in proxy.requests] == [True]

    def test_https_goes_by_connect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with forward_proxy() as proxy:
            made = settings(monkeypatch, proxy=proxy.url, engines__tavily__key="k-123")
            text = TestFailures.failure(made, "tavily")
        assert [(request.method, request.path) for request in proxy.requests] == [("CONNECT", "api.tavily.com:443")]
        assert "proxy" in text

    def test_one_that_wants_a_password(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        with forward_proxy(status=407) as proxy:
            text = TestFailures.failure(pointed(monkeypatch, engine_site, "searxng", proxy=proxy.url), "searxng")
        assert "password" in text
        assert "search.proxy" in text

    def test_one_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> None:
        proxy = f"http://user:pass-word@127.0.0.1:{free_port()}"
        text = TestFailures.failure(pointed(monkeypatch, engine_site, "searxng", proxy=proxy), "searxng")
        assert "search.proxy" in text
        assert "pass-word" not in text
        assert engine_site.requests == []

    def test_its_password_is_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = settings(monkeypatch, proxy="http://user:pass-word@127.0.0.1:9")
        engines = SearchEngines(made)
        assert "pass-word" not in repr(made) + repr(engines.get("duckduckgo"))


class TestFallback:
    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch, engine_site: Site) -> Settings:
        engine_site.answers["/api"] = as_json(ANSWERS["tavily"])
        url = f"http://127.0.0.1:{free_port()}"
        fallback = '["bing", "searxng", "tavily"]'
        return pointed(monkeypatch, engine_site, "tavily", engines__searxng__url=url, fallback=fallback)

    def test_the_next_one_that_answers_is_named(self, made: Settings) -> None:
        found = search(made, "searxng")
        assert (found.engine, found.results) == ("tavily", (FIRST, SECOND))
        (notice,) = found.notices
        assert notice.code == "search_engine_replaced"
        assert (notice.detail["name"], notice.detail["replacement"]) == ("searxng", "tavily")
        assert "search.engines.searxng.url" in notice.detail["reason_en"]

    def test_one_that_works_is_not_replaced(self, made: Settings) -> None:
        assert search(made, "tavily").notices == ()

    def test_the_first_reason_is_told_when_all_fail(self, made: Settings, engine_site: Site) -> None:
        engine_site.answers["/api"] = as_json({}, 500)
        with pytest.raises(SearchFailed, match="searxng"):
            search(made, "searxng")

    def test_a_missing_key_is_told_rather_than_replaced(self, made: Settings) -> None:
        with pytest.raises(SearchEngineNotConfigured):
            search(made, "bing")
