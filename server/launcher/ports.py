"""Ports before anything starts: find free ones, and say who holds one that is taken."""

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from server.launcher.errors import AddressUnusable, PortInUse, PortUsedTwice

_TAKEN = {"EADDRINUSE", "WSAEADDRINUSE", "WSAEACCES"}


@dataclass(frozen=True)
class Wanted:
    """A port somebody is going to listen on, and the settings table (`services.api`) that says so."""

    service: str
    host: str
    port: int
    setting: str


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.create_server((host, 0), family=_family(host)) as server:
        return server.getsockname()[1]


def check(wanted: Iterable[Wanted]) -> None:
    """See that every port can be listened on.

    Raises:
        PortInUse: another program has it.
        PortUsedTwice: two of our services want it.
        AddressUnusable: the host is not an address of this machine, or the port needs more rights.
    """
    seen: dict[int, Wanted] = {}
    for one in wanted:
        if other := seen.get(one.port):
            settings = {"setting": f"{one.setting}.port", "other_setting": f"{other.setting}.port"}
            raise PortUsedTwice(port=one.port, service=one.service, other=other.service, **settings)
        seen[one.port] = one
        _try_to_listen(one)


def variable(setting: str) -> str:
    """The environment variable that sets a key such as `services.api.port`."""
    return "ZHIWEN__" + "__".join(setting.upper().split("."))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _try_to_listen(one: Wanted) -> None:
    try:
        with socket.socket(_family(one.host), socket.SOCK_STREAM) as server:
            if os.name == "posix":  # as the services do: a port whose last connection just ended counts as free
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((one.host, one.port))
            server.listen(1)
    except OSError as error:
        setting = f"{one.setting}.port"
        if errno.errorcode.get(error.errno or 0) in _TAKEN:
            en, zh = _holder(one.port)
            detail = {"holder_en": en, "holder_zh": zh, "setting": setting, "variable": variable(setting)}
            raise PortInUse(service=one.service, port=one.port, **detail) from None
        reason = error.strerror or str(error)
        detail = {"host": one.host, "port": one.port, "reason": reason, "setting": one.setting}
        raise AddressUnusable(service=one.service, **detail) from None


def _holder(port: int) -> tuple[str, str]:
    """Who listens on the port, in English and Chinese; other users' programs cannot always be named."""
    import psutil

    unknown = "another program", "其他程序"
    try:
        found = [
            item
            for item in psutil.net_connections(kind="tcp")
            if item.status == psutil.CONN_LISTEN and item.laddr and item.laddr[1] == port
        ]
        pid = next((item.pid for item in found if item.pid), None)
        if pid is None:
            return unknown
        name = psutil.Process(pid).name()
    except psutil.Error:
        return unknown
    return f"{name} (process {pid})", f" {name}（进程 {pid}）"
