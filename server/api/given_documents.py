"""The `docs` field of uploads: JSON text that maps file names to documents, which replace the files' own text."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from server.api.schemas.chunks import DocumentIn

_DOCUMENTS = TypeAdapter(dict[str, list[DocumentIn]])


def given_documents(text: str) -> dict[str, list[dict[str, Any]]]:
    """The documents by file name.

    Raises:
        RequestValidationError: it is no JSON, or something else than documents; as in 0.2.10 a schema error.
    """
    try:
        given = _DOCUMENTS.validate_json(text or "{}")
    except ValidationError as error:
        found = [{**item, "loc": ("body", "docs", *item["loc"])} for item in error.errors(include_input=False)]
        raise RequestValidationError(found) from None
    return {
        name: [{"page_content": each.page_content, "metadata": each.own_metadata} for each in documents]
        for name, documents in given.items()
    }
