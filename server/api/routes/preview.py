"""How a file would be split, before it is put into a knowledge base."""

from io import BytesIO
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from server.api.deps import ContainerDep
from server.api.forms import FormRoute
from server.api.schemas.preview import Preview, PreviewedChunk, PreviewResponse
from server.api.wire import ingest_settings
from server.knowledge_base.reading import Text
from server.knowledge_base.recipe import IngestOptions, Recipe
from server.knowledge_base.uploads import Upload

router = APIRouter(prefix="/knowledge_base", tags=["Chunks"], route_class=FormRoute)
PASTED = "text.md"


@router.post("/preview_chunks")
def preview_chunks(  # noqa: PLR0913  # the fields of the form
    container: ContainerDep,
    file: Annotated[UploadFile | None, File(description="the file to split; without one `text` is")] = None,
    text: Annotated[str, Form(description="Markdown or plain text")] = "",
    splitter: Annotated[str | None, Form(description="one of /knowledge_base/formats")] = None,
    chunk_size: Annotated[int | None, Form(ge=10, le=100_000)] = None,
    chunk_overlap: Annotated[int | None, Form(ge=0)] = None,
    zh_title_enhance: Annotated[bool | None, Form()] = None,
    ocr: Annotated[bool | None, Form(description="read scans and pictures")] = None,
    limit: Annotated[int, Form(ge=1, le=200, description="how many chunks to show")] = 20,
) -> PreviewResponse:
    """Read a file and split it with these settings, else those of the service. Nothing of it is kept."""
    upload = Upload(file.filename or "", file.file) if file else Upload(PASTED, BytesIO(text.encode()))
    options = IngestOptions(
        splitter=splitter,
        chunk_size=chunk_size,
        chunk_overlap=chunk_overlap,
        zh_title_enhance=zh_title_enhance,
        ocr=ocr,
    )
    recipe, made = container.previewer.preview(upload, options)
    return PreviewResponse(data=_preview(recipe, made, limit))


def _preview(recipe: Recipe, made: Text, limit: int) -> Preview:
    lengths = [len(piece.text) for piece in made.pieces] or [0]
    shown = [
        PreviewedChunk(text=piece.text, indexed=piece.indexed, metadata=dict(piece.meta))
        for piece in made.pieces[:limit]
    ]
    return Preview(
        total=len(made.pieces),
        shortest=min(lengths),
        longest=max(lengths),
        average=round(sum(lengths) / len(lengths)),
        loader=made.loader,
        splitter=made.splitter,
        pages=made.pages.found,
        settings=ingest_settings(recipe),
        chunks=shown,
    )
