"""The errors of Zhiwen: a tree of exceptions with stable codes, each with its text in English and Chinese.

    ZhiwenError
    ├─ InvalidInput        422  bad_name 403 · blank_name 404 · empty_question · question_too_long ·
    │                           prompt_not_found · not_supported · unknown_part ·
    │                           bad_setting · file_too_large 413 · backup_unreadable ·
    │                           url_refused 403 · nothing_to_summarize · bad_tool_arguments ·
    │                           body_too_large 413 · too_many_files 413 · query_too_long · public_without_key ·
    │                           controller_refused · nothing_to_download · option_not_supported ·
    │                           model_refused · context_too_long
    ├─ AccessDenied        401  api_key_required · foreign_request 403 · scope_missing 403 ·
    │                           knowledge_base_forbidden 403 · tool_forbidden 403
    ├─ NotFound            404  conversation_not_found · message_not_found ·
    │                           knowledge_base_not_found · file_not_found · page_not_found · chunk_not_found ·
    │                           temporary_not_found · job_not_found · model_not_found ·
    │                           search_engine_unknown · search_engine_not_configured · search_found_nothing ·
    │                           summary_not_found ·
    │                           tool_not_found · key_not_found · log_not_found · download_not_found
    ├─ Conflict            409  conversation_exists · knowledge_base_exists · file_exists ·
    │                           knowledge_base_busy · job_over · job_cancelled ·
    │                           index_mismatch · key_exists · model_change_refused · download_running
    ├─ Busy                429  queue_full · rate_limited · too_many_streams · too_many_temporary · provider_busy
    ├─ Unreadable          422  unsupported_file_type 415 · file_empty · file_unreadable · no_text ·
    │                           not_read_yet
    ├─ Unavailable         503  model_unavailable · missing_dependency · service_unavailable · storage_failed ·
    │                           model_cannot_use_tools · tool_unavailable · mcp_server_unavailable ·
    │                           server_full · provider_unusable · database_unusable
    ├─ UpstreamFailed      502  model_failed · model_start_failed · model_timeout 504 · fetch_failed · search_failed ·
    │                           download_failed ·
    │                           search_timeout 504 · search_engine_replaced (a notice) · tool_failed ·
    │                           rerank_skipped (a notice) ·
    │                           tool_timeout 504 · agent_step_limit (a notice) · agent_time_limit 504 ·
    │                           agent_action_unreadable
    └─ Damaged             500  index_damaged

Domain code raises these and knows nothing of HTTP; `server.api.errors` turns the family into a status. Texts say what
happened and what to do next, and hold no absolute path and no secret.
"""

from typing import Any

from server.errors.access import (
    BodyTooLarge,
    KeyExists,
    KeyNotFound,
    KnowledgeBaseForbidden,
    PublicWithoutKey,
    QueryTooLong,
    RateLimited,
    ScopeMissing,
    ServerFull,
    TooManyFiles,
    TooManyStreams,
)
from server.errors.agent import (
    AgentActionUnreadable,
    AgentStepLimit,
    AgentTimeLimit,
    BadToolArguments,
    McpServerUnavailable,
    ModelCannotUseTools,
    ToolFailed,
    ToolForbidden,
    ToolNotFound,
    ToolTimeout,
    ToolUnavailable,
)
from server.errors.base import (
    AccessDenied,
    Busy,
    Conflict,
    Damaged,
    InvalidInput,
    Language,
    NotFound,
    Unavailable,
    Unreadable,
    UpstreamFailed,
    ZhiwenError,
)
from server.errors.conversations import ConversationExists, ConversationNotFound, MessageNotFound
from server.errors.documents import (
    ChunkNotFound,
    FileEmpty,
    FileExists,
    FileNotFound,
    FileTooLarge,
    FileUnreadable,
    IndexDamaged,
    IndexMismatch,
    JobCancelled,
    JobNotFound,
    JobOver,
    KnowledgeBaseBusy,
    KnowledgeBaseExists,
    KnowledgeBaseNotFound,
    NoText,
    NotReadYet,
    PageNotFound,
    QueueFull,
    TemporaryNotFound,
    TooManyTemporary,
    UnsupportedFileType,
)
from server.errors.requests import (
    BackupUnreadable,
    BadName,
    BadSetting,
    BlankName,
    EmptyQuestion,
    ForeignRequest,
    NotSupported,
    OptionNotSupported,
    PromptNotFound,
    QuestionTooLong,
    UnknownPart,
)
from server.errors.services import (
    ContextTooLong,
    ControllerRefused,
    DatabaseUnusable,
    DownloadFailed,
    DownloadNotFound,
    DownloadRunning,
    LogNotFound,
    MissingDependency,
    ModelChangeRefused,
    ModelFailed,
    ModelNotFound,
    ModelRefused,
    ModelStartFailed,
    ModelTimeout,
    ModelUnavailable,
    NothingToDownload,
    ProviderBusy,
    ProviderUnusable,
    RerankSkipped,
    ServiceUnavailable,
    StorageFailed,
)
from server.errors.summaries import NothingToSummarize, SummaryNotFound
from server.errors.web import (
    FetchFailed,
    SearchEngineNotConfigured,
    SearchEngineReplaced,
    SearchEngineUnknown,
    SearchFailed,
    SearchFoundNothing,
    SearchTimeout,
    UrlRefused,
)

__all__ = [
    "AccessDenied",
    "AgentActionUnreadable",
    "AgentStepLimit",
    "AgentTimeLimit",
    "BackupUnreadable",
    "BadName",
    "BadSetting",
    "BadToolArguments",
    "BlankName",
    "BodyTooLarge",
    "Busy",
    "ChunkNotFound",
    "Conflict",
    "ContextTooLong",
    "ControllerRefused",
    "ConversationExists",
    "ConversationNotFound",
    "Damaged",
    "DatabaseUnusable",
    "DownloadFailed",
    "DownloadNotFound",
    "DownloadRunning",
    "EmptyQuestion",
    "FetchFailed",
    "FileEmpty",
    "FileExists",
    "FileNotFound",
    "FileTooLarge",
    "FileUnreadable",
    "ForeignRequest",
    "IndexDamaged",
    "IndexMismatch",
    "InvalidInput",
    "JobCancelled",
    "JobNotFound",
    "JobOver",
    "KeyExists",
    "KeyNotFound",
    "KnowledgeBaseBusy",
    "KnowledgeBaseExists",
    "KnowledgeBaseForbidden",
    "KnowledgeBaseNotFound",
    "Language",
    "LogNotFound",
    "McpServerUnavailable",
    "MessageNotFound",
    "MissingDependency",
    "ModelCannotUseTools",
    "ModelChangeRefused",
    "ModelFailed",
    "ModelNotFound",
    "ModelRefused",
    "ModelStartFailed",
    "ModelTimeout",
    "ModelUnavailable",
    "NoText",
    "NotFound",
    "NotReadYet",
    "NotSupported",
    "NothingToDownload",
    "NothingToSummarize",
    "OptionNotSupported",
    "PageNotFound",
    "PromptNotFound",
    "ProviderBusy",
    "ProviderUnusable",
    "PublicWithoutKey",
    "QueryTooLong",
    "QuestionTooLong",
    "QueueFull",
    "RateLimited",
    "RerankSkipped",
    "ScopeMissing",
    "SearchEngineNotConfigured",
    "SearchEngineReplaced",
    "SearchEngineUnknown",
    "SearchFailed",
    "SearchFoundNothing",
    "SearchTimeout",
    "ServerFull",
    "ServiceUnavailable",
    "StorageFailed",
    "SummaryNotFound",
    "TemporaryNotFound",
    "TooManyFiles",
    "TooManyStreams",
    "TooManyTemporary",
    "ToolFailed",
    "ToolForbidden",
    "ToolNotFound",
    "ToolTimeout",
    "ToolUnavailable",
    "Unavailable",
    "UnknownPart",
    "Unreadable",
    "UnsupportedFileType",
    "UpstreamFailed",
    "UrlRefused",
    "ZhiwenError",
    "by_code",
]


def by_code(code: str, detail: dict[str, Any]) -> ZhiwenError:
    """The error of a stored or received code; an unknown code gives the base class."""
    kinds = [ZhiwenError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return next((kind for kind in kinds if vars(kind).get("code") == code), ZhiwenError)(**detail)
