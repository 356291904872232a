"""Papers on arXiv, by its export API. The answer is XML from elsewhere: no entities, no DTD, no network."""

from typing import Any

from pydantic import BaseModel, Field

from server.agent.tool import Text, Tool
from server.agent.tools.web_api import WebApi
from server.errors import ToolFailed

NAME = "arxiv"
_ATOM = "{http://www.w3.org/2005/Atom}"
_LONGEST_SUMMARY = 1200


class Arguments(BaseModel):
    """What to look for."""

    query: str = Field(
        min_length=1,
        max_length=300,
        description="English words, or an arXiv query such as au:hinton AND ti:distillation.",
    )
    count: int = Field(default=5, ge=1, le=20, description="How many papers.")


def arxiv_tool(url: str, api: WebApi) -> Tool:
    """The tool on the API at the address."""

    async def call(query: str, count: int = 5) -> str:
        asked = query if ":" in query else f"all:{query}"
        body = await api.get(NAME, url, {"search_query": asked, "start": 0, "max_results": count})
        papers = [_told(entry) for entry in _parsed(body).iter(f"{_ATOM}entry")]
        return "\n\n".join(papers) or f"No paper on arXiv matches: {query}"

    return Tool(
        name=NAME,
        title=Text("arXiv papers", "arXiv 论文检索"),
        description=Text(
            "Searches scientific papers on arXiv; gives title, authors, date, abstract and link. Ask in English.",
            "检索 arXiv 论文，返回标题、作者、日期、摘要与链接。请用英文关键词。",
        ),
        arguments=Arguments,
        call=call,
    )


def _parsed(body: bytes) -> Any:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # it has no stubs

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise ToolFailed(name=NAME, reason_en="arXiv sent no readable answer", reason_zh="arXiv 返回的内容无法识别")
    return root


def _told(entry: Any) -> str:
    def text(tag: str) -> str:
        return " ".join((entry.findtext(f"{_ATOM}{tag}") or "").split())

    authors = [" ".join((author.findtext(f"{_ATOM}name") or "").split()) for author in entry.iter(f"{_ATOM}author")]
    named = ", ".join(authors[:6]) + (" et al." if len(authors) > 6 else "")
    return f"{text('title')}\n{named} ({text('published')[:10]})\n{text('id')}\n{text('summary')[:_LONGEST_SUMMARY]}"
