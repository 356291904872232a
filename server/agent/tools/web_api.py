"""Asking the public web APIs that the settings name, with every failure as a sentence for the model and the user."""

import json
from collections.abc import Mapping
from typing import Any

from configs.settings import Settings
from server.errors import ToolFailed

MOST_BYTES = 4_000_000
_TIMEOUT_S = 20


class WebApi:
    """GET requests, through `search.proxy` where one is set."""

    def __init__(self, settings: Settings) -> None:
        self._proxy = settings.search.proxy.get_secret_value()
        self._agent = settings.fetching.user_agent

    async def get(self, tool: str, url: str, parameters: Mapping[str, Any]) -> bytes:
        """The body of a successful answer.

        Raises:
            ToolFailed: the API cannot be reached, refuses, or sends too much.
            MissingDependency: the proxy is a socks one and its package is not installed.
        """
        import httpx

        from server.fetching.connect import reason_of, transport

        try:
            async with (
                httpx.AsyncClient(
                    transport=transport(self._proxy),
                    trust_env=False,
                    timeout=_TIMEOUT_S,
                    follow_redirects=True,
                    headers={"User-Agent": self._agent},
                ) as client,
                client.stream("GET", url, params=dict(parameters)) as response,
            ):
                if response.status_code >= httpx.codes.BAD_REQUEST:
                    raise _refused(tool, _host(url), response.status_code)
                return await _limited(tool, response)
        except httpx.HTTPError as error:
            english, chinese = reason_of(error, self._proxy)
            raise ToolFailed(
                name=tool,
                reason_en=f"{_host(url)}: {english}",
                reason_zh=f"{_host(url)}：{chinese}",
            ) from error

    async def get_json(self, tool: str, url: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as a JSON object.

        Raises:
            ToolFailed: as `get`, or the answer is no JSON object.
            MissingDependency: as `get`.
        """
        body = await self.get(tool, url, parameters)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ToolFailed(
                name=tool, reason_en=f"{_host(url)} sent no JSON", reason_zh=f"{_host(url)} 返回的不是 JSON"
            )
        return answer


async def _limited(tool: str, response: Any) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise ToolFailed(name=tool, reason_en="the answer is too large", reason_zh="返回的数据过大")
    return bytes(body)


def _host(url: str) -> str:
    """Whom we asked, without what may be secret in an address."""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or "the address"


def _refused(tool: str, host: str, status: int) -> ToolFailed:
    return ToolFailed(name=tool, reason_en=f"{host} answered HTTP {status}", reason_zh=f"{host} 返回 HTTP {status}")
