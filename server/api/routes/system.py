"""The services with their logs, and the machine (scope admin)."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from configs.settings import Settings
from configs.version import VERSION
from server.api.deps import ContainerDep, LanguageDep
from server.api.schemas.system import (
    FolderUse,
    GpuUse,
    LogLines,
    LogResponse,
    ServiceDetails,
    Services,
    ServicesResponse,
    SystemInfo,
    SystemResponse,
)
from server.errors import Language, LogNotFound
from server.machine import ProcessUse, folder_size, free_bytes, gpus, memory_mb, processes_use
from server.masking import as_toml, masked_url

router = APIRouter(prefix="/system", tags=["System"])
PACKAGES = ("fastapi", "streamlit", "fschat", "faiss-cpu", "tantivy", "langchain-core", "torch", "transformers")
LARGEST_END = 512 * 1024
_LOG = re.compile(r"[\w.-]+")


@router.get("/services")
async def list_services(container: ContainerDep, language: LanguageDep) -> ServicesResponse:
    """Every service of the launcher that started this one, with state, address, uptime, memory and restarts."""
    found = await container.model_states.services()
    uses = await run_in_threadpool(processes_use, [service["pid"] for service in found if service["pid"]])
    details = [_service(service, uses.get(service["pid"]), language) for service in found]
    logs = sorted(_logs(container.settings.paths.logs))
    return ServicesResponse(data=Services(launcher=bool(found), services=details, logs=logs))


@router.get("/logs/{service}")
def read_log(service: str, container: ContainerDep, lines: Annotated[int, Query(ge=1, le=2000)] = 200) -> LogResponse:
    """The last lines of the log of a service."""
    known = _logs(container.settings.paths.logs)
    if service not in known:
        raise LogNotFound(name=service[:64], known=", ".join(sorted(known)) or "-")
    return LogResponse(data=LogLines(name=service, lines=_last_lines(known[service], lines)))


@router.get("/info")
def info(container: ContainerDep) -> SystemResponse:
    """Versions, disk use of the data folders, memory, GPUs, and the settings in force without their secrets."""
    settings = container.settings
    used, total = memory_mb()
    made = SystemInfo(
        version=VERSION,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()} ({platform.machine()})",
        packages={name: found for name in PACKAGES if (found := _version(name))},
        database=masked_url(settings.database_url) if settings.database.url else "SQLite",
        folders=_folders(settings),
        memory_used_mb=used,
        memory_total_mb=total,
        gpus=[GpuUse(**vars(gpu)) for gpu in gpus()],
        settings=as_toml(settings),
    )
    return SystemResponse(data=made)


def _service(service: dict[str, Any], use: ProcessUse | None, language: Language) -> ServiceDetails:
    return ServiceDetails(
        name=service["name"],
        model=service["model_name"],
        state=service["state"],
        address=service["address"],
        seconds=service["seconds"],
        uptime_s=use.uptime_s if use else 0.0,
        memory_mb=use.memory_mb if use else 0,
        restarts=service["restarts"],
        log=service["log"].removesuffix(".log"),
        failure=(service["failure"] or {}).get(language, ""),
    )


def _logs(folder: Path) -> dict[str, Path]:
    """The logs by the name of their service; only files that lie in the folder itself."""
    return {file.stem: file for file in folder.glob("*.log") if _LOG.fullmatch(file.stem) and file.is_file()}


def _last_lines(file: Path, count: int) -> list[str]:
    with file.open("rb") as stream:
        length = stream.seek(0, 2)
        stream.seek(max(0, length - LARGEST_END))
        return stream.read().decode("utf-8", "replace").splitlines()[-count:]


def _folders(settings: Settings) -> list[FolderUse]:
    folders = {name: Path(getattr(settings.paths, name)) for name in type(settings.paths).model_fields}
    return [FolderUse(name=name, bytes=folder_size(at), free_bytes=free_bytes(at)) for name, at in folders.items()]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
