"""Every kind of file that is known: its name for people, the loader that reads it, the suffixes it goes by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`loader` is None for what is recognized only to say why it cannot be read.

    What `is_text` is told by its suffix alone: a page of HTML named .txt is read as the text that it is.
    """

    name: str
    name_en: str
    name_zh: str
    loader: str | None
    suffixes: tuple[str, ...] = ()
    is_text: bool = False


_ALL = (
    # The names of "text" are said of a file that should have been something else.
    Kind("text", "not of that type (the file may be damaged)", "其他数据（文件可能已损坏）", "TextLoader",
         (".txt", ".log"), is_text=True),
    Kind("markdown", "Markdown", " Markdown 文档", "MarkdownLoader", (".md", ".markdown"), is_text=True),
    Kind("html", "a web page", "网页", "HtmlLoader", (".html", ".htm"), is_text=True),
    Kind("mhtml", "a saved web page (MHTML)", "保存的网页（MHTML）", "MhtmlLoader", (".mhtml", ".mht"), is_text=True),
    Kind("csv", "a table (CSV)", "表格（CSV）", "CsvLoader", (".csv",), is_text=True),
    Kind("tsv", "a table (TSV)", "表格（TSV）", "TsvLoader", (".tsv",), is_text=True),
    Kind("json", "JSON data", " JSON 数据", "JsonLoader", (".json",), is_text=True),
    Kind("jsonl", "JSON lines", " JSON 数据（每行一条）", "JsonLinesLoader", (".jsonl",), is_text=True),
    Kind("xml", "XML data", " XML 数据", "XmlLoader", (".xml",), is_text=True),
    Kind("code", "source code", "源代码", "CodeLoader", (".py", ".toml", ".yaml", ".yml"), is_text=True),
    Kind("notebook", "a Jupyter notebook", " Jupyter 笔记本", "NotebookLoader", (".ipynb",), is_text=True),
    Kind("subtitles", "subtitles", "字幕", "SubtitleLoader", (".srt", ".vtt"), is_text=True),
    Kind("rst", "reStructuredText", " reStructuredText 文档", "RstLoader", (".rst",), is_text=True),
    Kind("evernote", "notes of Evernote", "印象笔记", "EvernoteLoader", (".enex",), is_text=True),
    Kind("mail", "a mail (.eml)", "邮件（.eml）", "EmailLoader", (".eml",), is_text=True),
    Kind("pdf", "a PDF", " PDF 文档", "PdfLoader", (".pdf",)),
    Kind("rtf", "an RTF document", " RTF 文档", "RtfLoader", (".rtf",)),
    Kind("docx", "a Word document (.docx)", " Word 文档（.docx）", "DocxLoader", (".docx", ".docm")),
    Kind("pptx", "a PowerPoint presentation (.pptx)", " PowerPoint 演示文稿（.pptx）", "PptxLoader",
         (".pptx", ".pptm")),
    Kind("xlsx", "an Excel workbook (.xlsx)", " Excel 工作簿（.xlsx）", "WorkbookLoader", (".xlsx", ".xlsm")),
    # What the sheets of this one span cannot be checked before they are read (see sheet_survey).
    Kind("xlsb", "a binary Excel workbook (.xlsb); save it as .xlsx",
         "二进制 Excel 工作簿（.xlsb），请另存为 .xlsx", None),
    Kind("odt", "an OpenDocument text (.odt)", " OpenDocument 文档（.odt）", "OdfLoader", (".odt",)),
    Kind("odp", "an OpenDocument presentation (.odp)", " OpenDocument 演示文稿（.odp）", "OdfLoader", (".odp",)),
    Kind("ods", "an OpenDocument spreadsheet (.ods)", " OpenDocument 表格（.ods）", "WorkbookLoader", (".ods",)),
    Kind("epub", "an e-book (EPUB)", "电子书（EPUB）", "EpubLoader", (".epub",)),
    Kind("doc", "an old Word document (.doc)", "旧版 Word 文档（.doc）", "LegacyOfficeLoader", (".doc",)),
    Kind("ppt", "an old PowerPoint presentation (.ppt)", "旧版 PowerPoint 演示文稿（.ppt）", "LegacyOfficeLoader",
         (".ppt",)),
    Kind("xls", "an old Excel workbook (.xls)", "旧版 Excel 工作簿（.xls）", "WorkbookLoader", (".xls",)),
    Kind("msg", "a mail of Outlook (.msg)", " Outlook 邮件（.msg）", "OutlookLoader", (".msg",)),
    Kind("png", "a picture (PNG)", "图片（PNG）", "ImageLoader", (".png",)),
    Kind("jpeg", "a picture (JPEG)", "图片（JPEG）", "ImageLoader", (".jpg", ".jpeg")),
    Kind("gif", "a picture (GIF)", "图片（GIF）", "ImageLoader", (".gif",)),
    Kind("bmp", "a picture (BMP)", "图片（BMP）", "ImageLoader", (".bmp",)),
    Kind("tiff", "a picture (TIFF)", "图片（TIFF）", "ImageLoader", (".tif", ".tiff")),
    Kind("webp", "a picture (WebP)", "图片（WebP）", "ImageLoader", (".webp",)),
    # A ZIP archive is taken apart where files come in, not read as a document.
    Kind("zip", "an archive (ZIP)", "压缩包（ZIP）", None),
    Kind("gzip", "an archive (gzip)", "压缩包（gzip）", None),
    Kind("7z", "an archive (7z)", "压缩包（7z）", None),
    Kind("rar", "an archive (RAR)", "压缩包（RAR）", None),
    Kind("old_office", "a file of an old Office program", "旧版 Office 文件", None),
    Kind("odf", "an OpenDocument file of another type", "其他类型的 OpenDocument 文件", None),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _ALL}
BY_SUFFIX = {suffix: kind for kind in _ALL for suffix in kind.suffixes}
