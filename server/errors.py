"""The errors of Zhiwen: a tree of exceptions with stable codes, each with its text in English and Chinese.

    ZhiwenError
    ├─ InvalidInput        422  bad_name 403 · empty_question · question_too_long · prompt_not_found · not_supported ·
    │                           unknown_part · bad_setting · file_too_large 413 · backup_unreadable
    ├─ AccessDenied        401  api_key_required · foreign_request 403
    ├─ NotFound            404  knowledge_base_not_found · file_not_found · job_not_found · model_not_found
    ├─ Conflict            409  knowledge_base_exists · file_exists · knowledge_base_busy · job_over · job_cancelled ·
    │                           index_mismatch
    ├─ Busy                429  queue_full
    ├─ Unreadable          422  unsupported_file_type 415 · file_empty · file_unreadable · no_text ·
    │                           not_read_yet
    ├─ Unavailable         503  model_unavailable · missing_dependency · service_unavailable · storage_failed
    ├─ UpstreamFailed      502  model_failed · model_timeout 504
    └─ Damaged             500  index_damaged

Domain code raises these and knows nothing of HTTP; `server.api.errors` turns the family into a status. Texts say what
happened and what to do next, and hold no absolute path and no secret.
"""

from typing import Any, ClassVar, Literal

Language = Literal["zh", "en"]


class ZhiwenError(Exception):
    """Base of all errors a user may see. `detail` fills the placeholders of the text and travels to clients."""

    code: ClassVar[str] = "internal"
    en: ClassVar[str] = "Something went wrong inside Zhiwen. The log of the service has the details."
    zh: ClassVar[str] = "知问内部出错，详情见该服务的日志。"

    def __init__(self, **detail: Any) -> None:
        super().__init__(detail)
        self.detail = detail

    def message(self, language: Language = "en") -> str:
        """The text for people, in their language."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(_Blank(self.detail))

    def __str__(self) -> str:
        return self.message("en")


class _Blank(dict[str, Any]):
    """A template with a missing detail shows an ellipsis instead of raising while an error is reported."""

    def __missing__(self, key: str) -> str:
        return "…"


class InvalidInput(ZhiwenError):
    """The request itself is wrong; asking again unchanged cannot work."""


class BadName(InvalidInput):
    """A name that could leave its folder, or that no file system takes. Detail: name, reason_en, reason_zh."""

    code = "bad_name"
    en = 'The name "{name}" cannot be used: {reason_en}. Choose another name.'
    zh = "名称“{name}”不能使用：{reason_zh}。请换一个名称。"


class EmptyQuestion(InvalidInput):
    """Nothing was asked."""

    code = "empty_question"
    en = "The question is empty. Type a question and send it again."
    zh = "问题是空的，请输入问题后再发送。"


class QuestionTooLong(InvalidInput):
    """More than a model can take in. Detail: limit (tokens)."""

    code = "question_too_long"
    en = "The question is too long (about {limit} tokens fit). Shorten it, or put the text into a knowledge base."
    zh = "问题过长（约可容纳 {limit} 个 token），请缩短问题，或把文本放入知识库后再提问。"


class NotSupported(InvalidInput):
    """A field of the request asks for something this version does not do. Detail: field."""

    code = "not_supported"
    en = 'The field "{field}" is not supported yet. Leave it out and send the request again.'
    zh = "字段“{field}”暂不支持，请去掉后重新发送。"


class PromptNotFound(InvalidInput):
    """No prompt template of that name. Detail: mode, name, known."""

    code = "prompt_not_found"
    en = 'There is no prompt template "{name}" for {mode}. Known templates: {known}.'
    zh = "{mode} 没有名为“{name}”的提示词模板，可用的有：{known}。"


class UnknownPart(InvalidInput):
    """No vector store, splitter or engine of that name. Detail: name, known, kind_en, kind_zh."""

    code = "unknown_part"
    en = 'There is no {kind_en} "{name}". There are: {known}.'
    zh = "没有名为“{name}”的{kind_zh}，可用的有：{known}。"


class BadSetting(InvalidInput):
    """A setting of a knowledge base that does not fit the others. Detail: name, reason_en, reason_zh."""

    code = "bad_setting"
    en = 'The setting "{name}" cannot be used: {reason_en}. Change it and send the request again.'
    zh = "设置“{name}”不能使用：{reason_zh}。请修改后重新提交。"


class FileTooLarge(InvalidInput):
    """Detail: name, limit_mb."""

    code = "file_too_large"
    en = '"{name}" is larger than {limit_mb} MB. Split it, or raise knowledge_base.max_file_mb in the settings.'
    zh = "“{name}”超过 {limit_mb} MB，请拆分文件，或调大设置 knowledge_base.max_file_mb。"


class BackupUnreadable(InvalidInput):
    """Detail: name, reason_en, reason_zh."""

    code = "backup_unreadable"
    en = 'The backup "{name}" cannot be imported: {reason_en}. Name an SQLite file of Zhiwen or Langchain-Chatchat.'
    zh = "无法导入备份“{name}”：{reason_zh}。请指定知问或 Langchain-Chatchat 的 SQLite 文件。"


class AccessDenied(ZhiwenError):
    """The caller has no right to this."""

    code = "api_key_required"
    en = "This service needs an API key. Send the header: Authorization: Bearer <key>."
    zh = "该服务需要 API 密钥，请在请求头中加入 Authorization: Bearer <密钥>。"


class ForeignRequest(AccessDenied):
    """Without an API key only programs and pages of this machine are served. Detail: header, value."""

    code = "foreign_request"
    en = (
        "Without an API key this service answers only this machine, not {header}: {value}. "
        "Use http://127.0.0.1, or set security.api_key."
    )
    zh = (
        "未设置 API 密钥时，该服务只响应本机请求，不接受 {header}: {value}。"
        "请使用 http://127.0.0.1，或设置 security.api_key。"
    )


class NotFound(ZhiwenError):
    """Something named in the request does not exist."""


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


class JobNotFound(NotFound):
    """Detail: id."""

    code = "job_not_found"
    en = "There is no job {id}. Old finished jobs are forgotten; the list of files tells the state of each file."
    zh = "没有编号为 {id} 的任务。较早的已完成任务会被清除，请在文件列表中查看文件状态。"


class ModelNotFound(NotFound):
    """Detail: name, known."""

    code = "model_not_found"
    en = 'The model "{name}" is not configured. Configured models: {known}.'
    zh = "没有配置名为“{name}”的模型，已配置的模型：{known}。"


class Conflict(ZhiwenError):
    """The request does not fit the present state."""


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


class Unreadable(ZhiwenError):
    """A file from which no searchable text can be got."""


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


class Unavailable(ZhiwenError):
    """Something this needs is not running or not installed."""


class ModelUnavailable(Unavailable):
    """Detail: name, reason_en, reason_zh."""

    code = "model_unavailable"
    en = 'The model "{name}" cannot be used now: {reason_en}.'
    zh = "模型“{name}”暂不可用：{reason_zh}。"


class MissingDependency(Unavailable):
    """Detail: what, install."""

    code = "missing_dependency"
    en = "{what} needs a package that is not installed. Install it: {install}"
    zh = "{what} 需要的软件包没有安装，请运行：{install}"


class ServiceUnavailable(Unavailable):
    """Another service of Zhiwen does not answer. Detail: name, url, log."""

    code = "service_unavailable"
    en = "{name} at {url} does not answer. Start it with: python startup.py -a (its log: {log})."
    zh = "{name}（{url}）没有响应，请用 python startup.py -a 启动它（日志：{log}）。"


class Busy(ZhiwenError):
    """Too much is asked at once; the same request works later."""


class QueueFull(Busy):
    """Detail: limit."""

    code = "queue_full"
    en = "{limit} files are waiting already. Try again when some are done, or raise ingest.queue_limit."
    zh = "已有 {limit} 个文件在等待处理，请稍后再试，或调大设置 ingest.queue_limit。"


class StorageFailed(Unavailable):
    """The disk is full or cannot be written. Detail: reason."""

    code = "storage_failed"
    en = "The data could not be written: {reason}. Nothing was lost; make room on the disk and try again."
    zh = "数据无法写入：{reason}。没有丢失数据，请清理磁盘后重试。"


class UpstreamFailed(ZhiwenError):
    """A model was asked and failed."""


class ModelFailed(UpstreamFailed):
    """Detail: name, reason."""

    code = "model_failed"
    en = 'The model "{name}" failed: {reason}. Ask again; if it happens again, read the log of its worker.'
    zh = "模型“{name}”出错：{reason}。请重试；若再次出现，请查看该模型的日志。"


class ModelTimeout(UpstreamFailed):
    """Detail: name, seconds."""

    code = "model_timeout"
    en = 'The model "{name}" sent nothing for {seconds} s. Ask again, or raise chat.request_timeout_s.'
    zh = "模型“{name}”在 {seconds} 秒内没有返回内容。请重试，或调大设置 chat.request_timeout_s。"


class Damaged(ZhiwenError):
    """Stored data cannot be used as it is."""


class IndexDamaged(Damaged):
    """Detail: name."""

    code = "index_damaged"
    en = (
        'The index of "{name}" is damaged; the files are not. '
        "Rebuild it: python init_database.py --recreate-vs -n {name}"
    )
    zh = "知识库“{name}”的索引已损坏，文件本身完好。请重建：python init_database.py --recreate-vs -n {name}"


def by_code(code: str, detail: dict[str, Any]) -> ZhiwenError:
    """The error of a stored or received code; an unknown code gives the base class."""
    kinds = [ZhiwenError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return next((kind for kind in kinds if vars(kind).get("code") == code), ZhiwenError)(**detail)
