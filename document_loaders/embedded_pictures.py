"""Pictures inside of documents, as marked text of the documents."""

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable


def embedded_text(blob: bytes, options: LoadOptions) -> str:
    """What stands in a picture, marked as such and as a block of its own; empty where there is nothing to read.

    Raises:
        DocumentUnreadable: the recognition of text failed; told here, or it would pass for damage of the document.
    """
    if not options.ocr:
        return ""
    from document_loaders.pictures import text_of

    try:
        text = text_of(blob, options).strip()
    except (RuntimeError, ValueError, LookupError, TypeError, OSError) as error:
        raise DocumentUnreadable(
            "the recognition of text in one of its pictures failed", "识别其中一张图片的文字时出错"
        ) from error
    return f"\n[图片 Picture] {text}\n" if text else ""
