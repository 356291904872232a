"""Reading one page of the internet. The guard of `server.fetching` keeps the model out of private networks."""

import asyncio

from pydantic import BaseModel, Field

from configs.settings import Settings
from server.agent.tool import Text, Tool

NAME = "read_url"


class Arguments(BaseModel):
    """Which page."""

    url: str = Field(min_length=1, max_length=2000, description="Address that begins with http:// or https://.")


def page_tool(settings: Settings) -> Tool:
    """The tool within the limits of the settings `fetching.*`."""

    async def call(url: str) -> str:
        from server.fetching.fetcher import Fetcher
        from server.fetching.text import page_text

        page = await Fetcher.of(settings).fetch(url)
        title, text = await asyncio.to_thread(page_text, page)
        return f"{title}\n{page.url}\n\n{text}".strip()

    return Tool(
        name=NAME,
        title=Text("Read a page", "读取网页"),
        description=Text(
            "Reads the text of a page of the internet, given its address.",
            "读取指定网址的网页正文。",
        ),
        arguments=Arguments,
        call=call,
    )
