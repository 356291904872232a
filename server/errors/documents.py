"""Errors of knowledge bases, their files and the work on them."""

from server.errors.base import Busy, Conflict, Damaged, InvalidInput, NotFound, Unreadable


class FileTooLarge(InvalidInput):
    """Detail: name, limit_mb, setting."""

    code = "file_too_large"
    en = '"{name}" is larger than {limit_mb} MB. Split it, or raise {setting} in the settings.'
    zh = "“{name}”超过 {limit_mb} MB，请拆分文件，或调大设置 {setting}。"


class KnowledgeBaseNotFound(NotFound):
    """Detail: name."""

    code = "knowledge_base_not_found"
    en = 'There is no knowledge base "{name}". Create it first, or check the spelling.'
    zh = "未找到知识库“{name}”，请先创建，或检查名称是否正确。"


class FileNotFound(NotFound):
    """Detail: name, knowledge_base."""

    code = "file_not_found"
    en = 'The knowledge base "{knowledge_base}" has no file "{name}". Upload it, or check the spelling.'
    zh = "知识库“{knowledge_base}”中没有文件“{name}”，请先上传，或检查名称是否正确。"


class PageNotFound(NotFound):
    """Detail: name, page, pages."""

    code = "page_not_found"
    en = '"{name}" has no page {page} that can be shown; it has {pages}. Download the file to look at it.'
    zh = "“{name}”没有可以显示的第 {page} 页，共 {pages} 页。可以下载文件查看。"


class ChunkNotFound(NotFound):
    """Detail: id, knowledge_base."""

    code = "chunk_not_found"
    en = 'The knowledge base "{knowledge_base}" has no chunk {id}. List its chunks: a new version of a file has others.'
    zh = "知识库“{knowledge_base}”中没有编号为 {id} 的分块，请重新列出分块：文件更新后分块编号会变化。"


class TemporaryNotFound(NotFound):
    """Detail: id."""

    code = "temporary_not_found"
    en = 'The files "{id}" for this chat are gone: they are kept for a limited time. Upload them again.'
    zh = "本次对话的文件“{id}”已不存在：它们只保留一段时间，请重新上传。"


class JobNotFound(NotFound):
    """Detail: id."""

    code = "job_not_found"
    en = "There is no job {id}. Old finished jobs are forgotten; the list of files tells the state of each file."
    zh = "没有编号为 {id} 的任务。较早的已完成任务会被清除，请在文件列表中查看文件状态。"


class KnowledgeBaseExists(Conflict):
    """Detail: name."""

    code = "knowledge_base_exists"
    en = 'There is already a knowledge base "{name}". Choose another name, or use that one.'
    zh = "已存在同名知识库“{name}”，请换一个名称，或直接使用它。"


class FileExists(Conflict):
    """Detail: name, knowledge_base."""

    code = "file_exists"
    en = '"{name}" is already in "{knowledge_base}". Upload it with overwrite, or under another name.'
    zh = "知识库“{knowledge_base}”中已有文件“{name}”，请选择覆盖，或换一个文件名。"


class KnowledgeBaseBusy(Conflict):
    """Another process or request is rebuilding. Detail: name."""

    code = "knowledge_base_busy"
    en = 'The knowledge base "{name}" is being rebuilt or changed by somebody else. Try again when that is done.'
    zh = "知识库“{name}”正在被重建或修改，请等它完成后再试。"


class JobOver(Conflict):
    """The job cannot be cancelled or repeated any more. Detail: id, state."""

    code = "job_over"
    en = "Job {id} is {state}; that cannot be changed any more. Upload the file again if it is to be read again."
    zh = "任务 {id} 的状态为 {state}，不能再更改。如需重新读取，请再次上传该文件。"


class JobCancelled(Conflict):
    """Somebody cancelled the work, or a newer upload of the same file took its place. Detail: name."""

    code = "job_cancelled"
    en = 'Reading "{name}" was cancelled, or a newer upload took its place. Upload it again if it is still wanted.'
    zh = "“{name}”的读取已取消，或已被更新的上传取代。如仍需要，请重新上传。"


class IndexMismatch(Conflict):
    """The index was built with another embedding model. Detail: name, built, wanted."""

    code = "index_mismatch"
    en = (
        'The index of "{name}" was built with {built}, not with {wanted}. '
        "Rebuild it: python init_database.py --recreate-vs -n {name}"
    )
    zh = (
        "知识库“{name}”的索引由 {built} 建立，与 {wanted} 不符。请重建：python init_database.py --recreate-vs -n {name}"
    )


class UnsupportedFileType(Unreadable):
    """Detail: name, known."""

    code = "unsupported_file_type"
    en = '"{name}" is of a type that cannot be read. Readable types: {known}.'
    zh = "无法读取“{name}”这种类型的文件，支持的类型：{known}。"


class FileEmpty(Unreadable):
    """Detail: name."""

    code = "file_empty"
    en = '"{name}" is empty (0 bytes). Check the original and upload it again.'
    zh = "“{name}”是空文件（0 字节），请检查原文件后重新上传。"


class FileUnreadable(Unreadable):
    """Detail: name, reason_en, reason_zh."""

    code = "file_unreadable"
    en = '"{name}" cannot be read: {reason_en}. Open it in its own program, save it again and upload it.'
    zh = "无法读取“{name}”：{reason_zh}。请用原程序打开并另存后重新上传。"


class NoText(Unreadable):
    """Detail: name."""

    code = "no_text"
    en = '"{name}" holds no text (it may be a scan). Upload a version with a text layer.'
    zh = "“{name}”里没有文字（可能是扫描件），请上传带文字层的版本。"


class NotReadYet(Unreadable):
    """A file that a backup listed. Detail: name, knowledge_base."""

    code = "not_read_yet"
    en = (
        '"{name}" was listed by a backup and has not been read yet. '
        "Read it: python init_database.py --recreate-vs -n {knowledge_base}"
    )
    zh = "“{name}”来自备份的文件清单，尚未读取。请运行：python init_database.py --recreate-vs -n {knowledge_base}"


class QueueFull(Busy):
    """Detail: limit."""

    code = "queue_full"
    en = "{limit} files are waiting already. Try again when some are done, or raise ingest.queue_limit."
    zh = "已有 {limit} 个文件在等待处理，请稍后再试，或调大设置 ingest.queue_limit。"


class TooManyTemporary(Busy):
    """Detail: limit, setting, what_en, what_zh."""

    code = "too_many_temporary"
    en = "{what_en}: the limit is {limit}. Delete some, or raise {setting} in the settings."
    zh = "{what_zh}，上限为 {limit}。请删除一些，或调大设置 {setting}。"


class IndexDamaged(Damaged):
    """Detail: name."""

    code = "index_damaged"
    en = (
        'The index of "{name}" is damaged; the files are not. '
        "Rebuild it: python init_database.py --recreate-vs -n {name}"
    )
    zh = "知识库“{name}”的索引已损坏，文件本身完好。请重建：python init_database.py --recreate-vs -n {name}"
