"""The hubs weights come from, behind one shape: what a repository holds, and fetching some of it."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from configs.settings import Settings
from server.errors import MissingDependency

HubName = Literal["huggingface", "modelscope"]
REACH_S = 4.0
LIST_S = 10.0
MODELSCOPE = "https://modelscope.cn"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository; `sha256` is "" where the hub does not tell it."""

    path: str
    size: int
    sha256: str = ""


class Hub(Protocol):
    """A place that has repositories of weights. Both methods raise what its library and the system raise."""

    name: HubName

    @property
    def address(self) -> str:
        """Where it is, for people."""
        ...

    def files(self, repo: str) -> list[RemoteFile]:
        """What the repository holds."""
        ...

    def fetch(self, repo: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """Bring these files into the folder, going on where an earlier call stopped; progress goes to stderr."""
        ...


class HuggingFace:
    """huggingface.co or a mirror of it."""

    name: HubName = "huggingface"

    def __init__(self, mirror: str) -> None:
        from huggingface_hub.constants import ENDPOINT

        self.address = (mirror or ENDPOINT).rstrip("/")

    def files(self, repo: str) -> list[RemoteFile]:
        """See `Hub`."""
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import OfflineModeIsEnabled

        if constants.HF_HUB_OFFLINE:
            raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
        _reach(self.address)
        # Without this number the listing has no time limit; other calls try again for half a minute.
        info = HfApi(endpoint=self.address).model_info(repo, files_metadata=True, timeout=LIST_S)
        return [
            RemoteFile(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else "")
            for file in info.siblings or []
        ]

    def fetch(self, repo: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """See `Hub`."""
        from huggingface_hub import snapshot_download

        names = [file.path for file in files]
        snapshot_download(repo, local_dir=folder, allow_patterns=names, endpoint=self.address)


class ModelScope:
    """modelscope.cn; `MODELSCOPE_ENDPOINT` names another address."""

    name: HubName = "modelscope"

    def __init__(self) -> None:
        self.address = (os.environ.get("MODELSCOPE_ENDPOINT") or MODELSCOPE).rstrip("/")

    def files(self, repo: str) -> list[RemoteFile]:
        """See `Hub`."""
        from modelscope_hub import HubApi

        _reach(self.address)
        found = HubApi(endpoint=self.address).list_repo_files(repo, "model")
        return [RemoteFile(file.path, file.size or 0, file.sha256 or "") for file in found if not file.is_dir]

    def fetch(self, repo: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """See `Hub`."""
        from modelscope_hub import HubApi

        names = [file.path for file in files]
        HubApi(endpoint=self.address).download_repo(repo, "model", local_dir=folder, allow_patterns=names)


def hubs(settings: Settings) -> list[Hub]:
    """Those of the setting `models.hub`, in the order they are asked. Raises `MissingDependency`."""
    wanted = settings.models.hub
    try:
        first: list[Hub] = [] if wanted == "modelscope" else [HuggingFace(settings.models.hub_mirror)]
    except ImportError:
        raise MissingDependency(what="--download", install="pip install -r requirements.txt") from None
    return first if wanted == "huggingface" else [*first, ModelScope()]


def _reach(address: str) -> None:
    """Whether somebody is there: the libraries try for minutes. Behind a proxy only they can tell."""
    parts = urlsplit(address)
    proxies = (os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
    if any(proxies) or not parts.hostname:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with socket.create_connection((parts.hostname, port), timeout=REACH_S):
        pass
