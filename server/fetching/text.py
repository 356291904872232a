"""From a fetched page to what people read on it."""

import re
from typing import TYPE_CHECKING

from document_loaders.declared import decode
from document_loaders.errors import DocumentUnreadable
from document_loaders.html import page_text as html_source
from document_loaders.html import read_page
from server.errors import FetchFailed
from server.fetching.fetcher import Page
from server.fetching.guard import shown

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:!doctype html|html|head|body|div|p)\b", re.IGNORECASE)
_MAIN_SHARE = 0.25
"""Least part of a page's text that its main part has to hold: a smaller `article` is a teaser among others."""
_BLANK_LINES = re.compile(r"\n{3,}")


def page_text(page: Page) -> tuple[str, str]:
    """Title and text of a page; of an HTML page its main part where it marks one. May take seconds for a huge page.

    Raises:
        FetchFailed: it holds no text, or its encoding cannot be told.
    """
    declared = _CHARSET.search(page.content_type)
    charset = declared[1] if declared else ""
    try:
        title, text = _read(page, charset)
    except DocumentUnreadable as error:
        raise FetchFailed(url=shown(page.url), reason_en=error.reason_en, reason_zh=error.reason_zh) from error
    text = _BLANK_LINES.sub("\n\n", text).strip()
    if not text:
        reason = {
            "reason_en": "it holds no text (it may need JavaScript)",
            "reason_zh": "没有文字（可能需要 JavaScript）",
        }
        raise FetchFailed(url=shown(page.url), **reason)
    return title, text


def _read(page: Page, charset: str) -> tuple[str, str]:
    if "html" not in page.content_type.lower() and "xml" not in page.content_type.lower():
        source = decode(page.body, charset)
        if page.content_type or not _MARKUP.search(source[:2000]):
            return "", source
    source = html_source(page.body, charset)
    whole = read_page(source)
    main = _main_part(source, len(whole.text))
    text = read_page(main).text if main else whole.text
    return whole.title, text or whole.text


def _main_part(source: str, length: int) -> str:
    """The source of the part that a page marks as its main one; empty where it marks none, or several alike."""
    from bs4 import BeautifulSoup

    parts = BeautifulSoup(source, "lxml").select("article, main, [role=main]")
    largest = max(parts, key=_text_length, default=None)
    if largest is None or _text_length(largest) < _MAIN_SHARE * length:
        return ""
    return str(largest)


def _text_length(part: "Tag | BeautifulSoup") -> int:
    return len(part.get_text(" ", strip=True))
