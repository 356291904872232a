"""What is configured, here or not, and fetching what is not."""

from fastapi import APIRouter

from server.api.deps import ContainerDep, LanguageDep
from server.api.schemas.models import (
    CatalogEntry,
    CatalogResponse,
    DownloadDetails,
    DownloadRequest,
    DownloadResponse,
    DownloadsResponse,
)
from server.container import Container
from server.errors import Language
from server.llm.catalog import Choice
from server.llm.downloads import Download
from server.llm.inventory import Stocked, inventory
from server.retrieval.rerank import Reranking

router = APIRouter(prefix="/llm_model", tags=["Models"])


@router.get("/catalog")
def catalog(container: ContainerDep, language: LanguageDep) -> CatalogResponse:
    """Every configured chat, embedding and rerank model: whether it can run here, what it lacks, which one is used."""
    used = _in_use(container)
    return CatalogResponse(data=[_entry(one, used, language) for one in inventory(container.settings)])


@router.post("/download")
def download(body: DownloadRequest, container: ContainerDep, language: LanguageDep) -> DownloadResponse:
    """Fetch the weights of a configured model in the background; answers at once."""
    return DownloadResponse(data=_details(container.downloads.start(body.model_name), language))


@router.get("/downloads")
def downloads(container: ContainerDep, language: LanguageDep) -> DownloadsResponse:
    """Downloads since this service was started, newest first."""
    return DownloadsResponse(data=[_details(one, language) for one in container.downloads.all()])


@router.post("/cancel_download")
def cancel_download(body: DownloadRequest, container: ContainerDep, language: LanguageDep) -> DownloadResponse:
    """End a download; what has arrived is kept, and the next one goes on there."""
    return DownloadResponse(data=_details(container.downloads.cancel(body.model_name), language))


def _in_use(container: Container) -> dict[str, Choice]:
    """The model of each kind that this service uses when nobody asks for another. A rerank model is used from when it
    is here; another default chat or embedding model only from the next start on."""
    wanted = {"llm": container.llm_choice, "embed": container.embedder_choice}
    used = {kind: choice for kind, choice in wanted.items() if choice.usable}
    reranker = Reranking.choice(container.settings)
    return used | ({"rerank": reranker} if reranker else {})


def _entry(one: Stocked, used: dict[str, Choice], language: Language) -> CatalogEntry:
    choice = used.get(one.kind)
    in_use = choice is not None and choice.name == one.name
    if choice is not None and in_use:
        reason = choice.reason_zh if language == "zh" else choice.reason_en
    else:
        reason = "" if one.why_not is None else one.why_not[1 if language == "zh" else 0]
    return CatalogEntry(
        kind=one.kind,
        name=one.name,
        engine=one.engine,
        repo=one.repo,
        needs_weights=one.needs_weights,
        bytes=one.bytes,
        rank=one.rank,
        available=one.why_not is None,
        in_use=in_use,
        can_download=one.can_download,
        reason=reason,
    )


def _details(one: Download, language: Language) -> DownloadDetails:
    return DownloadDetails(
        name=one.name,
        state=one.state,
        arrived=one.arrived,
        total=one.total,
        began=one.began,
        reason=one.reason(language),
    )
