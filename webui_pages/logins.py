"""Logins that outlast a reload of the page.

The browser keeps a random text in a cookie that no script can read; the key it stands for stays in this process, which
knows a hash of that text only. A page cannot set such a cookie: it is handed a ticket, good for one minute and one use,
which the browser posts to the route of `serve`, and the answer sets the cookie. So neither key nor cookie are ever in
an address, a log or the reach of a script. All ends with this process: after a restart people log in again.
"""

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass

import streamlit as st

TICKET_S = 60.0
MOST = 10_000
_COOKIE = "zhiwen_login"


@dataclass(frozen=True)
class Login:
    """One login: the key it stands for, and when it is over, in seconds of `time.time`."""

    id: str
    key: str
    ends: float


class Logins:
    """The logins of this process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Login] = {}
        self._tickets: dict[str, tuple[str, float]] = {}
        self.served = False
        """Whether the route that takes tickets is there; without it nothing is remembered."""

    def begin(self, key: str, seconds: float) -> tuple[Login, str]:
        """A new login, and the ticket with which its browser gets the cookie."""
        cookie, ticket, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), time.time()
        login = Login(_hash(cookie), key, now + seconds)
        with self._lock:
            self._forget(now)
            self._known[login.id] = login
            self._tickets[_hash(ticket)] = cookie, now + TICKET_S
        return login, ticket

    def redeem(self, ticket: str) -> tuple[str, int] | None:
        """The text for the cookie and the seconds it is good for; None for a ticket that is used, too old or wrong."""
        now = time.time()
        with self._lock:
            self._forget(now)
            cookie, _ = self._tickets.pop(_hash(ticket), ("", 0))
            login = self._known.get(_hash(cookie))
        return (cookie, int(login.ends - now)) if login else None

    def of_cookie(self, cookie: str) -> Login | None:
        """The login that a cookie stands for, while it lasts. Only hashes are compared, so the time tells nothing."""
        return self.get(_hash(cookie))

    def get(self, login_id: str) -> Login | None:
        """A login, while it lasts."""
        with self._lock:
            self._forget(time.time())
            return self._known.get(login_id)

    def end(self, login_id: str) -> None:
        """Log out, on every page of that browser."""
        with self._lock:
            self._known.pop(login_id, None)

    def _forget(self, now: float) -> None:
        self._tickets = {key: value for key, value in self._tickets.items() if value[1] > now}
        over = [key for key, login in self._known.items() if login.ends <= now]
        for key in over + list(self._known)[: max(0, len(self._known) - MOST)]:
            self._known.pop(key, None)


def cookie_name() -> str:
    """Browsers do not tell ports apart, so the name does."""
    return f"{_COOKIE}_{st.get_option('server.port')}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


LOGINS = Logins()
