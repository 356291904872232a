"""Metadata that clients give their documents. Some names mean a place in the file and are read with every answer, so
what stands under them must be of their kind: it is refused here, with the reason, and not by each question later.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

DEEPEST = 20
Span = Annotated[list[int], Field(min_length=2, max_length=2)]
"""First and last."""


class Places(BaseModel):
    """Names of ours. Numbers may come as text, and texts as numbers."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    page: int | None = None
    slide: int | None = None
    row: int | None = None
    sheet: str | None = None
    part: str | None = None
    title: str | None = None
    rows: Span | None = None
    lines: Span | None = None
    headings: list[str] | None = None
    boxes: list[list[float]] | None = None
    chunk_ids: list[int] | None = None


def _checked(metadata: dict[str, Any]) -> dict[str, Any]:
    if _is_deep(metadata):
        raise ValueError(f"metadata may not be nested deeper than {DEEPEST} levels")
    try:
        known = Places.model_validate(metadata).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        text = f'"{first["loc"][0]}" means a place in the file: {first["msg"]}. Correct it or give it another name'
        raise ValueError(text) from None
    kept = {name: value for name, value in metadata.items() if name not in known}
    return {**kept, **{name: value for name, value in known.items() if value is not None}}


def _is_deep(value: Any) -> bool:
    """Level by level: a recursion would end where Python's own does."""
    level = [value]
    for _ in range(DEEPEST):
        nested: list[Any] = []
        for each in level:
            nested += each.values() if isinstance(each, Mapping) else each if isinstance(each, list) else ()
        if not (level := nested):
            return False
    return True


Metadata = Annotated[dict[str, Any], AfterValidator(_checked)]
