"""The environment of the services: what all of them need, and what keeps light ones light."""

from collections.abc import Mapping

from configs.settings import LOCAL_FILE_VARIABLE, local_file

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

# Numeric libraries reserve memory for each thread; services that do no linear algebra need one.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def for_services(base: Mapping[str, str]) -> dict[str, str]:
    """The launcher's own environment with what every service needs."""
    made = dict(base)
    made[LOCAL_FILE_VARIABLE] = str(local_file())
    made["PYTHONUNBUFFERED"] = "1"
    made["PYTHONUTF8"] = "1"
    # Container images often set this; without compiled modules every start, not only the first, takes twice as long.
    made.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in ("NO_PROXY", "no_proxy"):
        made[name] = _with_loopback(made.get(name, ""))
    # glibc keeps an arena for each thread, which costs a service with a thread pool tens of megabytes.
    made.setdefault("MALLOC_ARENA_MAX", "2")
    return made


def for_service(shared: Mapping[str, str], *, light: bool, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of one service; a `light` one does no heavy arithmetic."""
    return {**(_ONE_THREAD if light else {}), **shared, **extra}


def _with_loopback(hosts: str) -> str:
    known = [host.strip() for host in hosts.split(",") if host.strip()]
    return ",".join(known + [host for host in _LOOPBACK if host not in known])
