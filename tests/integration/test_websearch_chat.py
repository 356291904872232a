"""Search-engine chat over HTTP: loopback SearXNG, pages and proxy, the real application, a scripted model."""

import time

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from free_ports import free_port

from tests.integration.websearch_servers import Answer, as_json, forward_proxy, silent_port, site

URL = "/chat/search_engine_chat"
PAGE = "<main><h1>售后</h1><p>知问的保修期为购买之日起二十四个月。</p></main>"
BODY = {"query": "知问的保修期是多久？", "search_engine_name": "searxng", "stream": True}


@pytest.fixture
def web():
    with site() as running:
        running.answers["/search"] = as_json(
            {"results": [{"title": "售后 [说明]", "url": f"{running.url}/a", "content": "关于售后。"}]}
        )
        running.answers["/a"] = Answer(PAGE.encode())
        yield running


@pytest.fixture
def ask(tmp_path, web):
    """Asks an application with these settings of search."""

    def asked(body=None, model=None, **variables):
        given = {"ENGINES__SEARXNG__URL": web.url, "TIMEOUT_S": "2", **variables}
        values = {f"ZHIWEN__SEARCH__{name}": value for name, value in given.items()}
        values["ZHIWEN__FETCHING__ALLOW_PRIVATE"] = f'["{web.address}"]'
        with running_app(make_settings(tmp_path, **values), model or ScriptedModel()) as client:
            return client.post(URL, json={**BODY, **(body or {})})

    return asked


def test_a_stream_ends_with_links_to_the_pages(ask, web):
    model = ScriptedModel()
    found = events(ask(model=model))
    assert [event["answer"] for event in found if "answer" in event] == ["两", "年", "。[1]"]
    last = found[-1]
    assert f"{web.url}/a" in last["docs"][0]
    assert last["sources"][0]["url"] == f"{web.url}/a"
    assert "二十四个月" in last["docs"][0]
    assert "二十四个月" in model.calls[0][0][-1].content


def test_without_a_stream_it_is_one_event(ask):
    (event,) = events(ask({"stream": False, "split_result": True, "top_k": 2, "history": None}))
    assert event["answer"] == "两年。[1]"
    assert event["docs"]


def test_a_proxy_carries_search_and_pages(ask, web):
    with forward_proxy() as proxy:
        assert "二十四个月" in events(ask(PROXY=proxy.url))[-1]["docs"][0]
    assert [request.path.partition("?")[0] for request in proxy.requests] == [f"{web.url}/search", f"{web.url}/a"]


def test_bing_without_a_key_answers_as_0_2_10(ask):
    response = ask({"search_engine_name": "bing"})
    assert response.status_code == 404
    assert response.json()["code"] == 404
    assert response.json()["msg"] == "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`"


def test_an_unknown_engine(ask):
    response = ask({"search_engine_name": "altavista"})
    assert (response.status_code, response.json()["code"]) == (404, 404)
    assert response.json()["data"]["error"] == "search_engine_unknown"


@pytest.mark.parametrize("stream", [True, False])
def test_failures_are_ordinary_errors_within_the_time_out(ask, web, stream):
    web.answers["/search"] = Answer(b"Forbidden", 403)
    response = ask({"stream": stream})
    assert (response.status_code, response.json()["data"]["error"]) == (502, "search_failed")
    assert "search.formats" in response.json()["msg"]
    with silent_port() as port:
        began = time.monotonic()
        response = ask({"stream": stream}, ENGINES__SEARXNG__URL=f"http://127.0.0.1:{port}", TIMEOUT_S="0.5")
        assert time.monotonic() - began < 30
    assert (response.status_code, response.json()["data"]["error"]) == (504, "search_timeout")
    assert all(word in response.json()["msg"] for word in ("searxng", "0.5", "search.proxy"))


def test_duckduckgo_without_a_way_out(ask):
    response = ask({"search_engine_name": "duckduckgo"}, PROXY=f"http://127.0.0.1:{free_port()}")
    assert response.status_code in (502, 504)
    assert all(word in response.json()["msg"] for word in ("duckduckgo", "search.proxy"))


def test_a_replaced_engine_is_named(ask):
    body, dead = {"search_engine_name": "tavily"}, f"http://127.0.0.1:{free_port()}"
    found = events(ask(body, ENGINES__TAVILY__KEY="k", ENGINES__TAVILY__URL=dead, FALLBACK='["searxng"]'))
    assert any("search_engine_replaced" in str(event) and "tavily" in str(event) for event in found)
    assert found[-1]["docs"]


def test_the_built_in_reader_answers_by_quoting_the_page(web, tmp_path):
    """Its worker is not started here; what it would say to the very prompt is asked of its reader."""
    from server.llm.prompt_parts import parse_question, parse_sources
    from server.llm.reader import read

    model = ScriptedModel()
    settings = make_settings(
        tmp_path,
        ZHIWEN__SEARCH__ENGINES__SEARXNG__URL=web.url,
        ZHIWEN__FETCHING__ALLOW_PRIVATE=f'["{web.address}"]',
    )
    with running_app(settings, model) as client:
        client.post(URL, json=BODY)
    prompt = model.calls[0][0][-1].content
    answer = read(parse_question(prompt) or "", parse_sources(prompt))
    assert answer is not None
    assert "二十四个月" in answer
    assert "[1]" in answer
