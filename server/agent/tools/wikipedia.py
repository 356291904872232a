"""Articles of Wikipedia, by MediaWiki's API."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.agent.tool import Text, Tool
from server.agent.tools.web_api import WebApi

NAME = "wikipedia"
_LONGEST_EXTRACT = 2500


class Arguments(BaseModel):
    """What to look up."""

    query: str = Field(min_length=1, max_length=200, description="Name of a person, place or thing.")
    language: Literal["zh", "en"] = Field(default="zh", description="Which Wikipedia: zh or en.")


def wikipedia_tool(url: str, api: WebApi) -> Tool:
    """The tool on the API at the address; `{language}` in it becomes zh or en."""

    async def call(query: str, language: str = "zh") -> str:
        answer = await api.get_json(NAME, url.replace("{language}", language), _parameters(query, language))
        pages = (answer.get("query") or {}).get("pages") or []
        ordered = sorted(pages, key=lambda page: page.get("index", 0))
        return "\n\n".join(map(_told, ordered)) or f"Wikipedia ({language}) has no article that matches: {query}"

    return Tool(
        name=NAME,
        title=Text("Wikipedia", "维基百科"),
        description=Text(
            "Looks a term up in the Chinese or English Wikipedia; gives the beginnings of the best articles.",
            "在中文或英文维基百科中查词条，返回最相关条目的开头部分。",
        ),
        arguments=Arguments,
        call=call,
    )


def _parameters(query: str, language: str) -> dict[str, Any]:
    """One request that searches and gives the text of what was found."""
    return {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        "gsrsearch": query,
        "gsrlimit": 3,
        "prop": "extracts|info",
        "inprop": "url",
        "exintro": 1,
        "explaintext": 1,
        "exlimit": "max",
        "redirects": 1,
        **({"variant": "zh-cn"} if language == "zh" else {}),
    }


def _told(page: dict[str, Any]) -> str:
    extract = str(page.get("extract") or "").strip()[:_LONGEST_EXTRACT]
    return f"{page.get('title', '')}\n{page.get('fullurl', '')}\n{extract or '(no introduction)'}"
