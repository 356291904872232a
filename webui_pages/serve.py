"""Serves the web page: `python -m streamlit run webui_pages/serve.py`, from any folder. `app` is the page itself.

Two things that the script of a page cannot do are routes beside it:

    POST login    {"ticket"}: sets the cookie by which a login outlasts a reload (see `logins`)
    DELETE login  ends the login of the cookie
    GET / …       the page says in which language it is, which screen readers and translators go by. Where the address
                  leads to one of our pages it also says where the server is: Streamlit's own front end asks below that
                  address first, which leaves two errors in the browser's console
"""

import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parent) not in sys.path:
    sys.path.append(str(FOLDER.parent))  # Streamlit puts the folder of this file there, not the one above it

from configs.settings import load_settings  # noqa: E402  # found through the line above
from server.errors import Language  # noqa: E402
from webui_pages.logins import LOGINS, cookie_name  # noqa: E402
from webui_pages.tongue import first_language  # noqa: E402

PAGES = ("chat", "knowledge_base", "models", "system")
LARGEST_BODY = 1000
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
_BASE = "<script>window.__streamlit = {BACKEND_BASE_URL: new URL('.', location.href).href}</script>"


async def log_in(request: Request) -> Response:
    """Trade a ticket for the cookie. A form of another site cannot send JSON, so it cannot log anybody in here."""
    length = request.headers.get("content-length", "")
    is_json = request.headers.get("content-type") == "application/json"
    if not is_json or not length.isdigit() or int(length) > LARGEST_BODY:
        return Response(status_code=415)
    try:
        ticket = str((await request.json())["ticket"])
    except (ValueError, TypeError, LookupError):
        return Response(status_code=400)
    found = LOGINS.redeem(ticket)
    if found is None:
        return Response(status_code=403)
    return _with_cookie(request, *found)


async def log_out(request: Request) -> Response:
    """End the login of the cookie, and the cookie."""
    if (cookie := request.cookies.get(cookie_name())) and (login := LOGINS.of_cookie(cookie)):
        LOGINS.end(login.id)
    return _with_cookie(request, "", 0)


def first_page(request: Request) -> Response:
    """Streamlit's page in the language of its reader."""
    return _page(request, "<head>")


def page_at(request: Request) -> Response:
    """The same for an address one level down, which is told that the server is one level up."""
    return _page(request, f"<head>{_BASE}")


def _page(request: Request, head: str) -> Response:
    language = first_language(_wanted_language(), request.headers.get("accept-language"))
    html = _streamlits_page().replace('<html lang="en">', f'<html lang="{TAGS[language]}">', 1)
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return HTMLResponse(html.replace("<head>", head, 1), headers=headers)


@lru_cache(maxsize=1)
def _streamlits_page() -> str:
    return (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")


@lru_cache(maxsize=1)
def _wanted_language() -> Language | Literal["auto"]:
    return load_settings().web.language


def _with_cookie(request: Request, value: str, seconds: int) -> Response:
    """Without a path the browser takes the folder of this route, wherever a proxy has put it."""
    response = Response(status_code=204)
    is_tls = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    response.set_cookie(
        cookie_name(), value, max_age=seconds, path=None, secure=is_tls, httponly=True, samesite="strict"
    )
    return response


def _routes() -> list[Route]:
    base = "/" + str(st.get_option("server.baseUrlPath") or "").strip("/")
    at = base.rstrip("/")
    LOGINS.served = True
    pages = [Route(f"{at}/{name}", page_at, methods=["GET"]) for name in PAGES]
    return [
        Route(f"{at}/", first_page, methods=["GET"]),
        Route(f"{at}/login", log_in, methods=["POST"]),
        Route(f"{at}/login", log_out, methods=["DELETE"]),
        *pages,
    ]


app = st.App("app.py", routes=_routes())
