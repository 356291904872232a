"""What the guard lets through and what it does not, address by address."""

import asyncio
import socket

import pytest

from server.errors import FetchFailed, UrlRefused
from server.fetching.addresses import Allowed
from server.fetching.guard import Guard, shown

NAMES = {
    "example.com": ["93.184.215.14"],
    "two.example.com": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14"],
    "inside.example.com": ["10.0.0.5"],
    "half.example.com": ["93.184.215.14", "127.0.0.1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "fake-ip.example.com": ["198.18.0.7"],
    "intranet.example": ["192.168.1.9"],
    "localhost": ["127.0.0.1"],
}

REFUSED = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "example.com/page",
    "//example.com/",
    "http://",
    "http:///path",
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/admin",
    "http://127.8.9.10/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://134744072/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://localhost/",
    "http://LOCALHOST:7861/",
    "http://localhost./",
    "http://api.localhost/",
    "http://router/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://nas.lan/",
    "http://inside.example.com/",
    "http://half.example.com/",
    "http://mapped.example.com/",
    "http://metadata.example.com/",
    "http://fake-ip.example.com/",
    "http://127\u30020\u30020\u30021/",
    "http://exa mple.com/",
]


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the names above exist; numbers are looked up as systems do it."""

    async def getaddrinfo(self, host, port, **_):
        found = NAMES.get(host.rstrip(".").lower())
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)


def check(url: str, allowed: tuple[str, ...] = (), *, proxied: bool = False):
    return asyncio.run(Guard(Allowed.of(allowed), proxied).check(url))


@pytest.mark.parametrize("url", REFUSED)
def test_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        check(url)


@pytest.mark.parametrize("url", [url for url in REFUSED if "://" in url])
def test_refused_behind_a_proxy_too(url: str) -> None:
    with pytest.raises(UrlRefused):
        check(url, proxied=True)


@pytest.mark.parametrize("url", ["http://example.com/", "https://example.com:8443/a?b=c#d", "http://93.184.215.14/"])
def test_public_addresses_pass(url: str) -> None:
    target = check(url)
    assert [str(address) for address in target.addresses] == ["93.184.215.14"]


def test_all_addresses_of_a_name_are_given() -> None:
    assert [str(a) for a in check("http://two.example.com/").addresses] == NAMES["two.example.com"]


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://intranet.example/", "intranet.example"),
        ("http://intranet.example/", "intranet.example:80"),
        ("http://intranet.example/", "192.168.1.0/24"),
        ("http://localhost:9/", "localhost:9"),
        ("http://[::1]:9/", "[::1]:9"),
        ("http://[::1]:9/", "::1"),
        ("http://fake-ip.example.com/", "198.18.0.0/15"),
    ],
)
def test_allowed_by_the_settings(url: str, entry: str) -> None:
    assert check(url, (entry,)).addresses


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("http://127.0.0.1:8081/", "127.0.0.1:8080"),
        ("http://127.0.0.2:8080/", "127.0.0.1:8080"),
        ("http://inside.example.com/", "intranet.example"),
        ("http://inside.example.com/", "192.168.1.0/24"),
    ],
)
def test_no_more_than_that_is_allowed(url: str, entry: str) -> None:
    with pytest.raises(UrlRefused):
        check(url, (entry,))


def test_an_unknown_host() -> None:
    with pytest.raises(FetchFailed, match="unknown"):
        check("http://nowhere.example.org/")


def test_a_proxy_resolves_names_that_are_unknown_here() -> None:
    assert check("http://nowhere.example.org/", proxied=True).addresses == ()
    assert check("http://example.com/", proxied=True).addresses == ()


def test_messages_show_no_password() -> None:
    with pytest.raises(UrlRefused) as caught:
        check("http://user:secret@example.com/x")
    assert "secret" not in str(caught.value) + caught.value.message("zh")
    assert shown("http://a:b@c.example/d@e") == "http://c.example/d@e"
