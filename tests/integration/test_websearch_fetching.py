"""Fetching from a loopback site: redirects, limits, encodings, proxies, and what people read on a page."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Iterator

import pytest
from free_ports import free_port

from configs.settings import load_settings
from server.errors import FetchFailed, MissingDependency, UrlRefused
from server.fetching.addresses import Allowed
from server.fetching.fetcher import Fetcher, Limits, Page
from server.fetching.text import page_text
from tests.integration.websearch_servers import Answer, Site, forward_proxy, silent_port, site

LIMITS = Limits(timeout_s=2, max_bytes=10_000)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as running:
        yield running


def fetch(web: Site, path: str = "/", *, limits: Limits = LIMITS, proxy: str = "", allowed: str = "") -> Page:
    fetcher = Fetcher(Allowed.of([allowed or web.address]), limits, proxy=proxy, user_agent="Zhiwen-Test")
    return asyncio.run(fetcher.fetch(path if "://" in path else web.url + path))


def test_a_page(web: Site) -> None:
    web.answers["/a"] = Answer("知问".encode())
    page = fetch(web, "/a?x=1#there")
    assert (page.status, page.body.decode(), page.url) == (200, "知问", f"{web.url}/a?x=1#there")
    asked = web.requests[0]
    assert (asked.headers["host"], asked.headers["user-agent"]) == (web.address, "Zhiwen-Test")
    assert "cookie" not in asked.headers


def test_it_is_refused_unless_the_settings_allow_it(web: Site) -> None:
    web.answers["/"] = Answer(b"secret")
    with pytest.raises(UrlRefused, match=r"fetching\.allow_private"):
        asyncio.run(Fetcher.of(load_settings()).fetch(web.url))
    assert web.requests == []


def test_the_settings_reach_the_fetcher(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__FETCHING__ALLOW_PRIVATE", f'["{web.address}"]')
    monkeypatch.setenv("ZHIWEN__FETCHING__MAX_MB", "0.001")
    web.answers.update({"/": Answer(b"x" * 1000), "/large": Answer(b"x" * 1001)})
    fetcher = Fetcher.of(load_settings())
    assert len(asyncio.run(fetcher.fetch(web.url)).body) == 1000
    with pytest.raises(FetchFailed, match=r"0\.001 MB"):
        asyncio.run(fetcher.fetch(f"{web.url}/large"))


class TestTheCheckedAddressIsUsed:
    """A name that points elsewhere a moment later (DNS rebinding) reaches nothing else."""

    def test_only_once_resolved(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        web.answers["/"] = Answer(b"ok")
        port = int(web.address.rpartition(":")[2])
        lookups: list[str] = []

        async def getaddrinfo(self, host, port, **_):
            lookups.append(str(host))
            if len(lookups) > 1:
                raise AssertionError("looked up again")
            return [(0, 0, 0, "", ("127.0.0.1", port))]

        monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
        page = fetch(web, f"http://site.example:{port}/", allowed="127.0.0.0/8")
        assert page.body == b"ok"
        assert lookups == ["site.example"]
        assert web.requests[0].headers["host"] == f"site.example:{port}"

    def test_the_next_address_when_one_is_dead(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        web.answers["/"] = Answer(b"ok")
        port = int(web.address.rpartition(":")[2])

        async def getaddrinfo(self, host, port, **_):
            return [(0, 0, 0, "", (address, port)) for address in ("::1", "127.0.0.1")]

        monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
        assert fetch(web, f"http://site.example:{port}/", allowed=f"site.example:{port}").body == b"ok"


class TestRedirects:
    def test_are_followed(self, web: Site) -> None:
        web.answers["/1"] = Answer(status=301, headers={"Location": "/deep/2?q=%E4%B8%80"})
        web.answers["/deep/2"] = Answer(status=307, headers={"Location": "3"})
        web.answers["/deep/3"] = Answer(b"end")
        page = fetch(web, "/1")
        assert (page.body, page.url) == (b"end", f"{web.url}/deep/3")

    def test_five_at_most(self, web: Site) -> None:
        for number in range(7):
            web.answers[f"/{number}"] = Answer(status=302, headers={"Location": f"/{number + 1}"})
        web.answers["/7"] = Answer(b"end")
        assert fetch(web, "/2").body == b"end"
        with pytest.raises(FetchFailed, match="5 times"):
            fetch(web, "/1")

    @pytest.mark.parametrize(
        "target",
        ["http://127.0.0.2:1/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/", "//10.0.0.1/x"],
    )
    def test_each_is_checked_again(self, web: Site, target: str) -> None:
        web.answers["/"] = Answer(status=302, headers={"Location": target})
        with pytest.raises(UrlRefused):
            fetch(web)

    def test_to_another_port_of_the_same_host(self, web: Site) -> None:
        with site() as other:
            other.answers["/"] = Answer(b"secret")
            web.answers["/"] = Answer(status=302, headers={"Location": other.url})
            with pytest.raises(UrlRefused):
                fetch(web)
        assert other.requests == []


class TestLimits:
    def test_size(self, web: Site) -> None:
        web.answers["/"] = Answer(b"x" * 10_001)
        with pytest.raises(FetchFailed, match=r"fetching\.max_mb"):
            fetch(web)

    def test_an_endless_body_is_not_read_to_its_end(self, web: Site) -> None:
        web.answers["/"] = Answer(b"x" * 50_000_000)
        began = time.monotonic()
        with pytest.raises(FetchFailed, match="larger"):
            fetch(web)
        assert time.monotonic() - began < 30

    @pytest.mark.parametrize("packing", ["gzip", "deflate"])
    def test_packed_bombs(self, web: Site, packing: str) -> None:
        packed = gzip.compress(bytes(50_000_000)) if packing == "gzip" else zlib.compress(bytes(50_000_000))
        web.answers["/"] = Answer(packed, headers={"Content-Encoding": packing})
        with pytest.raises(FetchFailed, match="larger"):
            fetch(web)

    def test_packed_pages(self, web: Site) -> None:
        web.answers["/"] = Answer(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
        assert fetch(web).body == b"hello"

    @pytest.mark.parametrize("packing", ["gzip", "br"])
    def test_packed_wrongly(self, web: Site, packing: str) -> None:
        web.answers["/"] = Answer(b"this is not packed", headers={"Content-Encoding": packing})
        with pytest.raises(FetchFailed):
            fetch(web)

    @pytest.mark.parametrize("slow", [Answer(b"late", wait_s=60), Answer(b"x" * 100, drip_s=0.4)])
    def test_time(self, web: Site, slow: Answer) -> None:
        web.answers["/"] = slow
        began = time.monotonic()
        with pytest.raises(FetchFailed, match=r"0\.5 s"):
            fetch(web, limits=Limits(timeout_s=0.5, max_bytes=1000))
        assert time.monotonic() - began < 30

    def test_silence(self, web: Site) -> None:
        with silent_port() as port, pytest.raises(FetchFailed):
            fetch(web, f"http://127.0.0.1:{port}", allowed="127.0.0.1", limits=Limits(timeout_s=0.5, max_bytes=9))

    @pytest.mark.parametrize("kind", ["image/png", "application/pdf", "application/octet-stream", "video/mp4"])
    def test_content_types(self, web: Site, kind: str) -> None:
        web.answers["/"] = Answer(b"x", content_type=kind)
        with pytest.raises(FetchFailed, match=kind):
            fetch(web)

    @pytest.mark.parametrize("status", [403, 404, 500, 304])
    def test_status(self, web: Site, status: int) -> None:
        web.answers["/"] = Answer(b"", status=status)
        if status == 304:
            assert fetch(web).status == 304
        else:
            with pytest.raises(FetchFailed, match=f"HTTP {status}"):
                fetch(web)

    def test_nobody_listens(self, web: Site) -> None:
        with pytest.raises(FetchFailed, match="no connection"):
            fetch(web, f"http://127.0.0.1:{free_port()}", allowed="127.0.0.1")


class TestProxy:
    def test_pages_come_through_it(self, web: Site) -> None:
        web.answers["/"] = Answer(b"ok")
        with forward_proxy() as proxy:
            assert fetch(web, proxy=proxy.url).body == b"ok"
        assert [request.path for request in proxy.requests] == [f"{web.url}/"]

    def test_names_unknown_here_are_its_business(self, web: Site) -> None:
        with forward_proxy(status=503) as proxy, pytest.raises(FetchFailed, match="503"):
            fetch(web, "http://nowhere.invalid/page", proxy=proxy.url)
        assert [request.path for request in proxy.requests] == ["http://nowhere.invalid/page"]

    def test_private_addresses_stay_refused(self, web: Site) -> None:
        with forward_proxy() as proxy, pytest.raises(UrlRefused):
            fetch(web, "http://127.0.0.3/", proxy=proxy.url)
        assert proxy.requests == []

    def test_one_that_is_not_there(self, web: Site) -> None:
        with pytest.raises(FetchFailed, match=r"search\.proxy"):
            fetch(web, proxy=f"http://127.0.0.1:{free_port()}")

    def test_socks_without_its_package(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "socksio", None)
        with pytest.raises(MissingDependency, match="socksio"):
            fetch(web, proxy="socks5://127.0.0.1:9")


ARTICLE = "知问是一个本地知识库问答应用，支持中文和英文文档。" * 5


class TestText:
    @staticmethod
    def text(body: str | bytes, kind: str = "text/html; charset=utf-8") -> tuple[str, str]:
        raw = body.encode() if isinstance(body, str) else body
        return page_text(Page("http://example.com/", 200, kind, raw))

    def test_the_main_part_without_menus(self) -> None:
        title, text = self.text(
            f"<html><head><title>知问 介绍</title><script>track()</script></head><body><nav>首页 关于</nav>"
            f"<div class=menu>推荐阅读</div><article><h1>介绍</h1><p>{ARTICLE}</p></article>"
            f"<footer>版权所有</footer></body></html>"
        )
        assert title == "知问 介绍"
        assert ARTICLE in text
        assert [word for word in ("首页", "推荐阅读", "版权", "track") if word in text] == []

    def test_a_teaser_is_not_the_main_part(self) -> None:
        _, text = self.text(f"<body><article>短讯</article><div>{ARTICLE * 4}</div></body>")
        assert ARTICLE in text

    @pytest.mark.parametrize(
        ("kind", "declared"),
        [("text/html; charset=gbk", ""), ("text/html", "<meta charset=gb2312>"), ("text/html", ""), ("", "")],
    )
    def test_encodings(self, kind: str, declared: str) -> None:
        body = f"<html><head>{declared}</head><body><p>{ARTICLE}</p></body></html>".encode("gb18030")
        assert self.text(body, kind)[1] == ARTICLE

    def test_tables_stay_tables(self) -> None:
        _, text = self.text("<table><tr><th>名称</th><th>价格</th></tr><tr><td>甲</td><td>12</td></tr></table>")
        assert "| 甲 | 12 |" in text

    @pytest.mark.parametrize("kind", ["text/plain", "text/markdown; charset=utf-8", "application/json"])
    def test_plain_text_stays_as_it_is(self, kind: str) -> None:
        assert self.text("a < b && <b>c</b>", kind) == ("", "a < b && <b>c</b>")

    @pytest.mark.parametrize("body", [b"", b"<html><body><script>render()</script></body></html>", b"  \n "])
    def test_no_text(self, body: bytes) -> None:
        with pytest.raises(FetchFailed, match="no text"):
            self.text(body)

    def test_no_text_at_all(self) -> None:
        with pytest.raises(FetchFailed):
            self.text(bytes(range(256)) * 20, "text/plain")

    def test_nested_too_deeply(self) -> None:
        with pytest.raises(FetchFailed):
            self.text("<div>" * 3000 + "x")
