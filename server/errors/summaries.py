"""Errors of summaries."""

from server.errors.base import InvalidInput, NotFound


class SummaryNotFound(NotFound):
    """Detail: name, knowledge_base."""

    code = "summary_not_found"
    en = 'There is no summary of "{name}" in "{knowledge_base}". Ask for one first.'
    zh = "知识库“{knowledge_base}”中没有“{name}”的摘要，请先生成。"


class NothingToSummarize(InvalidInput):
    """Detail: name."""

    code = "nothing_to_summarize"
    en = '"{name}" holds no text to summarise. Upload files with text, or wait until they are read.'
    zh = "“{name}”中没有可供概括的文字，请上传含文字的文件，或等待读取完成。"
